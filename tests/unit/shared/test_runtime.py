"""How a process lives: nothing dies quietly, nothing ends late."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from shared import runtime
from shared.runtime import STALE_AFTER, Backoff, Health, pause, run_loops


async def until_stopped(stopping: asyncio.Event) -> None:
    await stopping.wait()


async def test_a_loop_that_dies_stops_the_others_and_its_error_is_told() -> None:
    async def dies(_: asyncio.Event) -> None:
        raise LookupError("why")

    stopping = asyncio.Event()
    with pytest.raises(ExceptionGroup) as caught:
        await run_loops({"lives": until_stopped, "dies": dies}, stopping)
    assert caught.group_contains(LookupError)
    assert stopping.is_set()


async def test_a_loop_that_ends_by_itself_is_a_death_too() -> None:
    async def ends(_: asyncio.Event) -> None:
        return

    with pytest.raises(ExceptionGroup) as caught:
        await run_loops({"ends": ends}, asyncio.Event())
    assert caught.group_contains(RuntimeError, match="ended by itself")


async def test_what_waits_for_ever_is_cancelled_some_seconds_after_the_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "FINISH_WITHIN", 0.05)
    cancelled = asyncio.Event()

    async def hangs(_: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    stopping = asyncio.Event()
    stopping.set()
    await run_loops({"hangs": hangs}, stopping)
    assert cancelled.is_set()


async def test_a_pause_ends_with_the_stop() -> None:
    stopping = asyncio.Event()
    stopping.set()
    await asyncio.wait_for(pause(stopping, 1_000), 1)


def test_a_loop_that_has_not_ticked_lately_is_named() -> None:
    now = 0.0
    health = Health(clock=lambda: now)
    health.tick("relay")
    now = STALE_AFTER - 1
    assert health.alive() == []
    now = STALE_AFTER + 1
    assert health.alive() == [f"relay: no tick for {STALE_AFTER + 1:.0f} s"]
    health.forget("relay")
    assert health.alive() == []


def test_what_is_missing_is_told_until_it_is_found() -> None:
    health = Health()
    health.missing("kafka", "away")
    assert health.ready() == ["kafka: away"]
    health.found("kafka")
    assert health.ready() == []


def test_what_one_service_of_a_process_waits_for_another_does_not_clear() -> None:
    one, other = Health("trigger"), Health("scorer")
    one.missing("a thing", "away")
    other.missing("a thing", "away")
    other.found("a thing")
    waits = {
        service: REGISTRY.get_sample_value("afterword_missing", {"service": service, "what": "a thing"})
        for service in ("trigger", "scorer")
    }
    assert waits == {"trigger": 1, "scorer": 0}


def test_a_backoff_stays_within_its_bounds_and_starts_again() -> None:
    backoff = Backoff(most=3.0)
    waits = [backoff.next() for _ in range(50)]
    assert all(0.1 <= wait <= 3.1 for wait in waits)
    backoff.reset()
    assert backoff.next() <= 0.5
