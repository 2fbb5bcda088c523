"""How a process lives: loops that tick, one stop for all of them, and an end within seconds."""

import asyncio
import gc
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog
import uvloop

from shared.telemetry import metrics

log = structlog.get_logger()

Loop = Callable[[asyncio.Event], Awaitable[None]]
"""Runs until the event is set, then ends the batch in hand and returns."""

FINISH_WITHIN = 6.0
"""Seconds from the stop until what is still under way is cancelled."""
STALE_AFTER = 120.0
"""Seconds without a tick after which a loop counts as stuck; no batch takes that long."""


@dataclass
class Health:
    """Which loops of a service tick, and what keeps the process from being ready."""

    service: str = ""
    clock: Callable[[], float] = time.monotonic
    _ticks: dict[str, float] = field(default_factory=dict)
    _missing: dict[str, str] = field(default_factory=dict)
    _noted: dict[str, str] = field(default_factory=dict)

    def tick(self, loop: str) -> None:
        """This loop is alive now."""
        self._ticks[loop] = self.clock()

    def forget(self, loop: str) -> None:
        """This loop has ended as it should."""
        self._ticks.pop(loop, None)

    def missing(self, what: str, why: str) -> None:
        """Until :meth:`found`, the process is not ready."""
        metrics.WAITS.labels(self.service, what).inc()
        metrics.MISSING.labels(self.service, what).set(1)
        if self._missing.get(what) != why:
            log.warning("waiting", what=what, why=why)
        self._missing[what] = why

    def found(self, what: str) -> None:
        """What was missing is there."""
        if self._missing.pop(what, None) is not None:
            metrics.MISSING.labels(self.service, what).set(0)
            log.info("found", what=what)

    def note(self, what: str, why: str) -> None:
        """Until :meth:`settle`, somebody should look at this; the process is ready all the same."""
        if what not in self._noted:
            log.warning("noted", what=what, why=why)
        self._noted[what] = why

    def settle(self, what: str) -> None:
        """What was noted is well."""
        if self._noted.pop(what, None) is not None:
            log.info("settled", what=what)

    def noted(self) -> list[str]:
        """What an operator should look at, though it keeps nothing from going on."""
        return [f"{what}: {why}" for what, why in self._noted.items()]

    def alive(self) -> list[str]:
        """The loops that have not ticked lately; empty when all is well."""
        now = self.clock()
        return [
            f"{loop}: no tick for {now - at:.0f} s"
            for loop, at in self._ticks.items()
            if now - at > STALE_AFTER
        ]

    def ready(self) -> list[str]:
        """What is missing; empty when requests and records can be taken."""
        return [f"{what}: {why}" for what, why in self._missing.items()]


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run a process on uvloop until it ends or SIGTERM or SIGINT asks it to."""
    uvloop.run(_until_stopped(main))


async def _until_stopped(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # decoding makes many objects and few cycles
    await main(stopping)


async def run_loops(loops: Mapping[str, Loop], stopping: asyncio.Event) -> None:
    """Run all; if one dies, the others stop too, and the error ends the process: nothing dies quietly.

    After the stop each loop may finish what it has in hand; what waits for a broker or a database that is
    away is cancelled after some seconds: a transaction then rolls back, and an outbox row stays.
    """
    tasks = [asyncio.create_task(_guarded(name, loop, stopping), name=name) for name, loop in loops.items()]
    await stopping.wait()
    _, late = await asyncio.wait(tasks, timeout=FINISH_WITHIN)
    for task in late:
        log.warning("loop_cancelled", loop=task.get_name())
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    errors = [error for error in results if isinstance(error, Exception)]
    if errors:
        raise ExceptionGroup("a loop died", errors)


async def _guarded(name: str, loop: Loop, stopping: asyncio.Event) -> None:
    try:
        await loop(stopping)
    except BaseException:
        stopping.set()
        raise
    if not stopping.is_set():
        stopping.set()
        raise RuntimeError(f"the loop {name} ended by itself")


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond the stop."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


def after(begin: asyncio.Event, loop: Loop) -> Loop:
    """The same loop, from the event on."""

    async def run(stopping: asyncio.Event) -> None:
        while not (begin.is_set() or stopping.is_set()):
            await pause_for_either(begin, stopping, 1.0)
        if not stopping.is_set():
            await loop(stopping)

    return run


async def pause_for_either(first: asyncio.Event, second: asyncio.Event, seconds: float) -> None:
    """Wait until one of the events is set, or the time is over."""
    waits = [asyncio.ensure_future(first.wait()), asyncio.ensure_future(second.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class Backoff:
    """Full jitter between 0.1 and 10 seconds, from the start again after each success."""

    def __init__(self, most: float = 10.0) -> None:
        self._most = most
        self._tries = 0

    def reset(self) -> None:
        """It worked."""
        self._tries = 0

    def next(self) -> float:
        """Seconds until the next try."""
        self._tries = min(self._tries + 1, 10)
        return 0.1 + random.random() * min(self._most, 0.2 * 2.0**self._tries)  # noqa: S311  (no secret hangs on it)
