"""Reading scores, who answered, and themes with ten million answers stored, against ten thousand."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from bench import answer_tables, dashboard, windows
from bench.results import Result, interleaved
from bench.scorer import TENANT
from bench.servers import Servers

from services.scorer.repository import counts
from services.scorer.windows import Window
from shared.db.database import Database

MANY_ANSWERS, FEW_ANSWERS = 10_000_000, 10_000
WINDOW_DAYS = (7, 30, 90, 365)
SEGMENTS = (
    "",
    *(f"touchpoint:{name}" for name in answer_tables.TOUCHPOINTS),
    *(f"store:store-{number}" for number in range(answer_tables.STORE_COUNT)),
    *(f"organisation:north/sales/team-{number}" for number in range(answer_tables.TEAM_COUNT)),
)


TWO_SEGMENTS = ("store:store-1", "product:product-21")
"""Of every hundredth answer or so."""
PAGES: tuple[tuple[str, str, str, dict[str, Any], float], ...] = (
    ("dashboard_stored_30", "dashboard's page, 30 days", "/", {"window": "30d", "by": "store"}, 250.0),
    ("dashboard_stored_365", "dashboard's page, 365 days", "/", {"window": "365d", "by": "store"}, 600.0),
    ("responses_stored", "page of who answered, 30 days", "/responses", {"window": "30d"}, 250.0),
    ("themes_stored", "page of themes, 365 days", "/themes", {"window": "365d"}, 1_000.0),
    (
        *("two_segments_stored", "page of two segments at once, 30 days", "/segments"),
        {"segment": TWO_SEGMENTS, "window": "30d"},
        600.0,
    ),
    ("compare_stored", "comparison of two windows of 30 days", "/compare", {"window": "30d"}, 250.0),
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
        for name, what, path, query, max_value in PAGES:
            sides = {
                "many": dashboard.timer(servers, many_api, TENANT, path, query),
                "few": dashboard.timer(servers, few_api, TENANT, path, query),
            }
            page = await interleaved(servers.rounds, sides, warmed=True)
            pages.append(
                Result(name, what, "ms", page["many"], baseline, page["few"], max_value=max_value, max_ratio=3,
                       size=size)
            )  # fmt: skip
        return [windowed, *pages]


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
