"""One scenario's run: the load, the customers, the faults, the wait for the end of all work, the verdict."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chaos import topics
from chaos.company import found
from chaos.customers import Customers
from chaos.judge import Findings, Judge
from chaos.ledger import Book, Ledger
from chaos.load import Load, Plan
from chaos.stack import Stack
from chaos.watch import Watch, until_settled

from shared.events import TOPICS

SETTLED_WITHIN = 150.0


@dataclass
class Arena:
    """What the faults of a scenario have in hand while the load runs."""

    stack: Stack
    chance: random.Random
    tenant: str
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when what the scenario needs is there: then the load begins."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the last event was acknowledged."""
    injected: int = 0
    dead_letters: int = 0
    faults: list[str] = field(default_factory=list)

    async def moments(self, least: float, most: float) -> AsyncIterator[None]:
        """Random moments for as long as the load lasts, one of them at the least."""
        self.ready.set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), self.chance.uniform(least, most))
            if self.over.is_set() and self.injected:
                return
            yield


@dataclass(frozen=True)
class Scenario:
    """A name, what it is, the faults, and how the load differs."""

    name: str
    what: str
    act: Callable[[Arena], Coroutine[Any, Any, None]]
    shown_by: str
    """The metric, or the field of the status, by which an operator sees it."""
    clients: int = 1
    """So many post every batch; of so many events as makes the same number of posts bearable."""
    trouble: bool = False
    after: Callable[[Arena], Coroutine[Any, Any, None]] | None = None
    """Once the load is over and settled, with the same eyes on it."""


@dataclass
class Result:
    """A line of the table."""

    scenario: Scenario
    injected: int
    refused: int
    found: Findings
    standstill: float
    seconds: float


async def run(
    stack: Stack, scenario: Scenario, *, seed: str, events: int, seconds: float = 20.0,
    settle_within: float = SETTLED_WITHIN,
) -> Result:  # fmt: skip
    """Run it with a company of its own; whatever is wrong stands in the result."""
    began = time.monotonic()
    events = max(events // (10 if scenario.clients > 1 else 1), 40)
    since = await topics.ends(stack.state.kafka, [*(topic.name for topic in TOPICS), *topics.DEAD])
    tenant = f"{scenario.name}-{len(list(stack.state.root.glob('ledger-*')))}"
    company = await found(stack, tenant)
    ledger = Ledger(stack.state.root / f"ledger-{tenant}.jsonl")
    plan = Plan(f"{seed}-{scenario.name}", events, seconds, scenario.clients, scenario.trouble)
    load = Load(stack.state.origin, company, ledger, plan)
    customers = Customers(stack.state, tenant, plan.seed, ledger)
    watch = Watch(stack)
    arena = Arena(stack, random.Random(plan.seed), tenant)
    beside = [asyncio.create_task(customers.run()), asyncio.create_task(watch.run())]
    ready = asyncio.create_task(arena.ready.wait())
    acting = asyncio.create_task(scenario.act(arena))
    try:
        async with asyncio.timeout(SETTLED_WITHIN):
            await asyncio.wait((acting, ready), return_when=asyncio.FIRST_COMPLETED)
        await load.run()
        arena.over.set()
        await acting
        why = await _settle(stack, tenant, ledger, customers, settle_within)
        if not why and scenario.after is not None:
            await scenario.after(arena)
            why = await _settle(stack, tenant, ledger, customers, settle_within)
    finally:
        for task in (*beside, ready, acting):
            task.cancel()
        await asyncio.gather(*beside, ready, acting, return_exceptions=True)
        ledger.close()
    arena.injected += load.asked_for_trouble
    judge = Judge(stack, tenant, Book.read(ledger.path), since, arena.dead_letters)
    verdict = await judge.judge()
    verdict.faults += [*arena.faults, *load.faults[:5], *customers.faults[:5]]
    if open_ := events - verdict.accepted:
        verdict.faults.append(f"wrong: the door never took {open_} events")
    if why:
        verdict.faults.append(f"not settled: {why}")
    refused = load.refused + customers.refused
    return Result(scenario, arena.injected, refused, verdict, watch.longest, time.monotonic() - began)


async def _settle(stack: Stack, tenant: str, ledger: Ledger, customers: Customers, within: float) -> str:
    end = time.monotonic() + within
    while True:
        accepted = len(Book.read(ledger.path).accepted)
        why = await until_settled(stack, tenant, accepted, max(end - time.monotonic(), 1.0))
        await asyncio.sleep(0.6)  # the customers look into their mailboxes
        if customers.idle and not why:
            # Their last words may be on their way.
            why = await until_settled(stack, tenant, accepted, max(end - time.monotonic(), 1.0))
            if not why and customers.idle:
                return ""
        if time.monotonic() > end:
            return why or "customers are not served"
