"""The dashboard's page with a list of many segments, as a leader's browser asks for it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from bench.figures import Figure, interleaved
from bench.ground import Ground

from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff

LEADER = UUID("01900000-0000-7000-8000-00000000000a")


async def pages(ground: Ground, door: httpx.AsyncClient, many: int, few: int) -> list[Figure]:
    """Everything that the page says, drawn: the list itself is one statement of some."""
    return [await _page(ground, door, many, few, days, most) for days, most in ((30, 400.0), (365, 2_000.0))]


def look_at(ground: Ground, door: httpx.AsyncClient, tenant: str, days: int) -> Any:
    """The page with its stores, milliseconds."""
    signer = AccessPass(ground.state.secret)

    async def look() -> float:
        until = datetime.now(UTC) + timedelta(minutes=5)
        leader = Staff(tenant, LEADER, "Mette", "leader", (), "session", until)
        cookie = {"cookie": f"{ACCESS_COOKIE}={signer.sign(leader)}", "accept": "text/html"}
        began = time.perf_counter()
        page = await door.get("/", params={"window": f"{days}d", "by": "store"}, headers=cookie)
        took = time.perf_counter() - began
        if page.status_code != 200 or "store" not in page.text:
            raise RuntimeError(f"the dashboard answered with {page.status_code}")
        return 1000 * took

    return look


async def _page(
    ground: Ground, door: httpx.AsyncClient, many: int, few: int, days: int, most: float
) -> Figure:
    sides = {tenant: look_at(ground, door, tenant, days) for tenant in ("many", "few")}
    found = await interleaved(ground.rounds, sides)
    return Figure(f"dashboard_{days}", f"dashboard's page, {days} days", "ms", found["many"],
                  f"with {few} segments", found["few"], most=most, size=f"{many:,} segments")  # fmt: skip
