"""What one letter holds of what its reader may see, as of now: an erased customer is in none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.alerts.replicas import repository as replicas
from services.alerts.weekly import repository
from services.alerts.weekly.domain import LetterPolicy, chosen_comments, quoted, week_before
from services.alerts.weekly.repository import OverdueCase
from shared.db.database import UnitOfWork
from shared.events import may_see, segments_of
from shared.events.segments import WHOLE_COMPANY

POLICY = LetterPolicy()
MOST_SEGMENTS = 10
MOST_OVERDUE = 10
_DAY = timedelta(days=1)


class ScoreLine(NamedTuple):
    """The score of a segment at the end of a week."""

    segment: str
    measurement: str
    n: int
    nps: float | None
    before: float | None
    """At the end of the week before."""


class QuotedComment(NamedTuple):
    """A comment without who wrote it."""

    score: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter."""

    monday: date
    scores: Sequence[ScoreLine]
    comments: Sequence[QuotedComment]
    overdue: Sequence[OverdueCase]
    overdue_in_all: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.scores or self.comments or self.overdue)


async def read_letter(
    uow: UnitOfWork,
    tenant: str,
    segments: Sequence[str],
    monday: date,
    zone: ZoneInfo,
    *,
    with_comments: bool,
) -> Letter:
    """The letter of a Monday for who may see these segments (none: the whole company)."""
    overdue, in_all = await repository.overdue_cases(uow, tenant, segments, MOST_OVERDUE)
    return Letter(
        monday=monday,
        scores=await _scores(uow, tenant, segments, monday),
        comments=await _comments(uow, tenant, segments, monday, zone) if with_comments else [],
        overdue=overdue,
        overdue_in_all=in_all,
    )


async def _scores(uow: UnitOfWork, tenant: str, segments: Sequence[str], monday: date) -> list[ScoreLine]:
    wanted = list(segments[:MOST_SEGMENTS]) or [WHOLE_COMPANY]
    now = await repository.scores_at(uow, tenant, wanted, monday - _DAY)
    before = {
        (one.segment, one.measurement): one.nps
        for one in await repository.scores_at(uow, tenant, wanted, monday - _DAY - POLICY.week)
    }
    lines = [
        ScoreLine(one.segment, one.measurement, one.n, one.nps, before.get((one.segment, one.measurement)))
        for one in now
        if one.n
    ]
    return sorted(lines, key=lambda one: (one.measurement != "transactional", wanted.index(one.segment)))


async def _comments(
    uow: UnitOfWork, tenant: str, segments: Sequence[str], monday: date, zone: ZoneInfo
) -> list[QuotedComment]:
    """Not of tests, of anonymous answers, which are in no list, nor of what a machine gave."""
    since, until = week_before(POLICY, monday, zone)
    found = (
        answer
        for answer in await repository.answers_with_comment(uow, tenant, since, until)
        if answer.score is not None
        and not (answer.test or answer.anonymous or answer.erased or answer.judgement == "machine")
        and answer.comment
        and may_see(segments, segments_of(answer))
    )
    answers = chosen_comments(POLICY, found)
    invitations = await replicas.invitations_of(uow, [(tenant, answer.id) for answer in answers])
    quotes = []
    for answer in answers:
        invitation = invitations.get((tenant, answer.id))
        name = invitation.customer.name if invitation is not None else None
        quotes.append(QuotedComment(answer.score or 0, quoted(answer.comment or "", [name] if name else [])))
    return quotes
