"""Reads the figures for whoever asks, by whichever door: what they may not see is refused."""

import asyncio
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.team_figures import repository
from services.alerts.team_figures.domain import (
    POLICY,
    FigureDays,
    NotTheirs,
    TeamFigures,
    scope_of,
    teams_of_leader,
)
from services.alerts.team_figures.working_hours import hours_of_teams
from shared.db.database import UnitOfWork
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.http.validation_errors import FieldFault
from shared.tenancy.tenants import find_zone
from shared.values.messages import Count, message


@dataclass(frozen=True, kw_only=True)
class FiguresAsked:
    """Of which days, team and person figures are asked for; None: as usual, or all."""

    first: date | None = None
    last: date | None = None
    team: UUID | None = None
    person: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class FiguresRead:
    """Figures with the names that they are shown by."""

    days: FigureDays
    figures: TeamFigures
    team_names: dict[UUID, str]
    people_names: dict[UUID, str]
    choosable_teams: dict[UUID, str]
    """The teams that the reader may ask for."""


async def read_figures(
    uow: UnitOfWork, setups: CompanySetups, tenant: str, staff: Staff | None, asked: FiguresAsked
) -> FiguresRead:
    """The figures of the cases that a reader may see.

    :param staff: who reads; None: a key, which reads all of its company.
    :raises Problem: 422 for days out of bounds, 403 for those of others, 404 where there is no such team or
        person.
    """
    zone = await find_zone(uow, tenant)
    setup = await setups.one(uow, tenant)
    days = _days(asked, uow.now.astimezone(zone).date())
    if asked.team is not None and asked.team not in setup.teams:
        raise Problem(404, detail=message("Your company has no such team."))
    try:
        scope = scope_of(
            staff.role if staff is not None else None,
            staff.id if staff is not None else None,
            setup.teams,
            team=asked.team,
            owner=asked.person,
        )
    except NotTheirs:
        detail = message("You see your own figures, as a team leader those of your teams, too.")
        raise Problem(403, detail=detail) from None
    if asked.person is not None and not await repository.names_of(uow, tenant, [asked.person]):
        raise Problem(404, detail=message("Nobody of your company has this id."))
    since, until = days.instants(zone)
    segments = staff.segments if staff is not None else ()
    lasts = await repository.last_instants(uow, tenant, segments, since, until, scope)
    hours = await asyncio.to_thread(hours_of_teams, setup, since, lasts)
    figures = await repository.count_figures(uow, tenant, segments, since, until, scope, hours)
    owners = [one.id for one in figures.people if one.id is not None]
    return FiguresRead(
        days=days,
        figures=figures,
        team_names={key: team.name for key, team in setup.teams.items()},
        people_names=await repository.names_of(uow, tenant, owners),
        choosable_teams=_choosable(setup, staff),
    )


def _days(asked: FiguresAsked, today: date) -> FigureDays:
    days = FigureDays.chosen(POLICY, asked.first, asked.last, today)
    if days is not None and days.is_in_bounds(POLICY, today):
        return days
    detail = message(
        "Choose days of the last five years, in order, and at most %(days)s of them.",
        days=Count(POLICY.max_days),
    )
    raise Problem(422, errors=[FieldFault(field="query/from", detail=detail)])


def _choosable(setup: CompanySetup, staff: Staff | None) -> dict[UUID, str]:
    own = teams_of_leader(staff.id, setup.teams) if staff is not None and staff.role != "admin" else None
    shown = {key: team.name for key, team in setup.teams.items() if own is None or key in own}
    return dict(sorted(shown.items(), key=lambda one: (one[1].casefold(), one[0])))
