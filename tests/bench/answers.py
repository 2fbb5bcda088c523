"""Reading scores where ten million answers are stored, against ten thousand."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from bench import dashboard, stored, windows
from bench.figures import Figure, interleaved
from bench.ground import Ground
from bench.scorer import TENANT

from services.scorer.repository import counts
from services.scorer.windows import Window
from shared.db.database import Database

MUCH, LITTLE = 10_000_000, 10_000
DAYS = (7, 30, 90, 365)
SEGMENTS = (
    "",
    *(f"touchpoint:{name}" for name in stored.TOUCHPOINTS),
    *(f"store:store-{number}" for number in range(stored.STORES)),
    *(f"organisation:north/sales/team-{number}" for number in range(stored.TEAMS)),
)


async def stored_answers(ground: Ground) -> list[Figure]:
    """Every usual window of every segment, at the database; and the dashboard's page, which reads answers too."""
    much = ground.size(MUCH)
    async with _scorer(ground, much) as (many, many_door), _scorer(ground, LITTLE) as (few, few_door):
        found = await interleaved(ground.rounds, {"much": _windows(many), "little": _windows(few)})
        size, baseline = f"{much:,} answers", f"with {LITTLE:,} answers"
        windowed = Figure(
            "windows_stored", f"windows of {', '.join(map(str, DAYS))} days of {len(SEGMENTS)} segments, at the "
            "database", "ms", found["much"], baseline, found["little"], most=5, flat=1.5, size=size,
        )  # fmt: skip
        pages = []
        for days, most in ((30, 400.0), (365, 2_000.0)):
            sides = {
                "much": dashboard.look_at(ground, many_door, TENANT, days),
                "little": dashboard.look_at(ground, few_door, TENANT, days),
            }
            page = await interleaved(ground.rounds, sides, warmed=True)
            pages.append(
                Figure(f"dashboard_stored_{days}", f"dashboard's page, {days} days", "ms", page["much"], baseline,
                       page["little"], most=most, size=size)
            )  # fmt: skip
        return [windowed, *pages]


def _windows(database: Database) -> Any:
    today = datetime.now(UTC).date()

    async def side() -> float:
        began = time.perf_counter()
        for days in DAYS:
            for segment in SEGMENTS:
                async with database.reading() as uow:
                    await counts.window_counts(
                        uow, TENANT, "transactional", segment, Window.ending(today, days)
                    )
        return 1000 * (time.perf_counter() - began) / len(DAYS) / len(SEGMENTS)

    return side


@asynccontextmanager
async def _scorer(ground: Ground, count: int) -> AsyncIterator[tuple[Database, httpx.AsyncClient]]:
    """A scorer with so many answers, and its door."""
    async with ground.database("scorer") as database:
        await windows.know(database, TENANT)
        await stored.fill_scorer(ground, database, count)
        async with windows.a_door(ground, database) as door:
            yield database, door
