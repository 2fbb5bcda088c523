"""Reading scores: any window of any segment, and the list of many segments, at the database and at the door.

First with ten million answers stored, against ten thousand; then with counts alone, for as many segments as a
large company has: a row for each segment and day, however many answers it counts.
"""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from bench import dashboard
from bench.figures import Figure, interleaved
from bench.ground import Ground
from bench.stand import serving

from deploy.local.state import environment, free_ports
from deploy.local.supervise import AFTERWORD
from services.scorer.repository import counts
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import TENANTS, KeyDigest, Tenant
from shared.events.nps import SCALE
from shared.tenancy import digest_of, keep_tenants

KEY = "aw_a-key-of-the-bench"
MANY, FEW = 10_000, 100
DAYS = 730
"""A list compares a window with the one before it: two years."""
LOOKS = 40


async def reading(ground: Ground) -> list[Figure]:
    """A window of one segment, and the whole list over 30 and 365 days, with many segments and with few."""
    many = ground.size(MANY)
    async with ground.database("scorer") as database, a_door(ground, database) as door:
        for tenant, segments in (("many", many), ("few", FEW)):
            await _fill(database, tenant, segments)
        async with database.engine.connect() as connection:
            await connection.exec_driver_sql("ANALYZE")
        return [
            await _score(ground, door, database, many),
            *[
                await _list(ground, database, many, days, most)
                for days, most in ((30, 400.0), (365, 2_000.0))
            ],
            await _page(ground, door, many),
            *await dashboard.pages(ground, door, many, FEW),
        ]


async def _score(ground: Ground, door: httpx.AsyncClient, database: Database, many: int) -> Figure:
    """At the server: the statement inside its transaction; the door's own time stands beside it as JSON."""
    window = Window.ending(datetime.now(UTC).date(), 90)

    def at_database(tenant: str, segments: int) -> Any:
        async def side() -> float:
            began = time.perf_counter()
            for look in range(LOOKS):
                async with database.reading() as uow:
                    name = f"store:s{look * 7919 % segments:05}"
                    await counts.window_counts(uow, tenant, "transactional", name, window)
            return 1000 * (time.perf_counter() - began) / LOOKS

        return side

    sides = {"many": at_database("many", many), "few": at_database("few", FEW)}
    found = await interleaved(ground.rounds, sides)
    return Figure("window", "90 days of one segment, at the database", "ms", found["many"],
                  f"with {FEW} segments", found["few"], most=5, size=f"{many:,} segments, {DAYS} days")  # fmt: skip


async def _list(ground: Ground, database: Database, many: int, days: int, most: float) -> Figure:
    """The statement of the page's list: every segment of a dimension in two windows."""
    now = Window.ending(datetime.now(UTC).date(), days)

    def side(tenant: str) -> Any:
        async def look() -> float:
            began = time.perf_counter()
            async with database.reading() as uow:
                await counts.use_custom_plans(uow)
                await counts.segment_parts(uow, tenant, "transactional", (), "store", now, now.before())
            return 1000 * (time.perf_counter() - began)

        return look

    found = await interleaved(ground.rounds, {"many": side("many"), "few": side("few")})
    return Figure(f"list_{days}", f"list of segments, {days} days, at the database", "ms", found["many"],
                  f"with {FEW} segments", found["few"], most=most, size=f"{many:,} segments")  # fmt: skip


async def _page(ground: Ground, door: httpx.AsyncClient, many: int) -> Figure:
    """A window of one segment through the door of a process of its own, keys on."""

    def side(tenant: str, segments: int) -> Any:
        async def look() -> float:
            began = time.perf_counter()
            for number in range(LOOKS):
                query = {"segment": f"store:s{number * 7919 % segments:05}", "window": "90d"}
                headers = {"authorization": f"Bearer {KEY}-{tenant}"}
                (await door.get("/v1/scores", params=query, headers=headers)).raise_for_status()
            return 1000 * (time.perf_counter() - began) / LOOKS

        return look

    found = await interleaved(ground.rounds, {"many": side("many", many), "few": side("few", FEW)})
    return Figure("window_api", "90 days of one segment, GET /v1/scores", "ms", found["many"],
                  f"with {FEW} segments", found["few"], size=f"{many:,} segments, {DAYS} days")  # fmt: skip


async def know(database: Database, tenant: str) -> None:
    """The company, with a key of its own."""
    key = KeyDigest(id="k", name="bench", digest=digest_of(f"{KEY}-{tenant}"), scopes=("scores:read",))
    known = Tenant(id=tenant, version=1, name=tenant, time_zone="UTC", country="DK", keys=(key,))
    async with database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event(tenant, known, uow.now)])


async def _fill(database: Database, tenant: str, segments: int) -> None:
    """The company, its segments, and a row for each of them and each day."""
    await know(database, tenant)
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO segment (tenant, segment, dimension) SELECT :tenant, "
            "'store:s' || lpad(CAST(n AS text), 5, '0'), 'store' FROM generate_series(0, :last) AS n",
            {"tenant": tenant, "last": segments - 1},
        )
        await uow.execute(
            "INSERT INTO dimension (tenant, dimension, size) VALUES (:tenant, 'store', :size)",
            {"tenant": tenant, "size": segments},
        )
    columns = ", ".join(f"c{score}" for score in SCALE)
    today = datetime.now(UTC).date()
    for day in range(DAYS):
        async with database.transaction() as uow:
            await uow.execute(
                f"INSERT INTO day_count (tenant, measurement, segment, day, {columns}) "
                "SELECT :tenant, 'transactional', segment, :day, "
                + ", ".join(f"(length(segment) + {score}) % 3" for score in SCALE)
                + " FROM (SELECT segment FROM segment WHERE tenant = :tenant UNION ALL SELECT '') AS s",
                {"tenant": tenant, "day": today - timedelta(days=day)},
            )


@asynccontextmanager
async def a_door(ground: Ground, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The scorer's API on that database, in a process of its own."""
    (port,) = free_ports(1)
    settings = {**environment(ground.state), "AFTERWORD_LOG": "json", "SCORER_DATABASE_URL": database.url}
    async with AsyncExitStack() as stack:
        command = (str(AFTERWORD), "run", "scorer", "api", "--port", str(port))
        await stack.enter_async_context(serving(port, settings, *command))
        yield await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
        )
