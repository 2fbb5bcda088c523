"""Mails between cases and customers, and objections, while who sends and takes them fails."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from asyncpg import DeadlockDetectedError
from chaos.arena import SETTLE_TIMEOUT_S, Arena, Scenario
from chaos.breaking_mail import a_breaking_mail_server
from chaos.company import create_key
from chaos.corresponded import Corresponded, SeenEntry
from chaos.correspondents import Correspondents
from chaos.operator import Sign
from chaos.processes import Process
from chaos.repeat import delete_positions, publish_again
from chaos.scenarios.processes import RESTARTED
from chaos.watch import until_settled

from deploy.local.state import free_ports

FAULTS_LAST_S = 30.0
REPLIES_SETTLE_S = {"short": 90.0, "product": 420.0}
"""Longer than a lease, with each choice of TIMES."""
SENDERS, RECEIVER = ("dispatcher", "dispatcher-2"), "dispatcher-bounces"
"""The processes that send mails, and the one that takes what comes back."""
REPLY_HOST = "replies.example.com"
DUE_NOW = "UPDATE delivery SET due_at = now() WHERE tenant = $1 AND kind = 'reply' AND state = 'waiting' AND due_at > now()"
COUNT_WAITING = "SELECT count(*) FROM case_mail WHERE tenant = $1 AND direction = 'out' AND state = 'waiting'"
READ_STATES = "SELECT id::text, state FROM case_mail WHERE tenant = $1 AND direction = 'out'"
READ_CLOSED = "SELECT id::text, state = 'closed' FROM cases WHERE tenant = $1"
READ_ENTRIES = """
    SELECT
        case_id::text, seq, kind, coalesce(facts ->> 'text', '') AS text,
        coalesce(facts ->> 'mail_id', '') AS mail, coalesce(facts ->> 'closed_at', '') AS closing,
        coalesce((facts ->> 'automatic')::boolean, false) AS automatic,
        coalesce((facts ->> 'opened')::boolean, false) AS opened
    FROM timeline
    WHERE tenant = $1 AND kind IN ('mailed', 'wrote', 'objected', 'closed')
