"""Cases of detractors who were asked again, as alerts consumes them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from support.alerts_api import AlertsApi
from support.alerts_builders import (
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    keep_invitations,
)

from shared.events import Answer
from shared.ids import uuid7

SURVEY = UUID(int=9)


class AskedCase(NamedTuple):
    """A detractor's case, and what became of it."""

    score: int = 2
    reached: bool = True
    """Whether somebody spoke to the customer before they were asked again."""
    outcome: str | None = "recovered"
    """With which it was closed before; None: it was open."""
    again: int | None = None
    """The second score; None: no answer came."""
    more: dict[str, Any] = {}
    """Of the first answer."""


async def ask_again(alerts: AlertsApi, cases: Sequence[AskedCase], **invited: Any) -> list[UUID]:
    """Open these cases, let become of them what is said, and ask their customers again; returns the cases.

    :param invited: changes of the invitations to the second question.
    """
    now = alerts.database.clock()
    opened_at, asked_at = now - timedelta(days=40), now - timedelta(days=2)
    answers = [
        an_answer(score=each.score, answered_at=opened_at, changed_at=opened_at, **each.more)
        for each in cases
    ]
    for answer in answers:
        await deliver(alerts.database, keep_invitations, an_invitation(answer))
    await deliver(alerts.database, act_on_answers, *answers)
    found: list[UUID] = []
    again: list[Answer] = []
    for answer, each in zip(answers, cases, strict=True):
        async with alerts.database.transaction() as uow:
            row = await uow.execute(
                """
                UPDATE cases c SET first_contact_at = CAST(:reached_at AS timestamptz),
                    outcome = CAST(:outcome AS text), closed_at = CAST(:closed_at AS timestamptz),
                    state = CASE WHEN CAST(:outcome AS text) IS NULL THEN c.state ELSE 'closed' END
                FROM case_answer ca
                WHERE ca.tenant = :tenant AND ca.answer_id = :answer AND c.tenant = ca.tenant
                    AND c.id = ca.case_id
                RETURNING c.id
                """,
                {
                    "tenant": TENANT,
                    "answer": answer.id,
                    "reached_at": opened_at + timedelta(hours=1) if each.reached else None,
                    "outcome": each.outcome,
                    "closed_at": opened_at + timedelta(days=1) if each.outcome is not None else None,
                },
            )
            found.append(row.scalar_one())
        second = an_answer(
            id=uuid7(),
            score=each.again if each.again is not None else 0,
            measurement="recovery",
            customer_id=answer.customer_id,
            segments=answer.segments,
            organisation=answer.organisation,
            comment=None,
        )
        asked = {"survey_id": SURVEY, "survey_name": "After a case", "measurement": "recovery"}
        asked |= {"recovery_of": found[-1], "sent_at": asked_at, **invited}
        await deliver(alerts.database, keep_invitations, an_invitation(second, **asked))
        if each.again is not None:
            again.append(second)
    if again:
        await deliver(alerts.database, act_on_answers, *again)
    return found
