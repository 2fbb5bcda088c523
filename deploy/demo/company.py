"""Havnbo as a tenant: made once through the operator's commands and, where there is one, through the door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from deploy.demo.checkpoint import Position
from deploy.demo.client import Doors
from services.alerts.errors import BadAccount
from services.alerts.settings import Settings as AlertsSettings
from services.alerts.staff import accounts
from services.alerts.staff.repository import people
from services.alerts.staff.staff_commands import create_staff, set_password
from services.dispatcher import sending
from services.dispatcher.settings import Settings as DispatcherSettings
from services.trigger.errors import TenantExists
from services.trigger.settings import Settings as TriggerSettings
from services.trigger.tenants import create_key, create_tenant
from shared.db.database import Database
from shared.settings import ServiceSettings, load

TENANT, NAME = "demo", "Havnbo"
ZONE = ZoneInfo("Europe/Copenhagen")
LANGUAGES = ("en", "da", "nl")
POSTAL_ADDRESS = "Havnbo (invented), Havnegade 1, 8000 Aarhus"

SIMULATED = "simulated"
"""The key's name: as such the simulated staff stand in the history of a case."""
SCOPES = ("events:write", "answers:write", "surveys:write", "cases:read", "cases:write")

PASSWORD = "havnbo-by-the-harbour"  # noqa: S105  (a known one, for a stack that nobody else can reach)


class Person(NamedTuple):
    role: str
    address: str
    name: str
    segments: tuple[str, ...] = ()


SIGN_INS = (
    Person("admin", "admin@havnbo.example", "Ida Admin"),
    Person("leader", "leader@havnbo.example", "Lars Leader", ("store:aarhus",)),
    Person("agent", "agent@havnbo.example", "Agnes Agent"),
)
SIMULATED_STAFF = (
    Person("agent", "clara@havnbo.example", "Clara (simulated)"),
    Person("agent", "dries@havnbo.example", "Dries (simulated)"),
)
SURVEYS = (("After a purchase", "order.delivered"), ("After a support call", "support.closed"))

log = structlog.get_logger()


async def key(position: Position) -> str:
    """The demo's own API key; the tenant is made with it."""
    progress = position.progress
    if progress.key is None:
        async with _database(TriggerSettings) as database:
            try:
                await create_tenant(
                    database,
                    TENANT,
                    name=NAME,
                    time_zone=ZONE.key,
                    country="DK",
                    languages=LANGUAGES,
                    postal_address=POSTAL_ADDRESS,
                )
            except TenantExists:
                log.info("tenant_found", tenant=TENANT)
            progress.key = await create_key(database, TENANT, SCOPES, name=SIMULATED)
        position.save()
    return progress.key


async def set_up(doors: Doors, position: Position, staff_url: str) -> None:
    """Staff, surveys, and live; whatever is there already stays as it is."""
    if position.progress.is_set_up:
        return
    async with _database(AlertsSettings) as database:
        for person in SIGN_INS:
            await _hire(database, staff_url, person)
            await set_password(database, TENANT, person.address, PASSWORD)
        for person in SIMULATED_STAFF:
            await _hire(database, staff_url, person)
            await _without_mail(database, person)
    for name, trigger in SURVEYS:
        survey = {"name": name, "trigger": trigger, "state": "live", "delay_minutes": 0, "quarantine_days": 1}
        await doors.post("/v1/surveys", survey, once=f"demo {trigger}")
    async with _database(DispatcherSettings) as database, database.transaction() as uow:
        await sending.set_mode(uow, TENANT, SIMULATED, "live")
    position.progress.is_set_up = True
    position.save()
    log.info("company_set_up", tenant=TENANT)


async def simulated_staff() -> list[str]:
    """The ids of those to whom the simulated staff give cases."""
    async with _database(AlertsSettings) as database, database.reading() as uow:
        found = await people.people(uow, TENANT)
    addresses = {person.address for person in SIMULATED_STAFF}
    return [str(person.id) for person in found if person.address in addresses]


async def _hire(database: Database, staff_url: str, person: Person) -> None:
    try:
        await create_staff(
            database,
            staff_url,
            TENANT,
            person.address,
            person.role,
            name=person.name,
            segments=person.segments,
        )
    except BadAccount:
        async with database.reading() as uow:
            # A start that was cut off has hired them already; anything else is a fault.
            if await people.find_by_address(uow, TENANT, person.address) is None:
                raise


async def _without_mail(database: Database, person: Person) -> None:
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, TENANT, accounts.clean_address(person.address))
        if found is not None:
            await people.set_preferences(uow, TENANT, found.id, name=person.name, wants_mail=False)


@asynccontextmanager
async def _database(kind: type[ServiceSettings]) -> AsyncIterator[Database]:
    (settings,) = load([kind])
    database = Database(settings.database_url.get_secret_value(), name="demo", pool_size=1)
    try:
        yield database
    finally:
        await database.close()
