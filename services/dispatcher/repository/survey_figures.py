"""What became of the mails of each survey: statements of the list of surveys. Tests are in none of them.

The time of a mail is when it left, however long it had waited: not when its event was decided.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.models import HELD_ANSWER
from services.dispatcher.statistics import PastAnswers
from shared.db import UnitOfWork
from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE

MAX_MAILS_SEARCHED = 1_000
"""The newest of a survey, among which the last one about a reader's segments is looked for."""


class SurveyFigures(NamedTuple):
    """What became of a survey's recent mails."""

    sent: int = 0
    withheld: int = 0
    last_sent_at: datetime | None = None
    """Of all its mails, however long ago."""
    delivered: int = 0
    """Mails that customers got, without those asked beyond a draw, and anonymous surveys, of whose links
    nothing is known."""
    answered: int = 0
    """How many of these customers chose a score."""
    unconfirmed: int = 0
    """How many of them followed the link and chose none."""
    held_answers: int = 0
    """Those that may be a machine's and were not judged a person's."""


_ALLOWED = """(CAST(:allowed AS text[]) = '{}' OR EXISTS (
            SELECT FROM decision d
            WHERE d.tenant = i.tenant AND d.event_id = i.event_id AND d.segments && CAST(:allowed AS text[])
        ))"""

_COULD_ANSWER = "NOT i.anonymous AND NOT i.beyond_draw"
# By survey, so that each one's part of the index is read alone.
COUNT_BY_SURVEY = f"""
    SELECT s.id AS survey_id, l.last_sent_at, w.withheld, c.*
    FROM survey s
    CROSS JOIN LATERAL (
        SELECT count(*) AS sent,
            count(*) FILTER (WHERE {_COULD_ANSWER}) AS delivered,
            count(a.score) FILTER (WHERE {_COULD_ANSWER}) AS answered,
            count(*) FILTER (WHERE {_COULD_ANSWER} AND a.state = 'clicked') AS unconfirmed,
            count(*) FILTER (WHERE a.state = :held) AS held_answers
        FROM invitation i
        LEFT JOIN answer_heard a ON a.tenant = i.tenant AND a.id = i.id
        WHERE i.tenant = s.tenant AND i.survey_id = s.id AND i.sent_at >= :since AND NOT i.test
            AND i.state = 'sent' AND {_ALLOWED}
    ) c
    CROSS JOIN LATERAL (
        SELECT max(i.sent_at) AS last_sent_at FROM (
            SELECT n.tenant, n.event_id, n.sent_at FROM invitation n
            WHERE n.tenant = s.tenant AND n.survey_id = s.id AND n.sent_at IS NOT NULL AND NOT n.test
            ORDER BY n.sent_at DESC LIMIT :searched
        ) i
        WHERE {_ALLOWED}
    ) l
    LEFT JOIN (
        SELECT i.survey_id, count(*) AS withheld FROM invitation i
        WHERE i.tenant = :tenant AND i.state = 'withheld' AND i.changed_at >= :since AND NOT i.test
            AND {_ALLOWED}
        GROUP BY 1
    ) w ON w.survey_id = s.id
    WHERE s.tenant = :tenant
"""


async def count_by_survey(
    uow: UnitOfWork, tenant: str, since: datetime, allowed: Sequence[str]
) -> dict[UUID, SurveyFigures]:
    """What became of the mails of each survey that have left, or were withheld, since a time.

    ``allowed``: of these segments only; of all, when there are none.
    """
    values = {
        "tenant": tenant,
        "since": since,
        "allowed": list(allowed),
        "held": HELD_ANSWER,
        "searched": MAX_MAILS_SEARCHED if allowed else 1,
    }
    return {
        row.survey_id: SurveyFigures(
            sent=row.sent,
            withheld=row.withheld or 0,
            last_sent_at=row.last_sent_at,
            delivered=row.delivered,
            answered=row.answered,
            unconfirmed=row.unconfirmed,
            held_answers=row.held_answers,
        )
        for row in await uow.execute(COUNT_BY_SURVEY, values)
    }


COUNT_ANSWERS = f"""
    SELECT i.survey_id, count(*) AS delivered,
        count(*) FILTER (WHERE a.score > {HIGHEST_PASSIVE}) AS promoters,
        count(*) FILTER (WHERE a.score > {HIGHEST_DETRACTOR} AND a.score <= {HIGHEST_PASSIVE}) AS passives,
        count(*) FILTER (WHERE a.score <= {HIGHEST_DETRACTOR}) AS detractors
    FROM survey s
    JOIN invitation i ON i.tenant = s.tenant AND i.survey_id = s.id
    LEFT JOIN answer_heard a ON a.tenant = i.tenant AND a.id = i.id
    WHERE s.tenant = :tenant AND (CAST(:survey_id AS uuid) IS NULL OR s.id = :survey_id)
        AND i.sent_at >= :since AND i.state = 'sent' AND NOT i.test AND {_COULD_ANSWER}
    GROUP BY 1
"""


async def count_answers(
    uow: UnitOfWork, tenant: str, since: datetime, *, survey_id: UUID | None = None
) -> dict[UUID, PastAnswers]:
    """What became of the mails that have left since a time, by survey.

    :param survey_id: of this survey alone; None: of all.
    """
    found = await uow.execute(COUNT_ANSWERS, {"tenant": tenant, "survey_id": survey_id, "since": since})
    return {row.survey_id: PastAnswers._make(row[1:]) for row in found}


async def count_answers_of(uow: UnitOfWork, tenant: str, survey_id: UUID, since: datetime) -> PastAnswers:
    """The same of one survey."""
    found = await count_answers(uow, tenant, since, survey_id=survey_id)
    return found.get(survey_id, PastAnswers())
