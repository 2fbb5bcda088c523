"""Reads the figures for whoever asks, by whichever door."""

from dataclasses import dataclass
from datetime import date

from services.alerts.re_asks.domain import RE_ASK_POLICY, RecoveryFigures
from services.alerts.re_asks.repository import count_re_asks
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.team_figures.domain import FigureDays, scope_of
from shared.db.database import UnitOfWork
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.http.validation_errors import FieldFault
from shared.tenancy.tenants import find_zone
from shared.values.messages import Count, message


@dataclass(frozen=True, kw_only=True)
class RecoveryRead:
    """The figures of some days."""

    days: FigureDays
    figures: RecoveryFigures


async def read_recovery(
    uow: UnitOfWork,
    setups: CompanySetups,
    tenant: str,
    staff: Staff | None,
    first: date | None = None,
    last: date | None = None,
) -> RecoveryRead:
    """The figures of customers whose cases a reader may see.

    :param staff: who reads; None: a key, which reads all of its company.
    :raises Problem: 422 for days out of bounds.
    """
    zone = await find_zone(uow, tenant)
    today = uow.now.astimezone(zone).date()
    days = FigureDays.chosen(RE_ASK_POLICY, first, last, today)
    if days is None or not days.is_in_bounds(RE_ASK_POLICY, today):
        detail = message(
            "Choose days of the last five years, in order, and at most %(days)s of them.",
            days=Count(RE_ASK_POLICY.max_days),
        )
        raise Problem(422, errors=[FieldFault(field="query/from", detail=detail)])
    setup = await setups.one(uow, tenant)
    scope = scope_of(
        staff.role if staff is not None else None, staff.id if staff is not None else None, setup.teams
    )
    since, until = days.instants(zone)
    segments = staff.segments if staff is not None else ()
    counted = await count_re_asks(uow, tenant, segments, since, until, scope)
    figures = RecoveryFigures.of(counted.reached, counted.not_reached, counted.outcomes)
    return RecoveryRead(days=days, figures=figures)
