"""What is being sent when a process stops: it has a last moment, and then nobody knows what became of it."""

import asyncio

import pytest

from shared.outbound import lanes
from shared.outbound.lanes import StopSign


@pytest.fixture
def stop() -> StopSign:
    return StopSign()


async def request(until: asyncio.Event) -> str:
    await until.wait()
    return "taken"


async def test_what_is_answered_before_the_stop_is_known(stop: StopSign) -> None:
    answered = asyncio.Event()
    sending = asyncio.ensure_future(stop.unless_stopped(request(answered)))
    answered.set()
    assert await sending == "taken"


async def test_what_is_answered_in_the_last_moment_is_known(stop: StopSign) -> None:
    answered = asyncio.Event()
    sending = asyncio.ensure_future(stop.unless_stopped(request(answered)))
    await asyncio.sleep(0)
    stop.event.set()
    stop.end_requests()
    answered.set()
    assert await sending == "taken"


@pytest.mark.parametrize("begins", ["before the stop", "after it"])
async def test_of_what_is_not_answered_nobody_knows(
    stop: StopSign, monkeypatch: pytest.MonkeyPatch, begins: str
) -> None:
    monkeypatch.setattr(lanes, "STOP_GRACE_S", 0.01)
    if begins == "after it":
        stop.event.set()
    sending = asyncio.ensure_future(stop.unless_stopped(request(asyncio.Event())))
    await asyncio.sleep(0)
    stop.event.set()
    stop.end_requests()
    assert await sending is None


async def test_a_requests_own_fault_is_not_taken_for_the_stop(stop: StopSign) -> None:
    async def breaks() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await stop.unless_stopped(breaks())
