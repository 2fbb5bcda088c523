"""Builds what introductions are made of: promoters, accounts and their managers, and tasks."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import POLICY, TENANT, an_answer, an_invitation, rows
from support.http_clients import context_on

from services.alerts.app import SERVICE
from services.alerts.introductions.domain import Introduction, step_of
from services.alerts.introductions.introduction_commands import switch_introductions
from services.alerts.introductions.notices import INTRODUCTION_NOTICE, notify_owners
from services.alerts.introductions.opening import INTRODUCTION_DEADLINE, decide_introductions
from services.alerts.introductions.repository.introductions import add_introductions, add_steps
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.teams.domain import CaseTeam
from services.alerts.teams.team_commands import save_team
from shared.db.database import Database
from shared.db.deadlines import FireDeadlines, fire_due
from shared.events import ANSWERS, INVITATIONS, Account, Answer, Customer, Data, Invitation, Topic
from shared.ids import uuid7
from shared.privacy.audit import AuditActor

WHO = AuditActor("command_line", None, "a test")
TOPIC_BY_KIND: dict[type[Data], Topic[Any]] = {Answer: ANSWERS, Invitation: INVITATIONS}


async def consume_all(database: Database, *things: Data, tenant: str = TENANT) -> None:
    """Consume answers and invitations as a worker does, each in a transaction of its own."""
    context = context_on(SERVICE, database)
    subscriptions = {one.topic.name: one for one in SERVICE.consumed(context)}
    for thing in things:
        topic = TOPIC_BY_KIND[type(thing)]
        async with database.transaction() as uow:
            await subscriptions[topic.name].handle(uow, [topic.event(tenant, thing, database.clock())])


async def decide(database: Database) -> int:
    """Rounds of the loop of deadlines, as far as introductions go, until nothing is due."""
    kinds: dict[str, FireDeadlines] = {
        INTRODUCTION_NOTICE: notify_owners,
        INTRODUCTION_DEADLINE: partial(decide_introductions, POLICY, CompanySetups()),
    }
    fired = 0
    while done := await fire_due("alerts", kinds, database):
        fired += done
    return fired


async def switched_on(database: Database, tenant: str = TENANT) -> None:
    """The company wants introductions from now on."""
    async with database.transaction() as uow:
        await switch_introductions(uow, tenant, WHO, enabled=True)


def a_promoter(database: Database, **changes: Any) -> Answer:
    """A promoter's sent answer of just now, who may be contacted."""
    now = database.clock()
    facts = {"score": 10, "comment": "Quick and kind.", "may_contact": True}
    return an_answer(**{**facts, "answered_at": now, "changed_at": now, **changes})


def invitation_by(
    answer: Answer, manager: UUID | str, account: str = "a-9", country: str | None = "DK", **changes: Any
) -> Invitation:
    """The event of an answer, of an account with a manager."""
    customer = Customer(id=answer.customer_id or "c", name="Karen Whitfield", country=country)
    facts: dict[str, Any] = {
        "customer": customer,
        "account": Account(id=account, manager=str(manager)),
        "person": answer.person,
        "contact_key": answer.contact_key,
    }
    return an_invitation(answer, **{**facts, **changes})


async def a_task_of(alerts: AlertsApi, manager: Browser | UUID, account: str = "a-9", **changes: Any) -> UUID:
    """A task that a promoter's answer has opened for this manager."""
    owner = manager.person.id if isinstance(manager, Browser) else manager
    answer = a_promoter(alerts.database, **changes)
    await consume_all(alerts.database, invitation_by(answer, owner, account), answer)
    await decide(alerts.database)
    (row,) = await rows(
        alerts.database, "SELECT id, state FROM introduction WHERE answer_id = :id", id=answer.id
    )
    return UUID(str(row.id))


async def reasons(database: Database, tenant: str = TENANT) -> list[str]:
    """Why answers opened no task, in the order of the answers' ids."""
    found = await rows(
        database,
        "SELECT reason FROM introduction_judgement WHERE tenant = :tenant ORDER BY answer_id",
        tenant=tenant,
    )
    return [row.reason for row in found]


async def states(database: Database, tenant: str = TENANT) -> list[tuple[str, str | None]]:
    """The states of all tasks with their reasons, the oldest task first."""
    found = await rows(
        database,
        "SELECT state, reason FROM introduction WHERE tenant = :tenant ORDER BY opened_at, id",
        tenant=tenant,
    )
    return [(row.state, row.reason) for row in found]


async def store_task(database: Database, tenant: str, owner: UUID, **facts: Any) -> UUID:
    """A task as if an answer had opened it."""
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "answer_id": uuid7(),
        "person": "",
        "customer_id": None,
        "account_id": None,
        "score": 10,
        "belongs": ("",),
    }
    task = Introduction(
        tenant=tenant,
        id=uuid7(),
        owner_id=owner,
        said_at=now,
        opened_at=now,
        due_at=now + timedelta(days=2),
        changed_at=now,
        **{**given, **facts},
    )
    async with database.transaction() as uow:
        await add_introductions(uow, [task])
        await add_steps(uow, [step_of(task, "opened", now)])
    return task.id


JSON = {"accept": "application/json"}


async def told(alerts: AlertsApi, who: Browser | None = None, path: str = "", **query: Any) -> Any:
    """What the API answers; the status where it is refused."""
    client, headers = (who.client, JSON) if who else (alerts.client(), alerts.key("cases:read"))
    answer = await client.get(f"/v1/introductions{path}", params=query, headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def did(alerts: AlertsApi, task: UUID, act: str, who: Browser | None = None, **more: Any) -> Any:
    """An act by the version that the task has now; the status where it is refused."""
    known = await told(alerts, None, f"/{task}")
    body = {"act": act, "version": known["version"], **more}
    if who is None:
        answer = await alerts.client().post(
            f"/v1/introductions/{task}/actions", json=body, headers=alerts.key("cases:write")
        )
    else:
        headers = {**JSON, "x-csrf": await who.csrf()}
        answer = await who.client.post(f"/v1/introductions/{task}/actions", json=body, headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def a_team(alerts: AlertsApi, *members: UUID, **facts: Any) -> UUID:
    key = uuid4()
    async with alerts.database.transaction() as uow:
        await save_team(uow, TENANT, WHO, key, CaseTeam(name="Key accounts", members=members, **facts))
    return key


def later(database: Database, by: timedelta) -> None:
    now = database.clock() + by
    database.clock = lambda: now
