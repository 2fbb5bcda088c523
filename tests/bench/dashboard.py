"""The dashboard's page with a list of many segments, as a leader's browser asks for it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from bench.results import Result, interleaved
from bench.servers import Servers

from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff

LEADER_ID = UUID("01900000-0000-7000-8000-00000000000a")


async def dashboard_pages(servers: Servers, api: httpx.AsyncClient, many: int, few: int) -> list[Result]:
    """The whole page, rendered: the list itself is one statement of several."""
    return [
        await _page(servers, api, many, few, days, max_value)
        for days, max_value in ((30, 400.0), (365, 2_000.0))
    ]


def page_timer(servers: Servers, api: httpx.AsyncClient, tenant: str, days: int) -> Any:
    """A round that loads the page with its stores, in milliseconds."""
    return timer(servers, api, tenant, "/", {"window": f"{days}d", "by": "store"}, has="store")


def timer(
    servers: Servers, api: httpx.AsyncClient, tenant: str, path: str, query: dict[str, Any], has: str = ""
) -> Any:
    """A round that loads a page of a leader, in milliseconds.

    :param has: what the page must say.
    """
    signer = AccessPass(servers.state.secret)

    async def load() -> float:
        until = datetime.now(UTC) + timedelta(minutes=5)
        leader = Staff(tenant, LEADER_ID, "Mette", "leader", (), "session", until)
        cookie = {"cookie": f"{ACCESS_COOKIE}={signer.sign(leader)}", "accept": "text/html"}
        began = time.perf_counter()
        page = await api.get(path, params=query, headers=cookie)
        took = time.perf_counter() - began
        if page.status_code != 200 or has not in page.text:
            raise RuntimeError(f"{path} answered with {page.status_code}")
        return 1000 * took

    return load


async def _page(
    servers: Servers, api: httpx.AsyncClient, many: int, few: int, days: int, max_value: float
) -> Result:
    sides = {tenant: page_timer(servers, api, tenant, days) for tenant in ("many", "few")}
    found = await interleaved(servers.rounds, sides)
    return Result(f"dashboard_{days}", f"dashboard's page, {days} days", "ms", found["many"],
                  f"with {few} segments", found["few"], max_value=max_value, size=f"{many:,} segments")  # fmt: skip
