"""When an answer opens a case, and which: pure, and the same in whatever order the versions come."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.domain import CLOSE_WITHIN, CONTACT_WITHIN, FRESH, QUIET, URGENT, CaseFile
from shared.events import Answer, Event, may_see, segments_of
from shared.events.nps import group_of
from shared.ids import derived


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch says of one answer."""

    tenant: str
    answer: Answer
    """Its newest version."""
    first_version: int
    first_score: int
    """The earliest score that the batch knows."""
    opens: Answer | None
    """The earliest version that calls for a case."""
    before: list[Answer] = []
    """The versions before the newest that the batch knows."""


def news_of(events: Iterable[Event[Answer]]) -> list[News]:
    """One piece of news for each answer that has a score, in the order of (tenant, id); versions may come
    shuffled.
    """
    versions: dict[tuple[str, UUID], list[Answer]] = {}
    for event in events:
        if event.data.state != "clicked" and event.data.score is not None:
            versions.setdefault((event.tenant, event.data.id), []).append(event.data)
    news = []
    for (tenant, _), answers in sorted(versions.items()):
        answers.sort(key=lambda answer: answer.version)
        first = answers[0]
        news.append(
            News(
                tenant=tenant,
                answer=answers[-1],
                first_version=first.version,
                first_score=first.score or 0,
                opens=next(filter(calls_for_a_case, answers), None),
                before=answers[:-1],
            )
        )
    return news


def calls_for_a_case(answer: Answer) -> bool:
    """A person has just told us that they are unhappy.

    Fresh is judged by when the answer was accepted, not by when we hear of it: a day of ours that was
    lost, or a topic that is read again, neither loses a customer nor makes one up.
    """
    if (
        answer.score is None
        or group_of(answer.score) != "detractor"
        or answer.test
        or answer.origin == "import"
    ):
        return False
    return answer.answered_at is not None and answer.changed_at - answer.answered_at <= FRESH


def number_of(case: UUID, attempt: int = 0) -> int:
    """The number that people call a case by. It follows from the case's id and not from how many there are,
    so
    that whoever sees some of the numbers cannot count the other cases. Where it is taken, the next attempt
    has another; more digits come as the short ones run out.
    """
    digits = min(6 + attempt // 3, 9)
    drawn = hashlib.sha256(case.bytes + attempt.to_bytes(4)).digest()
    least = 10 ** (digits - 1)
    return int(least + int.from_bytes(drawn[:8]) % (9 * least))


def new_case(tenant: str, answer: Answer, newest: Answer, now: datetime) -> CaseFile:
    """The case that an answer opens. Its id is the answer's, so to speak: the same for ever."""
    since = answer.answered_at or now
    score = newest.score if newest.score is not None else answer.score or 0
    contact_due = since + CONTACT_WITHIN[min(score, answer.score or 0) <= URGENT]
    identity = case_id(tenant, answer.id)
    return CaseFile(
        tenant=tenant,
        id=identity,
        number=number_of(identity),
        answer_id=answer.id,
        event_id=answer.event_id,
        customer_id=answer.customer_id,
        score=score,
        touchpoint=answer.touchpoint,
        segments=answer.segments,
        organisation=list(answer.organisation),
        belongs=segments_of(answer),
        opened_at=now,
        contact_due_at=contact_due,
        close_due_at=since + CLOSE_WITHIN,
        due_at=contact_due,
        changed_at=now,
        contact_key=answer.contact_key or "",
        may_contact=newest.may_contact,
    )


def case_id(tenant: str, answer_id: UUID) -> UUID:
    """One answer opens one case, whoever computes it and however often."""
    return derived("case", tenant, str(answer_id))


def writing_until(answer: Answer) -> datetime | None:
    """Until when the customer may still be writing; None when they have sent it."""
    return None if answer.state == "sent" else answer.changed_at + QUIET


def recipients(people: Sequence[Mapping[str, Any]], case: CaseFile, answer: Answer) -> list[UUID]:
    """Who gets the mail about an answer, of those who want mail and may read it: the owner of a case that
    goes on, else all.
    """
    belongs = segments_of(answer)
    found = [one["id"] for one in people if may_see(one["segments"], belongs)]
    goes_on = answer.id != case.answer_id
    return [one for one in found if one == case.owner_id] if goes_on and case.owner_id in found else found
