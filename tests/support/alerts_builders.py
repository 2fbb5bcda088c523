"""Builds what alerts consumes (answers, invitations, tenants), and hands it to a handler."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.cases import handlers, schedule
from services.alerts.cases.changes import CASE_DEADLINE
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.case_rules import OpeningAnswer, new_case
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.rules.domain import DEFAULT_RULES, CaseRules, RuleMatch, matching_rule
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.webhooks.removing import remove_deleted
from services.alerts.webhooks.repository.webhooks import REMOVAL_DEADLINE
from shared.db.database import Database, UnitOfWork
from shared.db.deadlines import FireDeadlines, fire_due
from shared.events import (
    TOPICS,
    Account,
    Answer,
    Customer,
    Data,
    Event,
    Invitation,
    Tenant,
    Topic,
)
from shared.ids import uuid7

TENANT = "havnbo"
POLICY = CasePolicy()


async def act_on_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """The handler with a memory of its own: each test has another database."""
    await handlers.act_on_answers(POLICY, CompanySetups(), uow, events)


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """The same for invitations."""
    await handlers.act_on_invitations(POLICY, CompanySetups(), uow, events)


def an_answer(**changes: Any) -> Answer:
    """A detractor's sent answer of just now."""
    now = datetime.now(UTC)
    facts: dict[str, Any] = {
        "id": uuid7(),
        "version": 1,
        "state": "sent",
        "origin": "survey",
        "score": 2,
        "comment": "The leg is split again.",
        "customer_id": f"c-{uuid7()}",
        "touchpoint": "home delivery",
        "segments": {"touchpoint": "home delivery"},
        "organisation": ("north", "sales"),
        "language": "en",
        "answered_at": now,
        "changed_at": now,
    }
    return Answer(**{**facts, **changes})


def match_of(answer: Answer, rules: CaseRules = DEFAULT_RULES) -> RuleMatch | None:
    """The rule that an answer meets, without its event."""
    return matching_rule(rules, answer, None)


def opening_of(answer: Answer, rules: CaseRules = DEFAULT_RULES) -> OpeningAnswer:
    """An answer that opens a case by the rule that it meets."""
    match = match_of(answer, rules)
    assert match is not None
    return OpeningAnswer(answer, match)


def a_new_case(answer: Answer, now: datetime, rules: CaseRules = DEFAULT_RULES) -> CaseFile:
    """The case that an answer opens."""
    return new_case(TENANT, opening_of(answer, rules), answer, now, POLICY, None)


def an_invitation(answer: Answer, **changes: Any) -> Invitation:
    """The event of an answer's invitation."""
    now = datetime.now(UTC)
    facts: dict[str, Any] = {
        "id": answer.id,
        "version": 1,
        "state": "sent",
        "survey_id": UUID(int=7),
        "survey_version": 1,
        "survey_name": "After delivery",
        "measurement": "transactional",
        "language": "en",
        "test": False,
        "customer": Customer(
            id=answer.customer_id or "c",
            email="karen@example.com",
            phone="+4512345678",
            name="Karen Whitfield",
        ),
        "account": Account(id="a-9", manager="p-204"),
        "handled_by": "p-118",
        "event_id": answer.event_id or uuid7(),
        "event_type": "order.delivered",
        "occurred_at": now - timedelta(days=1),
        "touchpoint": answer.touchpoint,
        "attributes": msgspec.Raw(
            b'{"order_id":"48213","product":"Sofa table Ebba, oak","total":129.90,"points":1e3,"gift":true}'
        ),
        "decided_at": now - timedelta(hours=5),
        "due_at": now - timedelta(hours=4),
        "sent_at": now - timedelta(hours=4),
        "expires_at": now + timedelta(days=14),
    }
    return Invitation(**{**facts, **changes})


def a_tenant(tenant: str = TENANT) -> Tenant:
    return Tenant(id=tenant, version=1, name=tenant.title(), time_zone="Europe/Copenhagen", country="DK")


async def deliver(
    database: Database,
    handler: Callable[[UnitOfWork, Sequence[Any]], Awaitable[None]],
    *things: Data,
    tenant: str = TENANT,
) -> None:
    """Call a handler with the events of these things as the kernel does: in one transaction, sorted."""
    events = [_event(thing, tenant) for thing in things]
    events.sort(key=lambda event: (event.tenant, str(getattr(event.data, "id", "")), event.data.version))
    async with database.transaction() as uow:
        await handler(uow, events)


def _event(thing: Data, tenant: str) -> Event[Any]:
    topics: dict[type, Topic[Any]] = {topic.data: topic for topic in TOPICS}
    return topics[type(thing)].event(tenant, thing, datetime.now(UTC))


async def rows(database: Database, sql: str, **values: Any) -> list[Any]:
    """What a table holds."""
    async with database.reading() as uow:
        return list(await uow.execute(sql, values))


async def fire_deadlines(database: Database) -> int:
    """One round of the loop that fires deadlines; how many fired."""
    kinds: dict[str, FireDeadlines] = {
        QUIET_DEADLINE: partial(schedule.settle_quiet_answers, POLICY, CompanySetups()),
        CASE_DEADLINE: partial(schedule.do_case_steps, CompanySetups()),
        REMOVAL_DEADLINE: remove_deleted,
    }
    return await fire_due("alerts", kinds, database)
