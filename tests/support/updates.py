"""Customers who raised something in a case, and actions of improvement that they are told of."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from support.dispatcher_builders import (
    CONTACT_POLICY,
    NOON,
    TENANT,
    consume,
    invite_customer,
    relay_all,
    rows,
)
from support.http_clients import SECRET

from services.dispatcher.story.handlers import keep_cases
from services.dispatcher.updates.handlers import keep_improvements
from services.dispatcher.updates.publishing import advance_updates
from shared.db.database import Database
from shared.events import CASES, IMPROVEMENTS, Case, Improvement
from shared.events.improvements import ImprovementBaseline, ImprovementPeriod, ImprovementStep
from shared.ids import uuid7
from shared.outbound import Sender
from shared.privacy.persons import person_of

CAUSE = "delivery.late"
TEXTS = {"da": "Vi kører nu med en bil mere.\n\nTak.", "en": "We now drive a second van."}
CLOSED_AT = datetime(2026, 11, 15, 12, tzinfo=UTC)


def an_action(**changes: Any) -> Improvement:
    """An action that is done, and published at noon of the 20th."""
    facts: dict[str, Any] = {
        "id": uuid7(),
        "version": 5,
        "title": "A second van on Fridays",
        "cause": CAUSE,
        "measurement": "transactional",
        "due": date(2026, 11, 30),
        "status": "done",
        "opened_at": datetime(2026, 9, 1, tzinfo=UTC),
        "changed_at": NOON,
        "opened": date(2026, 9, 1),
        "done": date(2026, 11, 18),
        "baseline": ImprovementBaseline(
            period=ImprovementPeriod(first=date(2026, 6, 4), last=date(2026, 9, 1)), n=0
        ),
        "steps": (ImprovementStep(status="done", at=NOON),),
        "texts": TEXTS,
        "published_at": NOON,
    }
    return Improvement(**{**facts, **changes})


def a_raising_case(event_id: UUID, name: str, **changes: Any) -> Case:
    """A case that was closed with the cause, and whose customer said that they may be contacted."""
    facts: dict[str, Any] = {
        "id": uuid7(),
        "number": 482130,
        "version": 2,
        "state": "closed",
        "stage": "closed",
        "answer_id": uuid7(),
        "event_id": event_id,
        "person": person_of(SECRET, TENANT, name),
        "score": 2,
        "segments": {"touchpoint": "checkout", "store": "aarhus"},
        "organisation": ("north", "sales"),
        "may_contact": True,
        "cause": CAUSE,
        "outcome": "recovered",
        "opened_at": datetime(2026, 11, 10, 12, tzinfo=UTC),
        "due_at": NOON,
        "closed_at": CLOSED_AT,
    }
    return Case(**{**facts, **changes})


async def raised(database: Database, name: str, **changes: Any) -> Case:
    """The case of a customer who was asked, as the dispatcher hears of it."""
    await invite_customer(database, name)
    case = a_raising_case(await event_of_customer(database, name), name, **changes)
    await hear(database, case)
    return case


async def event_of_customer(database: Database, name: str) -> UUID:
    """The event about which a customer was asked."""
    (row,) = await rows(
        database,
        "SELECT event_id FROM decision WHERE customer_id = :id AND invitation_id IS NOT NULL",
        id=name,
    )
    return UUID(str(row.event_id))


async def hear(database: Database, *cases: Case) -> None:
    await consume(database, keep_cases, CASES, *cases)


async def publish(database: Database, *actions: Improvement) -> None:
    await consume(database, keep_improvements, IMPROVEMENTS, *actions)


async def plan(database: Database) -> None:
    """What the loop does once; the mails are on their topic then."""
    await advance_updates(database, SECRET, CONTACT_POLICY)
    await relay_all(database)


async def send_all(database: Database, sender: Sender, most: int = 20) -> None:
    """Send what is due."""
    for _ in range(most):
        await sender.step()
        await relay_all(database)


async def ends(database: Database) -> dict[str, tuple[str, str | None]]:
    """What became of the mail to each person, by the customer's name."""
    found = await rows(
        database, "SELECT person, state, reason FROM case_mail WHERE kind = 'update' ORDER BY written_at, id"
    )
    return {row.person: (row.state, row.reason) for row in found}


def person(name: str) -> str:
    """The pseudonym of a customer."""
    return person_of(SECRET, TENANT, name)
