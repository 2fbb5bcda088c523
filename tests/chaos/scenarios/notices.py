"""Notices: colleagues and channels are told of cases while who sends them, and who takes them, fails."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from asyncpg import DeadlockDetectedError, Record
from chaos.arena import Arena, Scenario
from chaos.audience import MAILS, MEMBERS, ROOMS, FoundIncident, JudgedCase, wanted_things
from chaos.notice_bench import HURRY_S, NoticeBench, a_notice_bench
from chaos.operator import Sign
from chaos.processes import Process
from chaos.recorders import CASE_PATTERN, INCIDENT_PATTERN, LETTER, about_of
from chaos.scenarios.processes import RESTARTED
from chaos.told import QueuedThing, Told, ToldThings

FAULTS_LAST_S = 30.0
SETTLE_TIMEOUT_S = {"short": 90.0, "product": 420.0}
"""Longer than every lease, with each choice of TIMES."""
MANY_CASES = 10
"""With more than these there is an incident."""
ALL_DUE = (
    "UPDATE delivery SET due_at = now() WHERE tenant = $1 AND state = 'waiting' AND due_at > now()",
    "UPDATE push_subscription SET rests_until = NULL WHERE tenant = $1 AND rests_until > now()",
    "UPDATE chat_channel SET resume_at = NULL WHERE tenant = $1 AND resume_at > now()",
)
"""What waits for a moment, and whoever rests, waits no longer."""
COUNT_OPEN = """
    SELECT (SELECT count(*) FROM delivery WHERE tenant = $1 AND state IN ('waiting', 'sending'))
        + (SELECT count(*) FROM chat_message WHERE tenant = $1 AND state IN ('waiting', 'sending'))
        + (SELECT count(*) FROM clock WHERE tenant = $1 AND kind = 'weekly' AND due_at <= now())
"""
READ_CASES = """
    SELECT c.id::text, c.belongs, i.incident_id::text AS incident FROM cases c
    LEFT JOIN incident_case i ON i.tenant = c.tenant AND i.case_id = c.id
    WHERE c.tenant = $1
"""
READ_INCIDENTS = "SELECT id::text, segment FROM incident WHERE tenant = $1"
READ_NOTICES = """
    SELECT s.name, p.device, n.kind, n.case_id, n.about ->> 'incident' AS incident, d.about_id, d.state
    FROM notification n
    JOIN staff s ON s.tenant = n.tenant AND s.id = n.staff_id
    JOIN delivery d ON d.tenant = n.tenant AND d.about_id = coalesce(n.digest_id, n.id)
    LEFT JOIN push_subscription p ON p.tenant = n.tenant AND p.id = n.subscription_id
    WHERE n.tenant = $1 AND n.kind <> 'digest'
"""
READ_CHATS = """
    SELECT h.name, m.id, m.kind, m.about ->> 'case' AS case_id, m.about ->> 'incident' AS incident,
        m.seq, m.state
    FROM chat_message m
    JOIN chat_channel h ON h.tenant = m.tenant AND h.id = m.channel_id
    WHERE m.tenant = $1
