"""Builds events, surveys and senders of the dispatcher, on a database and a clock of the test's own."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from support.audit import an_actor
from support.contact_rules import AT_ANY_TIME, write_at_any_time
from support.http_clients import SECRET, afterword_settings, context_on

from services.dispatcher.app import SERVICE
from services.dispatcher.contact_policies.policy_commands import find_policy, set_policy
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of
from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.invitations.queue import InvitationQueue
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.preferences.domain import PreferenceChoice
from services.dispatcher.preferences.preference_commands import choose
from services.dispatcher.sending import sending_commands
from services.dispatcher.suppressions import suppression_commands
from services.dispatcher.surveys import survey_commands
from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.events import (
    INVITATIONS,
    TENANTS,
    TRANSACTIONS,
    Customer,
    Data,
    Event,
    Invitation,
    Tenant,
    Topic,
    Transaction,
)
from shared.health import Health
from shared.ids import uuid7
from shared.mail import Mailer
from shared.outbound import MailChannel, Sender
from shared.tenancy import keep_tenants

TENANT = "havnbo"
CONTACT_POLICY = ContactPolicy(initial_rules=AT_ANY_TIME)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    """A clock that changes only when it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


def a_customer(id_: str = "c-1", **changes: Any) -> Customer:
    return Customer(**{"id": id_, "email": f"{id_}@example.com", "locale": "da", **changes})


def a_transaction(id_: str = "order-1", customer: Customer | None = None, **changes: Any) -> Transaction:
    facts: dict[str, Any] = {
        "id": id_,
        "source": "webshop",
        "type": "order.delivered",
        "occurred_at": NOON,
        "accepted_at": NOON,
        "customer": customer or a_customer(),
        "digest": f"digest of {id_}",
        "segments": {"touchpoint": "checkout", "store": "aarhus"},
        "organisation": ("north", "sales"),
    }
    return Transaction(**{**facts, **changes})


def event_of(topic: Topic[Any], data: Data, tenant: str = TENANT) -> Event[Any]:
    return topic.event(tenant, data, NOON)


async def decide(database: Database, *transactions: Transaction, tenant: str = TENANT) -> None:
    """Pass transactions to the handler as the kernel does: one batch, one database transaction, sorted."""
    await decide_for(database, {tenant: transactions})


async def decide_for(database: Database, transactions: Mapping[str, Sequence[Transaction]]) -> None:
    """The same with those of several companies in one batch."""
    events = [
        event_of(TRANSACTIONS, each, tenant)
        for tenant, of_tenant in transactions.items()
        for each in of_tenant
    ]
    events.sort(key=lambda event: (event.tenant, str(event.data.event_id)))
    async with database.transaction() as uow:
        await decide_transactions(context_on(SERVICE, database), CONTACT_POLICY, uow, events)


async def consume(
    database: Database, handler: Any, topic: Topic[Any], *things: Any, tenant: str = TENANT
) -> None:
    """Pass other things to their handler."""
    events = [event_of(topic, thing, tenant) for thing in things]
    events.sort(key=lambda event: (event.tenant, str(event.data.id), event.data.version))
    async with database.transaction() as uow:
        await handler(uow, events)


async def keep_tenant(database: Database, tenant: str = TENANT, **changes: Any) -> Tenant:
    facts: dict[str, Any] = {
        "id": tenant,
        "version": 1,
        "name": tenant.title(),
        "time_zone": "Europe/Copenhagen",
        "country": "DK",
        "languages": ("en", "da"),
        "postal_address": "Havnegade 1, 8000 Aarhus",
    }
    known = Tenant(**{**facts, **changes})
    async with database.transaction() as uow:
        await keep_tenants(uow, [event_of(TENANTS, known, tenant)])
    return known


async def make_survey(database: Database, tenant: str = TENANT, **changes: Any) -> StoredSurvey:
    facts: dict[str, Any] = {"name": "After delivery", "trigger": "order.delivered", "delay_minutes": 60}
    facts["state"] = "live"
    async with database.transaction() as uow:
        return await survey_commands.create_survey(
            uow, tenant, changes.pop("id", None) or uuid7(), SurveyDraft(**{**facts, **changes})
        )


async def go_live(database: Database, tenant: str = TENANT) -> None:
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, tenant, an_actor("the test"), "live")
        # For real processes; the handlers and senders here get the rules in CONTACT_POLICY.
        await write_at_any_time(uow, tenant)


