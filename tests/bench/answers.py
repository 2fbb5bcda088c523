"""Reading scores, who answered, and themes with ten million answers stored, against ten thousand."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx
from bench import answer_tables, dashboard, windows
from bench.results import Result, interleaved
from bench.scorer import TENANT
from bench.servers import Servers

from services.scorer.noted_counts import NotedCounter
from services.scorer.pair_names import pair_of
from services.scorer.pairs.filling import PairFilling
from services.scorer.pairs.repository import insert_pair, list_pairs
from services.scorer.repository import counts
from services.scorer.windows import Window
from shared.db.database import Database
from shared.health import Health
from shared.ids import uuid7

MANY_ANSWERS, FEW_ANSWERS = 10_000_000, 10_000
WINDOW_DAYS = (7, 30, 90, 365)
FILL_SECONDS = 20.0
SEGMENTS = (
    "",
    *(f"touchpoint:{name}" for name in answer_tables.TOUCHPOINTS),
    *(f"store:store-{number}" for number in range(answer_tables.STORE_COUNT)),
    *(f"organisation:north/sales/team-{number}" for number in range(answer_tables.TEAM_COUNT)),
)


TWO_SEGMENTS = ("store:store-1", "product:product-21")
"""Of every hundredth answer or so."""
ONE_SEGMENT = ("store:store-1",)
"""Of every fortieth answer. Parts of it by dimensions with which it is not paired are read from answers."""


class StoredPage(NamedTuple):
    """A page that is loaded of both databases."""

    name: str
    what: str
    path: str
    query: dict[str, Any]
    max_value: float | None = None
    """Milliseconds. None: it reads the answers of its days, so there is no aim."""
    paired: bool = False
    """Whether the pair of the two segments is ready."""


PAGES = (
    StoredPage(
        "dashboard_stored_30", "dashboard's page, 30 days", "/", {"window": "30d", "by": "store"}, 250.0
    ),
    StoredPage(
        "dashboard_stored_365", "dashboard's page, 365 days", "/", {"window": "365d", "by": "store"}, 600.0
    ),
    StoredPage("responses_stored", "page of who answered, 30 days", "/responses", {"window": "30d"}, 250.0),
    StoredPage("themes_stored", "page of themes, 365 days", "/themes", {"window": "365d"}, 1_000.0),
    *(
        StoredPage(
            f"two_segments_stored{'_paired' if paired else ''}_{days}",
            f"page of two segments at once, {'a declared pair, ' if paired else ''}{days} days",
            "/segments",
            {"segment": TWO_SEGMENTS, "window": f"{days}d"},
            600.0,
            paired,
        )
        for paired in (False, True)
        for days in (30, 365)
    ),
    StoredPage(
        *("one_segment_stored", "page of one segment, 30 days", "/segments"),
        {"segment": ONE_SEGMENT, "window": "30d"},
    ),
    StoredPage(
        *("one_segment_responses_stored", "page of who answered of one segment, 30 days", "/responses"),
        {"segment": ONE_SEGMENT, "window": "30d"},
    ),
    StoredPage(
        "compare_stored", "comparison of two windows of 30 days", "/compare", {"window": "30d"}, 250.0
    ),
    StoredPage(
        *("compare_dimension_stored", "comparison of each store's windows of 30 days", "/compare"),
        *({"window": "30d", "dimension": "store"}, 250.0),
    ),
    StoredPage(
        "drivers_stored", "page of what moved the score, 30 days", "/drivers", {"window": "30d"}, 1_000.0
    ),
    StoredPage("gap_stored", "page of the gap, 30 days", "/gap", {"window": "30d"}, 250.0),
    StoredPage(
        *("ranking_stored", "ranking of the stores, 30 days", "/v1/ranking"),
        *({"window": "30d", "dimension": "store"}, 250.0),
    ),
    StoredPage(
        *("list_stored", "list of all answers, 30 days", "/segments"), {"segment": "", "window": "30d"}, 600.0
    ),
    StoredPage("benchmarks_stored", "page of benchmarks", "/benchmarks", {}, 250.0),
)


async def stored_answers(servers: Servers) -> list[Result]:
    """The usual windows of every segment, at the database; and the pages, which must not grow with the answers."""
    many_answers = servers.size(MANY_ANSWERS)
    async with (
        _scorer(servers, many_answers) as (many, many_api),
        _scorer(servers, FEW_ANSWERS) as (few, few_api),
    ):
        found = await interleaved(servers.rounds, {"many": _windows(many), "few": _windows(few)})
        size, baseline = f"{many_answers:,} answers", f"with {FEW_ANSWERS:,} answers"
        windowed = Result(
            "windows_stored", f"windows of {', '.join(map(str, WINDOW_DAYS))} days of {len(SEGMENTS)} segments, at the "
            "database", "ms", found["many"], baseline, found["few"], max_value=5, max_ratio=1.5, size=size,
        )  # fmt: skip
        pages = []
        for page in PAGES:
            sides = {}
            for side, database, api in (("many", many, many_api), ("few", few, few_api)):
                await _set_ready(database, ready=page.paired)
                sides[side] = dashboard.timer(servers, api, TENANT, page.path, page.query)
            took = await interleaved(servers.rounds, sides, warmed=True)
            pages.append(
                Result(page.name, page.what, "ms", took["many"], baseline, took["few"], max_value=page.max_value,
                       max_ratio=3, size=size)
            )  # fmt: skip
        filled = Result(
            "pair_filled", "answers that the loop counts in a pair that is declared", "answers/s",
            [await _fill_rate(many)], min_value=5_000, size=size,
        )  # fmt: skip
        return [windowed, *pages, filled]


async def _set_ready(database: Database, *, ready: bool) -> None:
    """Let pages read the counts of the pair, or not."""
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE segment_pair SET state = :state", {"state": "ready" if ready else "filling"}
        )


async def _fill_rate(database: Database) -> float:
    """Declare a further pair, and have the loops of a worker count it for a while: answers a second."""
    await _set_ready(database, ready=True)
    health, stop = Health("scorer"), asyncio.Event()
    async with database.transaction() as uow:
        await insert_pair(uow, TENANT, uuid7(), pair_of("store", "touchpoint"))
    filling = PairFilling(database, health)
    noting = asyncio.ensure_future(NotedCounter(database, health).loop(stop))
    began = time.perf_counter()
    while time.perf_counter() - began < FILL_SECONDS:
        waits = await filling.step()
        if waits is None:
            break
        await asyncio.sleep(waits)
    took = time.perf_counter() - began
    stop.set()
    await noting
    async with database.reading() as uow:
        return sum(each.declared.walked for each in await list_pairs(uow, TENANT)) / took


def _windows(database: Database) -> Any:
    today = datetime.now(UTC).date()

    async def side() -> float:
        began = time.perf_counter()
        for days in WINDOW_DAYS:
            for segment in SEGMENTS:
                async with database.reading() as uow:
                    await counts.window_counts(
                        uow, TENANT, "transactional", segment, Window.ending(today, days)
                    )
        return 1000 * (time.perf_counter() - began) / len(WINDOW_DAYS) / len(SEGMENTS)

    return side


@asynccontextmanager
async def _scorer(servers: Servers, count: int) -> AsyncIterator[tuple[Database, httpx.AsyncClient]]:
    """A scorer's database with so many answers, and a client of its API."""
    async with servers.database("scorer") as database:
        await windows.add_tenant_with_key(database, TENANT)
        await answer_tables.fill_scorer(servers, database, count)
        async with windows.running_scorer_api(servers, database) as api:
            yield database, api
