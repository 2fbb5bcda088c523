"""Mails of saved views: each reader gets each Monday's, while who writes, sends and takes them fails."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from asyncpg import DeadlockDetectedError
from chaos.arena import Arena, Scenario
from chaos.operator import Sign
from chaos.processes import Process
from chaos.scenarios.processes import RESTARTED
from chaos.view_mailed import STOPS, ViewMailBench, a_view_mail_bench

FAULTS_LAST_S = 30.0
SETTLE_TIMEOUT_S = {"short": 90.0, "product": 420.0}
"""Longer than every lease, with each choice of TIMES."""
LOOK_S = 0.5


async def view_mails_sent(arena: Arena) -> None:
    """Two workers of alerts ask and send; at each moment one of them fails, or whom they ask, or the mail server."""
    stack = arena.stack
    second = stack.add_worker("alerts", 2)
    arena.until_judged.push_async_callback(stack.remove, second.name)
    await second.until_ready()
    bench = await arena.until_judged.enter_async_context(a_view_mail_bench(arena))
    arena.bench = bench
    turns: list[Callable[[Process], Awaitable[None]]] = [
        *(bench.kill_alerts,) * 4,
        *(bench.scorer_away,) * 4,
        *(bench.mailbox_killed,) * 2,
        bench.restart_alerts,
    ]
    left: list[Callable[[Process], Awaitable[None]]] = []
    async for _ in arena.moments(0.3, 1.5, at_least=len(turns)):
        left = left or arena.chance.sample(turns, len(turns))
        workers = [one for one in stack.workers if one.name.startswith("alerts")]
        await left.pop()(arena.chance.choice(workers))
        arena.injected += 1
        if arena.injected % 4 == 0 and len(bench.stopped) < STOPS:
            await bench.stop_one()
    await stack.until_ready(*stack.ours)


async def all_views_are_sent(arena: Arena) -> None:
    """One more Monday without a fault, what waits for a moment is due, and all is judged."""
    bench = arena.bench
    assert isinstance(bench, ViewMailBench)
    await bench.begin_monday()
    began, left = time.monotonic(), 1
    while left and time.monotonic() - began < SETTLE_TIMEOUT_S[os.environ.get("TIMES", "short")]:
        await asyncio.sleep(LOOK_S)
        with suppress(DeadlockDetectedError):  # what is sent meanwhile locks the same rows
            left = await bench.all_due()
    await bench.judge()


SCENARIOS = (
    Scenario(
        "view-mails",
        "mails of saved views, and who writes, sends and takes them killed or away; some are stopped",
        view_mails_sent,
        (RESTARTED, Sign("afterword_view_mails_total", labels={"outcome": "queued"})),
        lasts=FAULTS_LAST_S,
        unknown=True,
        after=all_views_are_sent,
    ),
)
