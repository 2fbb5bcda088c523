"""Cases that are closed with a cause, and actions of improvement, for the scorer."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from support.scorer_builders import ANSWER_NAMESPACE

from services.scorer.handlers import keep_cases
from shared.db.database import Database
from shared.events import CASES, Case


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
