"""Runs a scenario: load, customers, faults, the wait until all work is done, and the verdict."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from chaos import topics
from chaos.company import Company, create_company
from chaos.customers import Customers
from chaos.judge import Findings, Judge
from chaos.ledger import Book, Ledger
from chaos.load import Load, Plan
from chaos.operator import Operator, Sign
from chaos.stack import Stack
from chaos.staff import Colleagues
from chaos.watch import Watch, until_settled

from shared.events import TOPICS

SETTLE_TIMEOUT_S = 150.0
MANY_EVENTS = 5_000
SILENT_SHARE = 0.7
"""Share of the customers who do not answer when there are many events: the others are enough."""
MIN_EVENTS_PER_S = 250
"""With many events the wait is as long as this rate needs."""


@dataclass
class Arena:
    """What a scenario works with while the load runs."""

    stack: Stack
    chance: random.Random
    company: Company
    events: int
    """Of the load."""
    wanted: int
    """What EVENTS asks for: of a scenario with things of its own, so many of them."""
    operator: Operator
    since: topics.Offsets
    """Where the topics ended before."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the scenario is prepared: then the load begins."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the last event was acknowledged."""
    injected: int = 0
    dead_letters: int = 0
    erased: dict[int, str] = field(default_factory=dict)
    """The ids of erasures, by the numbers of their customers."""
    restored: str = ""
    """The service whose database was replaced by a backup of before the erasures."""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """For the lines below the table."""
    until_judged: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What a scenario needs until it is judged, and what it undoes then."""
    bench: object | None = None
    """What ``after`` of a scenario needs of its ``act``."""

    @property
    def tenant(self) -> str:
        return self.company.tenant

    async def moments(self, least: float, most: float, *, at_least: int = 1) -> AsyncIterator[None]:
        """Yield at random moments while the load lasts, and until so many faults are injected."""
        self.ready.set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), self.chance.uniform(least, most))
            if self.over.is_set() and self.injected >= at_least:
                return
            yield


@dataclass(frozen=True)
class Scenario:
    """A name, what it is, the faults, and how the load differs."""

    name: str
    what: str
    act: Callable[[Arena], Coroutine[Any, Any, None]]
    seen_by: Sequence[Sign]
    """The metrics that show the fault to an operator: the run fails when they do not move."""
    clients: int = 1
    """How many clients post every batch."""
    one_in: int = 1
    """The load is one in so many of the events: the others are posted many times, or are the scenario's own."""
    lasts: float = 0.0
    """The load takes so many seconds at least, where the faults take long."""
    unknown: bool = False
    """Mails may stay unknown: a sender dies, or loses its database or the mail server, while it sends one."""
    redone: bool = True
    """Records may be published again."""
    trouble: bool = False
    """Some addresses make the mail server fail."""
    patient: bool = False
    """The trigger may answer nothing but 202."""
    staff: bool = False
    """Two colleagues try to take the same cases."""
    brokers: int = 1
    copies: int = 1
    """How many brokers hold each partition."""
    after: Callable[[Arena], Coroutine[Any, Any, None]] | None = None
    """Runs when the load is settled; then the run settles again."""


@dataclass
class Result:
    """A line of the table."""

    scenario: Scenario
    injected: int
    refused: int
    findings: Findings
    notes: Sequence[str]
    standstill: float
    seconds: float


