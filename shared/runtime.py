"""The life of a process: loops that tick, one stop for all of them, and an end within seconds."""

import asyncio
import gc
import math
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
import uvloop

from shared.diagnosis import describe
from shared.errors import is_retryable
from shared.health import Health

log = structlog.get_logger()

Loop = Callable[[asyncio.Event], Awaitable[None]]
"""Runs until the event is set, then finishes the work that has begun and returns."""

STOP_TIMEOUT_S = 6.0
"""From the stop until loops that still run are cancelled."""
NEVER_AGAIN = math.inf
"""What a step of a periodic loop returns when its work is done for good."""


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run a process on uvloop until it ends, or is asked to by SIGTERM or SIGINT."""
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
    """Run all loops; when one fails, the others stop too, and the error ends the process.

    After the stop each loop may finish the work that has begun. A loop that waits for a broker or a database
    that is away is cancelled: a transaction rolls back then, and an outbox row stays.
    """
    tasks = [asyncio.create_task(_guarded(name, loop, stopping), name=name) for name, loop in loops.items()]
    await stopping.wait()
    _, late = await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S)
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
    """Wait so long, or until the process stops."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


def after(begin: asyncio.Event, loop: Loop) -> Loop:
    """The same loop, which begins when the event is set."""

    async def run(stopping: asyncio.Event) -> None:
        while not (begin.is_set() or stopping.is_set()):
            await pause_for_either(begin, stopping, 1.0)
        if not stopping.is_set():
            await loop(stopping)

    return run


async def pause_for_either(first: asyncio.Event, second: asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of the events is set, or the time is over."""
    waits = [asyncio.ensure_future(first.wait()), asyncio.ensure_future(second.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class Backoff:
    """Delays between retries: exponential with full jitter, at least 0.1 s and at most about ``max_s``."""

    def __init__(self, max_s: float = 10.0) -> None:
        self._max_s = max_s
        self._tries = 0

    def reset(self) -> None:
        """Start again with short delays, after a success."""
        self._tries = 0

    def next(self) -> float:
        """Seconds until the next retry."""
        self._tries = min(self._tries + 1, 10)
        return 0.1 + random.random() * min(self._max_s, 0.2 * 2.0**self._tries)  # noqa: S311  (no secret hangs on it)


@dataclass
class Periodic:
    """A loop that calls ``step`` again and again until the process stops.

    A retryable error makes the process unready under the loop's name, and the step is called again after a
    delay; any other error ends the loop, and with it the process.
    """

    name: str
    """Shown in ``/healthz``, ``/readyz`` and the metrics."""
    step: Callable[[], Awaitable[float | None]]
    """Returns the seconds until the next call: None for ``interval_s``, 0 when there is more to do at once,
    ``NEVER_AGAIN`` when no more calls are needed."""
    interval_s: float
    health: Health
    max_backoff_s: float = 10.0
    """The longest delay after an error."""
    sets_ready: bool = True
    """Whether a successful step makes the process ready under this name; else the step does that itself."""
    wake: asyncio.Event | None = None
    """Ends the wait for the next call; what sets it may be lost."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Call the step until stopped."""
        backoff = Backoff(self.max_backoff_s)
        while not stopping.is_set():
            self.health.tick(self.name)
            if self.wake is not None:
                self.wake.clear()
            try:
                seconds = await self.step()
            except Exception as error:
                if not is_retryable(error):
                    raise
                self.health.set_unready(self.name, describe(error))
                seconds = backoff.next()
            else:
                backoff.reset()
                if self.sets_ready:
                    self.health.set_ready(self.name)
            if seconds == NEVER_AGAIN:
                self.health.forget(self.name)
                await stopping.wait()
            elif seconds != 0:
                await self._pause(stopping, self.interval_s if seconds is None else seconds)
        self.health.forget(self.name)

    async def _pause(self, stopping: asyncio.Event, seconds: float) -> None:
        if self.wake is None:
            await pause(stopping, seconds)
        else:
            await pause_for_either(stopping, self.wake, seconds)
