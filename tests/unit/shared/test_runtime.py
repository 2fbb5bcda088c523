"""How a process lives: nothing dies quietly, nothing ends late."""

import asyncio
from typing import Any

import pytest

from shared import runtime
from shared.db.database import Database
from shared.db.schema_check import SchemaCheck
from shared.health import Health
from shared.kafka.ops.topic_probe import TopicProbe
from shared.runtime import NEVER_AGAIN, Backoff, Periodic, pause, run_loops


async def until_stopped(stopping: asyncio.Event) -> None:
    await stopping.wait()


async def test_a_loop_that_fails_stops_the_others_and_its_error_is_raised() -> None:
    async def dies(_: asyncio.Event) -> None:
        raise LookupError("why")

    stopping = asyncio.Event()
    with pytest.raises(ExceptionGroup) as caught:
        await run_loops({"lives": until_stopped, "dies": dies}, stopping)
    assert caught.group_contains(LookupError)
    assert stopping.is_set()


async def test_a_loop_that_ends_by_itself_is_a_failure_too() -> None:
    async def ends(_: asyncio.Event) -> None:
        return

    with pytest.raises(ExceptionGroup) as caught:
        await run_loops({"ends": ends}, asyncio.Event())
    assert caught.group_contains(RuntimeError, match="ended by itself")


async def test_what_waits_for_ever_is_cancelled_some_seconds_after_the_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "STOP_TIMEOUT_S", 0.05)
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
    await asyncio.wait_for(pause(stopping, 1_000), 10)


def test_a_backoff_stays_within_its_bounds_and_starts_again() -> None:
    backoff = Backoff(max_s=3.0)
    waits = [backoff.next() for _ in range(50)]
    assert all(0.1 <= wait <= 3.1 for wait in waits)
    backoff.reset()
    assert backoff.next() <= 0.5


async def run_until_done(*outcomes: float | Exception | None, health: Health, **how: Any) -> int:
    """Run a periodic loop whose steps end so, one after the other; how often the step was called."""
    stopping, left, calls = asyncio.Event(), list(outcomes), 0

    async def step() -> float | None:
        nonlocal calls
        calls += 1
        outcome = left.pop(0)
        if not left:
            stopping.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    await asyncio.wait_for(Periodic("work", step, interval_s=0.01, health=health, **how).run(stopping), 5)
    return calls


async def test_a_periodic_loop_calls_its_step_after_the_interval_or_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    async def no_pause(_: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(runtime, "pause", no_pause)
    health = Health()
    assert await run_until_done(None, 0, 0.02, None, health=health) == 4
    assert waits == [0.01, 0.02, 0.01]
    assert (health.unready(), health.stalled()) == ([], [])


async def test_a_periodic_loop_waits_out_an_outage_and_is_unready_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[list[str]] = []
    health = Health()

    def next_wait(_self: Backoff) -> float:
        told.append(health.unready())
        return 0.01

    monkeypatch.setattr(Backoff, "next", next_wait)
    assert await run_until_done(ConnectionRefusedError(), TimeoutError(), None, health=health) == 3
    assert [line.partition(":")[0] for (line,) in told] == ["work", "work"]
    assert health.unready() == []


async def test_a_periodic_loop_ends_with_a_bug() -> None:
    with pytest.raises(ZeroDivisionError):
        await run_until_done(None, ZeroDivisionError(), None, health=Health())


async def test_a_periodic_loop_that_is_done_for_good_waits_for_the_stop_and_is_never_stalled() -> None:
    now = 0.0
    health, stopping = Health(clock=lambda: now), asyncio.Event()

    async def step() -> float:
        return NEVER_AGAIN

    running = asyncio.create_task(Periodic("work", step, 1.0, health).run(stopping))
    await asyncio.sleep(0)
    now = 1_000_000.0
    assert not running.done()
    assert health.stalled() == []
    stopping.set()
    await asyncio.wait_for(running, 10)


@pytest.mark.parametrize(
    "check",
    [
        SchemaCheck(Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"), "dispatcher", Health()),
        TopicProbe("127.0.0.1:1", Health()),
    ],
)
async def test_a_server_that_is_away_when_a_process_starts_is_tried_again_every_second(
    check: SchemaCheck | TopicProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def no_pause(stopping: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 20:
            stopping.set()

    monkeypatch.setattr(runtime, "pause", no_pause)
    await check.run(asyncio.Event())
    assert max(waits) <= 1.1
    assert check.health.unready() != []


async def test_a_loop_that_sets_itself_ready_is_not_overruled() -> None:
    health = Health()
    health.set_unready("work", "no tables yet")
    await run_until_done(None, None, health=health, sets_ready=False)
    assert health.unready() == ["work: no tables yet"]
