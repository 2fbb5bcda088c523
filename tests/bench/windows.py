"""Reading scores: a window of a segment, and the list of many segments, at the database and through the API.

Only counts are stored, for as many segments as a large company has: a row for each segment and day, however
many answers it counts.
"""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from bench import dashboard
from bench.product import running_process
from bench.results import Result, interleaved
from bench.servers import Servers

from deploy.local.state import environment, free_ports
from deploy.local.supervise import AFTERWORD
from services.scorer.repository import counts
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import TENANTS, KeyDigest, Tenant
from shared.events.nps import SCALE
from shared.tenancy import digest_of, keep_tenants

KEY_PREFIX = "aw_a-key-of-the-bench"
MANY_SEGMENTS, FEW_SEGMENTS = 10_000, 100
STORED_DAYS = 730
"""A list compares a window of up to a year with the one before it."""
READS_PER_ROUND = 40


async def reading(servers: Servers) -> list[Result]:
    """A window of one segment, and the whole list over 30 and 365 days, with many segments and with few."""
    many = servers.size(MANY_SEGMENTS)
    async with servers.database("scorer") as database, running_scorer_api(servers, database) as api:
        for tenant, segments in (("many", many), ("few", FEW_SEGMENTS)):
            await _fill(database, tenant, segments)
        async with database.engine.connect() as connection:
            await connection.exec_driver_sql("ANALYZE")
        return [
            await _score(servers, api, database, many),
            *[
                await _list(servers, database, many, days, max_value)
                for days, max_value in ((30, 400.0), (365, 2_000.0))
            ],
            await _page(servers, api, many),
            *await dashboard.dashboard_pages(servers, api, many, FEW_SEGMENTS),
        ]


async def _score(servers: Servers, api: httpx.AsyncClient, database: Database, many: int) -> Result:
    """The statement in its transaction, without the API."""
    window = Window.ending(datetime.now(UTC).date(), 90)

    def at_database(tenant: str, segments: int) -> Any:
        async def side() -> float:
            began = time.perf_counter()
            for number in range(READS_PER_ROUND):
                async with database.reading() as uow:
                    name = f"store:s{number * 7919 % segments:05}"
                    await counts.window_counts(uow, tenant, "transactional", name, window)
            return 1000 * (time.perf_counter() - began) / READS_PER_ROUND

        return side

    sides = {"many": at_database("many", many), "few": at_database("few", FEW_SEGMENTS)}
    found = await interleaved(servers.rounds, sides)
    return Result("window", "90 days of one segment, at the database", "ms", found["many"],
                  f"with {FEW_SEGMENTS} segments", found["few"], max_value=5, size=f"{many:,} segments, {STORED_DAYS} days")  # fmt: skip


async def _list(servers: Servers, database: Database, many: int, days: int, max_value: float) -> Result:
    """The statement of the page's list: all segments of a dimension in two windows."""
    now = Window.ending(datetime.now(UTC).date(), days)

    def side(tenant: str) -> Any:
        async def side_round() -> float:
            began = time.perf_counter()
            async with database.reading() as uow:
                await counts.use_custom_plans(uow)
                await counts.segment_parts(
                    uow, Selection(tenant), "transactional", "store", now, now.before()
                )
            return 1000 * (time.perf_counter() - began)

        return side_round

    found = await interleaved(servers.rounds, {"many": side("many"), "few": side("few")})
    return Result(f"list_{days}", f"list of segments, {days} days, at the database", "ms", found["many"],
                  f"with {FEW_SEGMENTS} segments", found["few"], max_value=max_value, size=f"{many:,} segments")  # fmt: skip


async def _page(servers: Servers, api: httpx.AsyncClient, many: int) -> Result:
    """A window of one segment through the API, in a process of its own with keys."""

    def side(tenant: str, segments: int) -> Any:
        async def side_round() -> float:
            began = time.perf_counter()
            for number in range(READS_PER_ROUND):
                query = {"segment": f"store:s{number * 7919 % segments:05}", "window": "90d"}
                headers = {"authorization": f"Bearer {KEY_PREFIX}-{tenant}"}
                (await api.get("/v1/scores", params=query, headers=headers)).raise_for_status()
            return 1000 * (time.perf_counter() - began) / READS_PER_ROUND

        return side_round

    found = await interleaved(servers.rounds, {"many": side("many", many), "few": side("few", FEW_SEGMENTS)})
    return Result("window_api", "90 days of one segment, GET /v1/scores", "ms", found["many"],
                  f"with {FEW_SEGMENTS} segments", found["few"], size=f"{many:,} segments, {STORED_DAYS} days")  # fmt: skip


async def add_tenant_with_key(database: Database, tenant: str) -> None:
    """Add the tenant, with a key of its own."""
    key = KeyDigest(id="k", name="bench", digest=digest_of(f"{KEY_PREFIX}-{tenant}"), scopes=("scores:read",))
    known = Tenant(id=tenant, version=1, name=tenant, time_zone="UTC", country="DK", keys=(key,))
    async with database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event(tenant, known, uow.now)])


async def _fill(database: Database, tenant: str, segments: int) -> None:
    """Add the tenant, its segments, and a row of counts for each segment and day."""
    await add_tenant_with_key(database, tenant)
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
    for day in range(STORED_DAYS):
        async with database.transaction() as uow:
            await uow.execute(
                f"INSERT INTO day_count (tenant, measurement, segment, day, {columns}) "
                "SELECT :tenant, 'transactional', segment, :day, "
                + ", ".join(f"(length(segment) + {score}) % 3" for score in SCALE)
                + " FROM (SELECT segment FROM segment WHERE tenant = :tenant UNION ALL SELECT '') AS s",
                {"tenant": tenant, "day": today - timedelta(days=day)},
            )


@asynccontextmanager
async def running_scorer_api(servers: Servers, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the scorer's API on this database, in a process of its own."""
    (port,) = free_ports(1)
    settings = {**environment(servers.state), "AFTERWORD_LOG": "json", "SCORER_DATABASE_URL": database.url}
    async with AsyncExitStack() as stack:
        command = (str(AFTERWORD), "run", "scorer", "api", "--port", str(port))
        await stack.enter_async_context(running_process(port, settings, *command))
        yield await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
        )