async def run(
    stack: Stack, scenario: Scenario, *, seed: str, events: int, seconds: float = 20.0,
    settle_within: float = SETTLE_TIMEOUT_S,
) -> Result:  # fmt: skip
    """Run a scenario with a tenant of its own; faults are in the result."""
    began = time.monotonic()
    settle_within += events / MIN_EVENTS_PER_S
    wanted = events
    events = max(wanted // scenario.one_in, 40)
    since = await topics.end_offsets(
        stack.kafka, [*(topic.name for topic in TOPICS), *topics.DEAD_LETTER_TOPICS]
    )
    company = await create_company(stack, f"{scenario.name}-{len(list(stack.state.root.glob('ledger-*')))}")
    ledger = Ledger(stack.state.root / f"ledger-{company.tenant}.jsonl")
    plan = Plan(
        f"{seed}-{scenario.name}",
        events,
        max(seconds, scenario.lasts),
        scenario.clients,
        scenario.trouble,
        scenario.patient,
    )
    load = Load(stack, company, ledger, plan)
    customers = Customers(
        stack, company.tenant, plan.seed, ledger, silent=SILENT_SHARE if events > MANY_EVENTS else 0.0
    )
    staff = Colleagues(stack, company.tenant)
    watch = Watch(stack)
    operator = Operator(stack, scenario.seen_by)
    arena = Arena(stack, random.Random(plan.seed), company, events, wanted, operator, since)
    running = [customers.run(), watch.run(), operator.run(), *([staff.run()] if scenario.staff else [])]
    beside = [asyncio.create_task(one) for one in running]
    ready = asyncio.create_task(arena.ready.wait())
    acting = asyncio.create_task(scenario.act(arena))
    try:
        async with asyncio.timeout(SETTLE_TIMEOUT_S):
            await asyncio.wait((acting, ready), return_when=asyncio.FIRST_COMPLETED)
        await load.run(give_up_after=settle_within)
        arena.over.set()
        await _acted(arena, acting)
        why = await _settle(stack, company.tenant, ledger, customers, settle_within)
        if not why and scenario.after is not None:
            await scenario.after(arena)
            why = await _settle(stack, company.tenant, ledger, customers, settle_within)
    finally:
        for task in (*beside, ready, acting):
            task.cancel()
        ended = await asyncio.gather(*beside, ready, acting, return_exceptions=True)
        await arena.until_judged.aclose()
        ledger.close()
    arena.injected += load.asked_for_trouble
    judge = Judge(stack, company, Book.read(ledger.path), since, arena.dead_letters, arena.erased.keys())
    verdict = await judge.judge()
    verdict.faults += [*arena.faults, *load.faults[:5], *customers.faults[:5]]
    verdict.faults += [f"wrong: {error!r}" for error in ended if isinstance(error, Exception)]
    verdict.faults += operator.unseen(verdict.accepted)
    if verdict.unknown and not scenario.unknown:
        verdict.faults.append(f"wrong: {verdict.unknown} mails are unknown without a reason")
    if verdict.published_again and not scenario.redone:
        verdict.faults.append(f"wrong: {verdict.published_again} records were published again")
    if scenario.staff:
        verdict.faults += await staff.judge()
    if open_ := events - verdict.accepted:
        verdict.faults.append(f"wrong: {open_} events were never accepted")
    if why:
        verdict.faults.append(f"not settled: {why}")
    refused = load.refused + customers.refused + staff.refused
    took = time.monotonic() - began
    return Result(scenario, arena.injected, refused, verdict, arena.notes, watch.longest, took)


async def _acted(arena: Arena, acting: asyncio.Task[None]) -> None:
    """Wait for the scenario; its own error is a fault of this run only."""
    try:
        await acting
    except Exception as error:  # noqa: BLE001  (any error is a fault of the run)
        arena.faults.append(f"wrong: the scenario broke: {error!r}")


async def _settle(stack: Stack, tenant: str, ledger: Ledger, customers: Customers, within: float) -> str:
    """Wait until all work is done, the customers have seen every mail, and their answers are counted; else why not."""
    end = time.monotonic() + within
    accepted = len(Book.read(ledger.path).accepted)
    why = "customers are still answering"
    while (left := end - time.monotonic()) > 0:
        if why := await until_settled(stack, tenant, accepted, left):
            break
        await customers.look()
        if customers.idle:
            # Their last answers may be on their way.
            return await until_settled(stack, tenant, accepted, max(left, 1.0))
        why = "customers are still answering"
        await customers.served(left)
    return why
