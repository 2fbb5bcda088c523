"""Havnbo as a tenant: created once, by the functions of the operator's commands and by the APIs."""

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import structlog
from msgspec.structs import replace

from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.company_tools import save_tools
from deploy.demo.stream import REFUND
from services.alerts.app import SERVICE as ALERTS
from services.alerts.errors import BadAccount
from services.alerts.staff import accounts
from services.alerts.staff.repository import people
from services.alerts.staff.staff_commands import create_staff, set_password
from services.dispatcher.app import SERVICE as DISPATCHER
from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.contact_policies.recommended_countries import RECOMMENDED_COUNTRIES
from services.dispatcher.sending import sending_commands
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from services.trigger.app import SERVICE as TRIGGER
from services.trigger.errors import TenantExists
from services.trigger.tenants import create_key, create_tenant
from shared.cli.context import command_context
from shared.db.database import Database
from shared.events import ContactRules, CounterEvent, DeclaredBasis
from shared.privacy.audit import AuditActor

PROCESS = "demo"
TENANT_ID, COMPANY_NAME = "demo", "Havnbo"
TIME_ZONE = ZoneInfo("Europe/Copenhagen")
POSTAL_ADDRESS = "Havnbo (invented), Havnegade 1, 8000 Aarhus"

KEY_NAME = "simulated"
"""The history of a case shows it as the author of what the simulated staff did."""
WHO = AuditActor("command_line", None, KEY_NAME)
KEY_SCOPES = ("events:write", "answers:write", "surveys:write", "cases:read", "cases:write")

PASSWORD = "havnbo-by-the-harbour"  # noqa: S105  (public, for a stack that only this machine can reach)


class StaffMember(NamedTuple):
    role: str
    address: str
    name: str
    segments: tuple[str, ...] = ()


SIGN_INS = (
    StaffMember("admin", "admin@havnbo.example", "Ida Admin"),
    StaffMember("leader", "leader@havnbo.example", "Lars Leader", ("store:aarhus",)),
    StaffMember("agent", "agent@havnbo.example", "Agnes Agent"),
)
SIMULATED = " (simulated)"
SIMULATED_STAFF = (
    StaffMember("agent", "clara@havnbo.example", f"Clara{SIMULATED}"),
    StaffMember("agent", "dries@havnbo.example", f"Dries{SIMULATED}"),
)
WHAT_MATTERED = {
    "en": ("What mattered most to you?", ("The price", "The choice", "The delivery", "The advice")),
    "da": ("Hvad betød mest for dig?", ("Prisen", "Udvalget", "Leveringen", "Rådgivningen")),
    "nl": ("Wat was voor u het belangrijkst?", ("De prijs", "De keuze", "De levering", "Het advies")),
}
"""The question after the reason that follows a large order: its words and options in each language."""
OPTIONS = ("price", "choice", "delivery", "advice")
MAIL_ELSE_TEXT = ["mail", "sms"]
"""A text message asks those who have a phone number and no mail address."""
SURVEYS: tuple[dict[str, Any], ...] = (
    {
        "name": "After a large order",
        "trigger": "order.delivered",
        "channels": MAIL_ELSE_TEXT,
        "conditions": {"field": "attributes.total", "op": ">=", "value": 50},
        "questions": [{"id": "mattered", "kind": "one_of", "options": [*OPTIONS]}],
        "texts": {
            language: {
                "questions": {"mattered": {"text": text, "options": dict(zip(OPTIONS, words, strict=True))}}
            }
            for language, (text, words) in WHAT_MATTERED.items()
        },
    },
    {
        "name": "After a purchase",
        "trigger": "order.delivered",
        "channels": MAIL_ELSE_TEXT,
        "reminders": [{"after_days": 1}],
    },
    {
        "name": "After a support call",
        "trigger": "support.closed",
        "channels": MAIL_ELSE_TEXT,
        "reminders": [{"after_days": 1}],
    },
    {
        "name": "Altogether",
        "measurement": "relational",
        "trigger": "",
        "programme": {"every_days": 7},
        "quarantine_days": 6,
    },
)
"""In their order: the first whose conditions an event meets asks about it."""

