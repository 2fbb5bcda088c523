"""Answers to count, the counts that the scorer keeps, and those of a naive recount."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid5

from support.eventually import eventually

from services.scorer.handlers import count_answers
from shared.db.database import Database
from shared.events import ANSWERS, Answer, Event, Tenant
from shared.events.segments import segments_of
from shared.events.tenants import TENANTS
from shared.tenancy import keep_tenants

ANSWER_NAMESPACE = UUID("7c1c2f6e-7a58-4d29-9f5d-5b5c3b1b7d11")
DAY = date(2026, 11, 20)
ACME = Tenant(id="acme", version=1, name="Acme", time_zone="Europe/Copenhagen", country="DK")


def an_answer(name: str = "a", **given: Any) -> Answer:
    """An answer that was sent; its id comes from its name."""
    day = given.get("day") or DAY
    at = datetime.combine(day, time(12), UTC)
    values: dict[str, Any] = {
        "id": uuid5(ANSWER_NAMESPACE, name),
        "version": 1,
        "state": "sent",
        "origin": "survey",
        "score": 9,
        "touchpoint": "checkout",
        "segments": {"touchpoint": "checkout"},
        "organisation": ("north", "sales"),
        "day": DAY,
        "answered_at": at,
        "changed_at": at,
    }
    return Answer(**(values | given))


def events_of(answers: Sequence[Answer], tenant: str = "acme") -> list[Event[Answer]]:
    """A batch as a handler gets it."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    ordered = sorted(answers, key=lambda answer: (str(answer.id), answer.version))
    return [ANSWERS.event(tenant, answer, now) for answer in ordered]


async def count(database: Database, *answers: Answer, tenant: str = "acme") -> None:
    """Have the scorer count these answers as one batch."""
    async with database.transaction() as uow:
        await count_answers(uow, events_of(answers, tenant))


async def add_tenant(database: Database, tenant: Tenant = ACME) -> None:
    """Have the scorer consume a tenant's event."""
    async with database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event(tenant.id, tenant, uow.now)])


async def kept_counts(database: Database, tenant: str = "acme") -> dict[tuple[str, str, date], list[int]]:
    """The counts that the scorer keeps, without rows that are all zero."""
    async with database.reading() as uow:
        rows = await uow.execute("SELECT * FROM day_count WHERE tenant = :tenant", {"tenant": tenant})
        return {(row.measurement, row.segment, row.day): list(row[4:]) for row in rows if any(row[4:])}


def naive_counts(answers: Sequence[Answer]) -> dict[tuple[str, str, date], list[int]]:
    """The newest version of each answer, counted one by one."""
    newest: dict[UUID, Answer] = {}
    for answer in answers:
        if answer.id not in newest or newest[answer.id].version < answer.version:
            newest[answer.id] = answer
    found: dict[tuple[str, str, date], list[int]] = {}
    for answer in newest.values():
        if answer.test or answer.state == "clicked" or answer.score is None or answer.day is None:
            continue
        for segment in segments_of(answer):
            counts = found.setdefault((answer.measurement, segment, answer.day), [0] * 11)
            counts[answer.score] += 1
    return found


async def until_somebody_waits(database: Database) -> None:
    """Until a transaction waits for another one's lock."""

    async def waits() -> bool:
        async with database.reading() as uow:
            found = await uow.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(found.scalar_one())

    await eventually(waits)
