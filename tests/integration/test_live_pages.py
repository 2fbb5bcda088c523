"""Open pages are told of a change by the database; without one nothing is read."""

import asyncio

import pytest
from support.companies import Company, World, a_note
from support.route_requests import LIVE

from shared.http.live import LiveChange


@pytest.mark.parametrize("path", LIVE)
async def test_a_change_wakes_the_live_pages_which_else_read_nothing(
    world: World, birch: Company, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: asyncio.Queue[object] = asyncio.Queue()

    async def read(tenants: object) -> list[LiveChange]:
        reads.put_nowait(tenants)
        return []

    monkeypatch.setattr("shared.http.live.MAX_READ_INTERVAL_S", 3_600)
    feed = world.app(LIVE[path]).state.context.feed
    monkeypatch.setattr(feed, "_read", read)
    stream = feed.listen(birch.name)
    await anext(stream)
    for _ in ("the stream is new", "perhaps only the listener has connected", "so another change"):
        await asyncio.wait_for(reads.get(), 20)
        await world.post("alerts", birch, f"/v1/cases/{birch.case}/actions", a_note(birch.name))
        await world.deliver_all()
    assert await asyncio.wait_for(reads.get(), 20) == {birch.name}
    await stream.aclose()
