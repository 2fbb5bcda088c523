"""Reads the page of a team and week for whoever asks: what they may not see is left out."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from services.alerts.huddles import repository
from services.alerts.huddles.domain import (
    MOST_OVERDUE,
    WEEKS_BACK,
    HuddleWeek,
    TeamPromise,
    may_read,
    may_write,
    teams_of_reader,
)
from services.alerts.huddles.repository import CauseOfWeek
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.teams.domain import CaseTeam
from services.alerts.weekly.domain import chosen_comments
from services.alerts.weekly.letter import POLICY, QuotedComment, quotable_answers, quoted_texts
from services.alerts.weekly.repository import OverdueCase
from shared.db.database import UnitOfWork
from shared.events import People
from shared.events.nps import group_of
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.http.validation_errors import FieldFault
from shared.tenancy.tenants import find_tenant
from shared.values.messages import message
from shared.values.zones import zone_of


class HuddleWin(NamedTuple):
    """Something that went well: a case that was recovered, or a promoter's comment."""

    case_id: UUID | None
    """None: it is a comment."""
    number: int | None
    score: int
    text: str
    """What we did, or what the customer wrote; without names."""


@dataclass(frozen=True, kw_only=True)
class Huddle:
    """What a team speaks of in a week."""

    team_id: UUID
    team: CaseTeam
    week: HuddleWeek
    this_week: HuddleWeek
    today: date
    comments: list[QuotedComment]
    win: HuddleWin | None
    overdue: list[OverdueCase]
    overdue_in_all: int
    theme: CauseOfWeek | None
    promised_before: list[TeamPromise]
    """In the week before."""
    promised: list[TeamPromise]
    setup: CompanySetup
    zone: ZoneInfo
    may_write: bool


async def find_team(
    uow: UnitOfWork, setups: CompanySetups, tenant: str, staff: Staff | None, team: UUID, *, write: bool
) -> CompanySetup:
    """The company's setup, in which the team is.

    :param staff: who asks; None: a key.
    :raises Problem: 404 where there is no such team, 403 where it is others'.
    """
    setup = await setups.one(uow, tenant)
    found = setup.teams.get(team)
    if found is None:
        raise Problem(404, detail=message("Your company has no such team."))
    role, person = (staff.role, staff.id) if staff is not None else (None, None)
    if not (may_write if write else may_read)(role, person, found):
        raise Problem(403, detail=message("Its members see the page of a team; its leaders write on it."))
    return setup


async def readable_teams(
    uow: UnitOfWork, setups: CompanySetups, tenant: str, staff: Staff
) -> dict[UUID, CaseTeam]:
    """The teams whose page somebody may see."""
    setup = await setups.one(uow, tenant)
    return teams_of_reader(staff.role, staff.id, setup.teams)


async def read_huddle(
    uow: UnitOfWork, setups: CompanySetups, tenant: str, staff: Staff | None, team_id: UUID, week: str
) -> Huddle:
    """The page of a team and week.

    :param week: such as 2026-W48; empty: this week.
    :raises Problem: 422 for what is no week, or too long ago, and what :func:`find_team` raises.
    """
    setup = await find_team(uow, setups, tenant, staff, team_id, write=False)
    company = await find_tenant(uow, tenant)
    zone = zone_of(company.time_zone if company is not None else None)
    today = uow.now.astimezone(zone).date()
    asked, this_week = week_named(week, today), HuddleWeek.of(today)
    team, segments = setup.teams[team_id], staff.segments if staff is not None else ()
    people = company.people if company is not None else People()
    (before, _), (since, until) = asked.before.instants(zone), asked.instants(zone)
    others = [] if team.segments else _segments_of_others(setup, team_id)
    answers = await quotable_answers(uow, tenant, segments, since, until, about=team.segments, beside=others)
    recovered = await repository.newest_recovered(uow, tenant, team_id, segments, since, until)
    promoters = [one for one in answers if group_of(one.score or 0) == "promoter"]
    texts = []
    if recovered is not None:
        texts.append((recovered.answer, recovered.action))
    elif promoters:
        won = max(promoters, key=lambda one: (one.answered_at or one.changed_at, one.id))
        texts.append((won, won.comment or ""))
        answers = [one for one in answers if one.id != won.id]
    chosen = chosen_comments(POLICY, answers)
    wins = len(texts)
    texts += [(answer, answer.comment or "") for answer in chosen]
    quotes = await quoted_texts(uow, tenant, people, texts)
    win = None
    if wins:
        win = HuddleWin(
            case_id=recovered.id if recovered is not None else None,
            number=recovered.number if recovered is not None else None,
            score=(recovered.score if recovered is not None else texts[0][0].score) or 0,
            text=quotes[0],
        )
    overdue, in_all = await repository.overdue_of_team(uow, tenant, team_id, segments, MOST_OVERDUE)
    causes = await repository.causes_of_week(uow, tenant, team_id, segments, before, since, until)
    promises = await repository.promises_of(uow, tenant, team_id, [asked.before.monday, asked.monday])
    return Huddle(
        team_id=team_id,
        team=team,
        week=asked,
        this_week=this_week,
        today=today,
        comments=[
            QuotedComment(answer.score or 0, text) for answer, text in zip(chosen, quotes[wins:], strict=True)
        ],
        win=win,
        overdue=overdue,
        overdue_in_all=in_all,
        theme=causes[0] if causes and causes[0].n else None,
        promised_before=promises[asked.before.monday],
        promised=promises[asked.monday],
        setup=setup,
        zone=zone,
        may_write=staff is None or may_write(staff.role, staff.id, team),
    )


def week_named(name: str, today: date) -> HuddleWeek:
    """The week that is called so; empty: this week.

    :raises Problem: 422 where it is none, is to come, or is too long ago.
    """
    week = HuddleWeek.named(name) if name else HuddleWeek.of(today)
    if week is None or not week.is_in_bounds(today, WEEKS_BACK):
        detail = message("Write a week of the last five years like 2026-W48.")
        raise Problem(422, errors=[FieldFault(field="query/week", detail=detail)])
    return week


def _segments_of_others(setup: CompanySetup, team: UUID) -> list[str]:
    """A team without segments of its own has what is no other team's."""
    return sorted({one for key, other in setup.teams.items() if key != team for one in other.segments})