WHY_THEY_MAY_BE_ASKED = "Every customer is told at the order that we ask, and can say no there (invented)."
RULES = ContactRules(
    quiet_hours={},  # whoever looks at the demo at night sees mails leave, too
    relational_distance_days=1,  # every customer of the demo was asked about a purchase not long ago
    counter_events=(
        CounterEvent(event_type=REFUND, effect="cancel", scope="order"),
        CounterEvent(event_type="support.complaint", effect="hold", hold_hours=14 * 24, scope="customer"),
    ),
    countries=tuple(
        replace(rule, declared=DeclaredBasis(wording=WHY_THEY_MAY_BE_ASKED)) for rule in RECOMMENDED_COUNTRIES
    ),
)
"""When customers are written to; the simulation has no complaints: send one yourself."""

log = structlog.get_logger()


async def api_key(checkpoint: Checkpoint) -> str:
    """The demo's API key; the tenant is created with it."""
    progress = checkpoint.progress
    if progress.key is None:
        async with command_context(TRIGGER, process=PROCESS) as context:
            try:
                await create_tenant(
                    context.database,
                    TENANT_ID,
                    name=COMPANY_NAME,
                    time_zone=TIME_ZONE.key,
                    country="DK",
                    languages=STANDARD_LANGUAGES,
                    postal_address=POSTAL_ADDRESS,
                )
            except TenantExists:
                log.info("tenant_found", tenant=TENANT_ID)
            progress.key = await create_key(context.database, TENANT_ID, KEY_SCOPES, name=KEY_NAME)
        checkpoint.save()
    return progress.key


async def set_up(client: DemoClient, checkpoint: Checkpoint, staff_url: str) -> None:
    """Create staff and surveys, and leave test mode; what exists already is not changed."""
    if checkpoint.progress.is_set_up:
        return
    async with command_context(ALERTS, process=PROCESS) as context:
        for person in SIGN_INS:
            await _create_staff(context.database, staff_url, person)
            await set_password(context.database, TENANT_ID, person.address, PASSWORD)
        for person in SIMULATED_STAFF:
            await _create_staff(context.database, staff_url, person)
            await _turn_off_mail(context.database, person)
        await save_tools(context.database, TENANT_ID, WHO)
    for survey in SURVEYS:
        body = {"state": "live", "delay_minutes": 0, "quarantine_days": 1, "first_day_per_hour": 0, **survey}
        await client.post("/v1/surveys", body, idempotency_key=f"demo {survey['name']}")
    async with command_context(DISPATCHER, process=PROCESS) as context, context.database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT_ID, WHO, "live")
        await set_policy(uow, TENANT_ID, WHO, RULES)
    checkpoint.progress.is_set_up = True
    checkpoint.save()
    log.info("company_set_up", tenant=TENANT_ID)


async def simulated_colleagues() -> dict[str, str]:
    """The names, by id, of the colleagues to whom the simulation assigns cases."""
    async with command_context(ALERTS, process=PROCESS) as context, context.database.reading() as uow:
        found = await people.people(uow, TENANT_ID)
    names = {person.address: person.name.removesuffix(SIMULATED) for person in SIMULATED_STAFF}
    return {str(person.id): names[person.address] for person in found if person.address in names}


async def _create_staff(database: Database, staff_url: str, person: StaffMember) -> None:
    try:
        await create_staff(
            database,
            staff_url,
            TENANT_ID,
            person.address,
            person.role,
            name=person.name,
            segments=person.segments,
        )
    except BadAccount:
        async with database.reading() as uow:
            # An interrupted start may have created them; anything else is a fault.
            if await people.find_by_address(uow, TENANT_ID, person.address) is None:
                raise


async def _turn_off_mail(database: Database, person: StaffMember) -> None:
    async with database.transaction() as uow:
        found = await people.find_by_address(uow, TENANT_ID, accounts.clean_address(person.address))
        if found is not None:
            await people.set_wants_mail(uow, TENANT_ID, found.id, wants_mail=False)