"""


class ReplyBench:
    """The processes that send and take mails of cases, who writes them, and what happens to them."""

    def __init__(self, arena: Arena, people: Correspondents) -> None:
        self.arena = arena
        self.people = people
        self.kills = 0
        """Of processes that send, and how often they were stopped."""

    async def kill_any(self) -> None:
        """One that writes, sends or takes them."""
        await self._kill(self.arena.chance.choice(("alerts", "api", RECEIVER, *SENDERS)))

    async def kill_sender(self) -> None:
        await self._kill(self.arena.chance.choice(SENDERS))

    async def kill_alerts(self) -> None:
        await self._kill("alerts")

    async def kill_bounces(self) -> None:
        await self._kill(RECEIVER)

    async def read_again(self) -> None:
        """All topics from their beginning, by processes that run."""
        await delete_positions(self.arena.stack)

    async def start_again(self) -> None:
        """Whoever lost its positions and has got no record since: it looks when it starts."""
        reading = [one for one in self.arena.stack.workers if one.name != RECEIVER]
        await asyncio.gather(*(process.stop() for process in reading))
        for process in reading:
            process.start()
        self.kills += len(SENDERS)

    async def _kill(self, name: str) -> None:
        process = self.arena.stack.processes[name]
        await process.until_ready()
        self.kills += process.kill() and name in SENDERS

    @property
    def turns(self) -> list[Callable[[], Awaitable[None]]]:
        """What happens, each at least once."""
        return [
            *(self.kill_sender,) * 3,
            *(self.kill_bounces,) * 3,
            *(self.kill_alerts,) * 2,
            *(self.kill_any,) * 2,
            *(self.read_again,) * 2,
        ]


@asynccontextmanager
async def a_reply_bench(arena: Arena) -> AsyncIterator[ReplyBench]:
    """Two dispatchers that send through a server that breaks, and a process that takes what comes back."""
    stack = arena.stack
    key = await create_key(stack, arena.tenant, "cases:write")
    async with a_breaking_mail_server(arena.chance, stack.state.ports["smtp"]) as server:
        (port,) = free_ports(1)
        own = {"AFTERWORD_REPLY_HOST": REPLY_HOST}
        sending = {**own, "AFTERWORD_SMTP_URL": server.url}
        await stack.remove("dispatcher")
        started: list[Process] = [stack.add_worker("dispatcher", number, sending) for number in (1, 2)]
        started.append(stack.add_receiver({**own, "DISPATCHER_BOUNCE_LISTEN": f"127.0.0.1:{port}"}))
        people = Correspondents(arena, server, key, port)
        try:
            await stack.until_ready(*started)
            yield ReplyBench(arena, people)
        finally:
            people.close()
            await asyncio.gather(*(stack.remove(process.name) for process in started))
            await stack.until_ready(stack.add_worker("dispatcher"))


async def replies_written(arena: Arena) -> None:
    """At each moment one of those fails that write, send or take mails, or all topics are read again."""
    bench = await arena.until_judged.enter_async_context(a_reply_bench(arena))
    arena.bench = bench
    working = asyncio.create_task(bench.people.run())
    left: list[Callable[[], Awaitable[None]]] = []
    try:
        async for _ in arena.moments(0.5, 2.0, at_least=len(bench.turns)):
            left = left or arena.chance.sample(bench.turns, len(bench.turns))
            await left.pop()()
            arena.injected += 1
    finally:
        working.cancel()
        ended = await asyncio.gather(working, return_exceptions=True)
        arena.faults += [f"wrong: cases: {error!r}" for error in ended if isinstance(error, Exception)]
    await arena.stack.until_ready(*arena.stack.ours)
    await bench.people.worked()
    await bench.start_again()
    await arena.stack.until_ready(*arena.stack.ours)


async def all_is_written(arena: Arena) -> None:
    """The server takes everything, what waits is due, each mail is told once more, and all is judged."""
    bench = arena.bench
    assert isinstance(bench, ReplyBench)
    bench.people.server.calm = True
    await _until_sent(bench)
    await _settled(arena)
    arena.injected += await publish_again(arena.stack, arena.tenant)
    await _settled(arena)
    await _judge(bench)


async def _until_sent(bench: ReplyBench) -> None:
    """Return when every mail of a case has left or never will, and each that arrived is answered."""
    arena = bench.arena
    end = time.monotonic() + REPLIES_SETTLE_S[os.environ.get("TIMES", "short")]
    waiting = 1
    while waiting and time.monotonic() < end:
        await bench.people.look()
        await bench.people.worked()
        async with arena.stack.connection("dispatcher") as database:
            try:
                await database.execute(DUE_NOW, arena.tenant)
            except DeadlockDetectedError:  # what is sent meanwhile locks the same rows
                continue
        async with arena.stack.connection("alerts") as database:
            waiting = await database.fetchval(COUNT_WAITING, arena.tenant)
        await asyncio.sleep(0.5)
    await bench.people.look()
    await bench.people.worked()


async def _settled(arena: Arena) -> None:
    if why := await until_settled(arena.stack, arena.tenant, arena.events, SETTLE_TIMEOUT_S):
        arena.faults.append(f"not settled: {why}")


async def _judge(bench: ReplyBench) -> None:
    arena, people, server = bench.arena, bench.people, bench.people.server
    async with arena.stack.connection("alerts") as database:
        states: dict[str, str] = dict([*row] for row in await database.fetch(READ_STATES, arena.tenant))
        closed: dict[str, bool] = dict([*row] for row in await database.fetch(READ_CLOSED, arena.tenant))
        entries = [SeenEntry(*row) for row in await database.fetch(READ_ENTRIES, arena.tenant)]
    judged = Corresponded(
        people.written,
        people.back,
        people.objections,
        Counter(mail.id for mail in server.arrived),
        states,
        closed,
        entries,
        server.unsaid,
        bench.kills,
        server.without_mailbox,
    )
    arena.faults += judged.faults()
    found = Counter(states.values())
    automatic = sum(one.automatic for one in people.back)
    arena.notes.append(
        f"{len(people.written)} mails from cases: "
        + ", ".join(f"{found[state]} {state}" for state in sorted(found))
        + f"; {len(people.back)} customers' mails, {automatic} of them by programs; "
        f"{len(people.objections)} objections; the server broke {server.met.total()} times"
    )


SCENARIOS = (
    Scenario(
        "replies",
        "mails from cases, customers' answers and objections; who sends and takes them killed, the mail server broken at each step",
        replies_written,
        (RESTARTED, Sign("afterword_mails_back_total", labels={"kind": "repeated"})),
        lasts=FAULTS_LAST_S,
        unknown=True,
        after=all_is_written,
    ),
)
