"""Rules tried on the events of the last days: a company's surveys with one changed, every event decided again."""

import time
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import msgspec
from bench.dispatcher import go_live, order
from bench.results import Result, print_progress
from bench.scorer import TENANT
from bench.servers import Servers

from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.dry_runs.schemas import candidate_of
from services.dispatcher.dry_runs.simulation import run
from services.dispatcher.surveys.survey_commands import list_surveys
from shared.db.database import Database
from shared.events import TRANSACTIONS

EVENT_COUNT = 100_000
STORED_AT_ONCE = 2_000
MAX_S = 10


async def tried(servers: Servers) -> list[Result]:
    """Each customer has two events; with a quarantine of a day instead of ninety."""
    count, secret = servers.size(EVENT_COUNT), servers.state.secret
    seconds = []
    async with servers.database("dispatcher") as database:
        await go_live(database)
        await _decide(database, secret, count)
        async with database.reading() as uow:
            (survey,) = await list_surveys(uow, TENANT)
        draft = msgspec.structs.replace(survey.draft, quarantine_days=0)
        for _ in range(servers.rounds):
            began = time.monotonic()
            found = await run(
                database, secret, TENANT,
                survey=candidate_of(draft, survey.id), company=None, period=timedelta(days=1),
            )  # fmt: skip
            seconds.append(time.monotonic() - began)
            print_progress(f"  {seconds[-1]:,.1f} s: {found.was}, {found.would_be}")
            if found.events != count or found.would_be != {"invited": count}:
                raise RuntimeError(f"of {count} events without a quarantine: {found.would_be}")
    speed = f"{count / min(seconds):,.0f} events a second at best"
    return [
        Result("dry_runs", "rules tried on past events", "s", seconds, size=f"{count:,} events",
               max_value=MAX_S, note=speed),
    ]  # fmt: skip


async def _decide(database: Database, secret: str, count: int) -> None:
    """Decide the events; the tables are analysed as they would be by then."""
    context: Any = SimpleNamespace(secret=secret)
    decide = partial(decide_transactions, context, current_contact_policy())
    for first in range(0, count, STORED_AT_ONCE):
        numbers = range(first, min(first + STORED_AT_ONCE, count))
        async with database.transaction() as uow:
            events = [order(number, f"c-{number % max(count // 2, 1)}", uow.now) for number in numbers]
            await decide(uow, sorted(events, key=TRANSACTIONS.record_key))
            await uow.execute("DELETE FROM outbox")
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE")
