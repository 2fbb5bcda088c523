"""Saving and deleting calendars, by whichever door it is asked for."""

from uuid import UUID

import msgspec

from services.alerts.calendars import repository
from services.alerts.calendars.domain import Calendar
from services.alerts.errors import StaleForm
from services.alerts.rules.repository import lock_setup
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff.settings_acts import fingerprint
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit


class CalendarInUse(Exception):
    """Teams have the calendar, which is therefore not deleted."""

    def __init__(self, teams: list[str]) -> None:
        super().__init__("a team has the calendar")
        self.teams = teams


async def save_calendar(
    uow: UnitOfWork, tenant: str, who: AuditActor, key: UUID, calendar: Calendar, *, seen: str | None = None
) -> None:
    """Add or replace a calendar.

    :param seen: the fingerprint of the calendar that a form was rendered from; None: whatever it is by now.
    :raises StaleForm: when it has been changed since, unless to the same.
    """
    stored = (await lock_setup(uow, tenant)).calendars.get(key)
    if seen is not None and calendar_fingerprint(stored) != seen and stored != calendar:
        raise StaleForm
    await repository.write_calendar(uow, tenant, key, calendar)
    record_audit(uow, tenant, who, "calendar", str(key))


def teams_with(setup: CompanySetup, calendar: UUID) -> list[str]:
    """The names of the teams that have this calendar: while there are any it is not deleted."""
    return sorted(team.name for team in setup.teams.values() if team.calendar == calendar)


async def remove_calendar(uow: UnitOfWork, tenant: str, who: AuditActor, key: UUID) -> bool:
    """Delete a calendar; False if there is none.

    :raises CalendarInUse: when a team has it.
    """
    if teams := teams_with(await lock_setup(uow, tenant), key):
        raise CalendarInUse(teams)
    if not await repository.delete_calendar(uow, tenant, key):
        return False
    record_audit(uow, tenant, who, "calendar", str(key), deleted=True)
    return True


def calendar_fingerprint(calendar: Calendar | None) -> str:
    """What the form of a calendar was rendered from; empty: there was no calendar yet."""
    return fingerprint(msgspec.to_builtins(calendar)) if calendar is not None else ""
