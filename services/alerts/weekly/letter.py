"""What one letter holds of what its reader may see, as of now: an erased customer is in none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.alerts.replicas import repository as replicas
from services.alerts.replicas.answer_updates import has_quotable_comment
from services.alerts.weekly import repository
from services.alerts.weekly.domain import LetterPolicy, chosen_comments, employees_of, quoted, week_before
from services.alerts.weekly.repository import OverdueCase
from shared.db.database import UnitOfWork
from shared.events import Answer, People, is_person
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
    since, until = week_before(POLICY, monday, zone)
    answers = chosen_comments(POLICY, await quotable_answers(uow, tenant, segments, since, until))
    texts = await quoted_texts(uow, tenant, people, [(answer, answer.comment or "") for answer in answers])
    return [QuotedComment(answer.score or 0, text) for answer, text in zip(answers, texts, strict=True)]


async def quotable_answers(
    uow: UnitOfWork,
    tenant: str,
    segments: Sequence[str],
    since: datetime,
    until: datetime,
    *,
    about: Sequence[str] = (),
    beside: Sequence[str] = (),
) -> list[Answer]:
    """The newest answers of a time whose comment colleagues may be quoted.

    Not of tests, of anonymous answers, which are in no list, nor of what a machine gave.

    :param about: only of these segments; none: of all.
    :param beside: of none of these.
    """
    found = await repository.answers_with_comment(
        uow, tenant, segments, since, until, about=about, beside=beside
    )
    return [answer for answer in found if has_quotable_comment(answer)]


async def quoted_texts(
    uow: UnitOfWork, tenant: str, people: People, texts: Sequence[tuple[Answer, str]]
) -> list[str]:
    """What was written in answers, or about them, without names, addresses, numbers and links."""
    if not texts:
        return []
    colleagues = await repository.names_of_colleagues(uow, tenant)
    invitations = await replicas.invitations_of(uow, [(tenant, answer.id) for answer, _ in texts])
    quotes = []
    for answer, text in texts:
        invitation = invitations.get((tenant, answer.id))
        name = invitation.customer.name if invitation is not None else None
        names = [*employees_of(people, answer), *colleagues, *([name] if name else [])]
        quotes.append(quoted(text, names))
    return quotes
