"""Cases that are closed with a cause, and actions of improvement, for the scorer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from support.scorer_builders import ANSWER_NAMESPACE, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer.handlers import keep_cases
from services.scorer.improvements.update_repository import keep_update_mails
from shared.db.database import Database
from shared.events import (
    CASE_MAILS,
    CASES,
    IMPROVEMENTS,
    Answer,
    Case,
    CaseMail,
    CaseMailState,
    Improvement,
)


def a_closed_case(name: str, opened_at: datetime, **given: Any) -> Case:
    """A case that was closed a day after it was opened; its id comes from its name."""
    facts: dict[str, Any] = {
        "id": uuid5(ANSWER_NAMESPACE, f"case {name}"),
        "number": 1,
        "version": 2,
        "state": "closed",
        "answer_id": uuid5(ANSWER_NAMESPACE, name),
        "score": 2,
        "segments": {"touchpoint": "checkout"},
        "owner": "Sara Lund",
        "cause": "delivery.late",
        "outcome": "explained",
        "opened_at": opened_at,
        "due_at": opened_at + timedelta(days=7),
        "closed_at": opened_at + timedelta(days=1),
    }
    return Case(**{**facts, **given})


async def keep(database: Database, *cases: Case, tenant: str = "acme") -> None:
    """Have the scorer consume these cases as one batch."""
    async with database.transaction() as uow:
        await keep_cases(uow, [CASES.event(tenant, case, uow.now) for case in cases])


def an_improvement_body(**given: Any) -> dict[str, Any]:
    """What a program sends to open an action."""
    body = {
        "title": "A second van on Fridays",
        "cause": "delivery.late",
        "segment": "touchpoint:checkout",
        "owner": "Jonas Holt",
        "due": "2026-11-30",
        **given,
    }
    return {name: value for name, value in body.items() if value is not None}


ACTION = UUID(int=71)


PATH = f"/v1/actions/{ACTION}"


ACME = a_tenant("acme", "Europe/Copenhagen", "scores:read", "cases:write")


OPENED = datetime(2026, 8, 31, 8, tzinfo=UTC)


BEGAN = datetime(2026, 9, 7, 8, tzinfo=UTC)


DONE = datetime(2026, 9, 28, 22, 30, tzinfo=UTC)
"""Half past midnight of the 29th in Copenhagen."""


@asynccontextmanager
async def actions_client(database: Database) -> AsyncIterator[ScorerClient]:
    """The client of a company whose scorer has counted one answer, on the day of the opening."""
    at(database, OPENED)
    async with a_scorer_client(
        database, ACME, a_tenant("other", "UTC", "scores:read", "cases:write")
    ) as client:
        await count(database, an_answer("first", day=date(2026, 8, 30)))
        yield client


def at(database: Database, now: datetime) -> None:
    database.clock = lambda: now


async def act(client: ScorerClient, act: str, version: int, **given: Any) -> dict[str, Any]:
    answer = await client.send("POST", f"{PATH}/actions", {"act": act, "version": version, **given})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def opened(client: ScorerClient, **given: Any) -> dict[str, Any]:
    answer = await client.send("PUT", PATH, an_improvement_body(**given))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def published(database: Database) -> list[Improvement]:
    async with database.reading() as uow:
        rows = await uow.execute(
            "SELECT value FROM outbox WHERE topic = :topic ORDER BY seq", {"topic": IMPROVEMENTS.name}
        )
        return [IMPROVEMENTS.decode(row.value).data for row in rows]


def answers_on(days: Sequence[date], scores: Sequence[int], name: str = "a", **given: Any) -> list[Answer]:
    return [
        an_answer(f"{name} {day} {n}", day=day, score=score, **given)
        for day in days
        for n, score in enumerate(scores)
    ]


def days_of(first: date, n: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(n)]


async def finished(database: Database, client: ScorerClient, **given: Any) -> None:
    """Opened on 31 August, under way from 7 September, done on the 28th; the days after end on 26 October."""
    await opened(client, **given)
    at(database, BEGAN)
    await act(client, "begin", 1)
    at(database, DONE - timedelta(hours=10))
    await act(client, "finish", 2)


def a_told_mail(number: int, state: CaseMailState, reason: str | None = None, **given: Any) -> CaseMail:
    """What the dispatcher tells of a mail about the action to one customer."""
    mail_id = uuid5(ANSWER_NAMESPACE, f"mail {number}")
    facts: dict[str, Any] = {
        "id": mail_id,
        "version": 2,
        "direction": "out",
        "kind": "update",
        "reply_id": mail_id,
        "case_id": UUID(int=number),
        "answer_id": UUID(int=number),
        "improvement_id": ACTION,
        "state": state,
        "reason": reason,
        "at": DONE,
        "person": f"p-{number}",
    }
    return CaseMail(**{**facts, **given})


async def tell(database: Database, *mails: CaseMail, tenant: str = "acme") -> None:
    """Have the scorer consume these mails as one batch."""
    async with database.transaction() as uow:
        await keep_update_mails(uow, [CASE_MAILS.event(tenant, mail, uow.now) for mail in mails])