async def share_ids(database: Database, *, shared: bool = True) -> None:
    """Let each address of an id be a person of its own."""
    async with database.transaction() as uow:
        rules = (await find_policy(uow, TENANT)).rules
        await set_policy(uow, TENANT, an_actor("the test"), replace(rules, ids_are_shared=shared))


async def list_test_addresses(database: Database, *addresses: str, tenant: str = TENANT) -> None:
    async with database.transaction() as uow:
        await sending_commands.set_test_addresses(uow, tenant, an_actor("the test"), addresses)


async def rows(database: Database, sql: str, **values: Any) -> Sequence[Any]:
    async with database.reading() as uow:
        return (await uow.execute(sql, values)).all()


async def reasons(database: Database, tenant: str = TENANT) -> dict[str, str]:
    """What became of each event, by the back-end's id."""
    found = await rows(
        database,
        "SELECT source_id, reason FROM decision WHERE tenant = :tenant ORDER BY source_id",
        tenant=tenant,
    )
    return {row.source_id: row.reason for row in found}


async def published(database: Database, topic: Topic[Any]) -> list[Any]:
    """What waits in the outbox for this topic, oldest first."""
    found = await rows(
        database, "SELECT value FROM outbox WHERE topic = :topic ORDER BY seq", topic=topic.name
    )
    return [topic.decode(bytes(row.value)).data for row in found]


async def invitations(database: Database) -> list[Invitation]:
    """Every state of every invitation that was published and not relayed."""
    return await published(database, INVITATIONS)


async def relay_all(database: Database) -> None:
    """Empty the outbox, as the relay does once the broker has acknowledged everything."""
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM outbox")


async def states(database: Database) -> dict[UUID, tuple[str, str | None]]:
    """The state of each invitation, with its reason."""
    return {
        row.id: (row.state, row.reason)
        for row in await rows(database, "SELECT id, state, reason FROM invitation")
    }


async def the_state(database: Database) -> tuple[str, str | None]:
    (state,) = (await states(database)).values()
    return state


async def waits_for_a_lock(database: Database) -> bool:
    """Whether a transaction waits for another one's lock."""
    found = await rows(
        database,
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    return bool(found)


async def invite_customer(database: Database, name: str, **changes: Any) -> str:
    """Decide that a customer is asked, and relay the invitation; returns the address."""
    customer = a_customer(name, **changes)
    await decide(database, a_transaction(f"order-{name}", customer))
    await relay_all(database)
    return customer.email or ""


def a_sender(database: Database, mailer: Mailer, clock: Clock, **changes: object) -> Sender:
    """A sender; ``changes`` are of the settings."""
    settings = afterword_settings("127.0.0.1:1", **{"mail_from": "ask@shop.example", **changes})
    renderer = SurveyMailRenderer(settings, clock)
    queue = InvitationQueue({"mail": renderer}, SECRET, CONTACT_POLICY, company_senders=True)
    return Sender("sender", database, MailChannel(mailer, "dispatcher"), queue, Health())


async def decided(
    database: Database, *customers: Customer, together: bool = False, **changes: Any
) -> list[str]:
    """What became of one event of each customer, one after the other or in one batch."""
    made = [
        a_transaction(f"{uuid7()}", customer, occurred_at=database.clock() + timedelta(seconds=n), **changes)
        for n, customer in enumerate(customers)
    ]
    for batch in [made] if together else [[one] for one in made]:
        await decide(database, *batch)
    found = await reasons(database)
    return [found[one.id] for one in made]


async def say_no(database: Database, customer: Customer) -> None:
    """The customer unsubscribes by the link of their mail."""
    async with database.transaction() as uow:
        await suppression_commands.unsubscribe(uow, await _contact(uow, customer))


async def choose_preference(database: Database, customer: Customer, choice: PreferenceChoice) -> None:
    """The customer chooses on the page that their mail links to."""
    async with database.transaction() as uow:
        await choose(uow, await _contact(uow, customer), choice)


async def _contact(uow: UnitOfWork, customer: Customer) -> ContactKey:
    own = (await sending_commands.find_sending(uow, TENANT)).placeholder_ids
    shared = (await find_policy(uow, TENANT)).rules.ids_are_shared
    return contact_key_of(SECRET, TENANT, customer, own, ids_are_shared=shared)