"""


async def notices_told(arena: Arena) -> None:
    """Two workers of alerts send; at each moment one of them fails, or who takes what they send."""
    stack = arena.stack
    second = stack.add_worker("alerts", 2)
    arena.until_judged.push_async_callback(stack.remove, second.name)
    await second.until_ready()
    bench = await arena.until_judged.enter_async_context(a_notice_bench(arena))
    arena.bench = bench
    hurrying = asyncio.create_task(bench.hurry())
    left: list[Callable[[Process], Awaitable[None]]] = []
    try:
        async for _ in arena.moments(0.3, 1.5, at_least=len(bench.turns)):
            left = left or arena.chance.sample(bench.turns, len(bench.turns))
            if arena.injected % 3 == 0:
                await bench.letter_due()
            await left.pop()(arena.chance.choice(_workers(arena)))
            arena.injected += 1
    finally:
        hurrying.cancel()
        ended = await asyncio.gather(hurrying, return_exceptions=True)
        arena.faults += [f"wrong: digests: {error!r}" for error in ended if isinstance(error, Exception)]
    await stack.until_ready(*stack.ours)


def _workers(arena: Arena) -> list[Process]:
    return [one for one in arena.stack.workers if one.name.startswith("alerts")]


async def all_is_told(arena: Arena) -> None:
    """Receivers take everything, what waits for a moment is due, and all is judged."""
    bench = arena.bench
    assert isinstance(bench, NoticeBench)
    bench.chats.calm = bench.pushes.calm = True
    await bench.letter_due()
    began, left = time.monotonic(), 1
    while left and time.monotonic() - began < SETTLE_TIMEOUT_S[os.environ.get("TIMES", "short")]:
        await asyncio.sleep(HURRY_S)
        # What is sent meanwhile locks the same rows.
        with suppress(DeadlockDetectedError):
            async with arena.stack.connection("alerts") as database:
                for statement in ALL_DUE:
                    await database.execute(statement, arena.tenant)
                left = await database.fetchval(COUNT_OPEN, arena.tenant)
    await _judge(bench)


async def _judge(bench: NoticeBench) -> None:
    arena = bench.arena
    async with arena.stack.connection("alerts") as database:
        cases = [JudgedCase(*row) for row in await database.fetch(READ_CASES, bench.tenant)]
        incidents = [FoundIncident(*row) for row in await database.fetch(READ_INCIDENTS, bench.tenant)]
        notices = await database.fetch(READ_NOTICES, bench.tenant)
        chats = await database.fetch(READ_CHATS, bench.tenant)
    queued = [
        QueuedThing(
            Told(row["device"] or f"{row['name']}-by-mail", _about(row)),
            row["state"],
            str(row["about_id"]),
            row["device"] or MAILS,
        )
        for row in notices
    ]
    queued += [
        QueuedThing(Told(row["name"], _about(row)), row["state"], str(row["id"]), row["name"], row["seq"])
        for row in chats
    ]
    mails, cut, digests = _mails(bench)
    ways = {one.lane for one in queued} - {MAILS}
    unsure = {
        name: bench.ended + recorder.aways + recorder.hung[name]
        for recorder in (bench.chats, bench.pushes)
        for name in ways
        if recorder is (bench.chats if name in {room.name for room in ROOMS} else bench.pushes)
    }
    told = ToldThings(
        wanted_things(cases, incidents, letter_is_due=bench.letter_is_due),
        queued,
        [*mails, *bench.pushes.came, *bench.chats.came],
        {**unsure, MAILS: bench.ended + bench.mailbox_kills},
        cut,
        [room.name for room in ROOMS],
    )
    arena.faults += told.faults()
    _judge_rest(bench, len(cases), len(incidents))
    states = Counter(one.state for one in queued)
    arena.notes.append(
        f"{len(cases)} cases, {len(incidents)} incident; {len(mails)} things by mail, {digests} digests, "
        f"{len(bench.pushes.came)} by push, {len(bench.chats.came)} in chats; {states['unknown']} unknown; "
        f"{bench.chats.refused + bench.pushes.refused} refused, "
        f"{bench.chats.hung.total() + bench.pushes.hung.total()} left hanging; the letter due {bench.letters} times"
    )


def _judge_rest(bench: NoticeBench, cases: int, incidents: int) -> None:
    found = bench.arena.faults
    if incidents != (cases > MANY_CASES):
        found.append(
            f"doubled: {incidents} incidents of {cases} cases" if incidents else "lost: the incident"
        )
    if several := [told for told, topics in bench.pushes.topics.items() if len(topics) > 1]:
        found.append(f"wrong: {len(several)} push messages with several ids, such as {' '.join(several[0])}")


def _about(row: Record) -> str:
    if row["kind"] == "weekly":
        return LETTER
    if row["kind"] in {"incident_began", "incident_ended"}:
        return f"incident {row['incident']}"
    return f"case {row['case_id']}" if row["kind"] == "case" else str(row["kind"])


def _mails(bench: NoticeBench) -> tuple[list[Told], Counter[str], int]:
    """What came by mail, how many lines were left out of digests, and how many digests there were."""
    came: list[Told] = []
    cut: Counter[str] = Counter()
    digests = 0
    mailboxes = {bench.address(member): member.mailbox for member in MEMBERS}
    for file in (bench.arena.stack.state.root / "mail").glob("*.json"):
        mail = json.loads(file.read_bytes())
        to = mailboxes.get(mail["to"])
        if to is None:
            continue
        links = mail["links"]
        if not links[-1].endswith("/settings/notices"):
            came.append(Told(to, about_of(links[-1])))
            continue
        digests += 1
        lines = [
            about_of(link) for link in links if CASE_PATTERN.search(link) or INCIDENT_PATTERN.search(link)
        ]
        came += [Told(to, line) for line in lines]
        count = mail["subject"].split()[0]
        cut[to] += (int(count) if count.isdecimal() else 1) - len(lines)
    return came, cut, digests


SCENARIOS = (
    Scenario(
        "notices",
        "mails, digests, push messages and chats, and who sends and takes them killed, frozen, away",
        notices_told,
        (
            RESTARTED,
            Sign("afterword_chat_tries_total", labels={"outcome": "busy"}),
            Sign("afterword_pushes_total", labels={"outcome": "deferred"}),
        ),
        lasts=FAULTS_LAST_S,
        unknown=True,
        after=all_is_told,
    ),
)
