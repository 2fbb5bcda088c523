"""What one letter holds of what its reader may see, as of now: an erased customer is in none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.alerts.replicas import repository as replicas
from services.alerts.replicas.answer_updates import has_quotable_comment
from services.alerts.weekly import repository
from services.alerts.weekly.domain import LetterPolicy, chosen_comments, employees_of, quoted, week_before
from services.alerts.weekly.repository import OverdueCase
from shared.db.database import UnitOfWork
from shared.events import People, is_person
from shared.events.segments import WHOLE_COMPANY
from shared.tenancy.tenants import find_tenant

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
    for_channel: bool
    """It names nobody, and says of no case whose it is."""

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
    for_channel: bool,
) -> Letter:
    """The letter of a Monday for who may see these segments (none: the whole company).

    :param for_channel: without comments and without names of colleagues.
    """
    company = await find_tenant(uow, tenant)
    people = company.people if company is not None else People()
    places = [one for one in segments if not is_person(people, one)] if segments else [WHOLE_COMPANY]
    overdue, in_all = await repository.overdue_cases(uow, tenant, segments, MOST_OVERDUE)
    if for_channel:
        overdue = [one._replace(owner=None) for one in overdue]
    return Letter(
        monday=monday,
        scores=await _scores(uow, tenant, places, monday),
        comments=await _comments(uow, tenant, people, segments, monday, zone) if not for_channel else [],
        overdue=overdue,
        overdue_in_all=in_all,
        for_channel=for_channel,
    )


async def _scores(uow: UnitOfWork, tenant: str, places: Sequence[str], monday: date) -> list[ScoreLine]:
    """None of a single employee, whose score the pages show to few, or to nobody."""
    wanted = list(places[:MOST_SEGMENTS])
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
    uow: UnitOfWork, tenant: str, people: People, segments: Sequence[str], monday: date, zone: ZoneInfo
) -> list[QuotedComment]:
    """Not of tests, of anonymous answers, which are in no list, nor of what a machine gave."""
    since, until = week_before(POLICY, monday, zone)
    found = await repository.answers_with_comment(uow, tenant, segments, since, until)
    found = [answer for answer in found if has_quotable_comment(answer)]
    answers = chosen_comments(POLICY, found)
    if not answers:
        return []
    colleagues = await repository.names_of_colleagues(uow, tenant)
    invitations = await replicas.invitations_of(uow, [(tenant, answer.id) for answer in answers])
    quotes = []
    for answer in answers:
        invitation = invitations.get((tenant, answer.id))
        name = invitation.customer.name if invitation is not None else None
        names = [*employees_of(people, answer), *colleagues, *([name] if name else [])]
        quotes.append(QuotedComment(answer.score or 0, quoted(answer.comment or "", names)))
    return quotes
