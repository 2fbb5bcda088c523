"""Clocks of cases come due while two workers compete for them, are killed, and lose the database."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from chaos.arena import Arena, Scenario
from chaos.clocked import ClockedCase, ClockedCases, DoneStep, Fate
from chaos.company import create_company
from chaos.scenarios.processes import RESTARTED
from support.alerts_builders import POLICY, an_answer, opening_of

from services.alerts.cases.changes import write_changes
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_clocks import ClockStep
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.case_rules import new_case
from services.alerts.cases.domain.closing import Closing
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import cases
from services.alerts.rules.clocks import Recipient
from services.alerts.staff import accounts
from shared.db.database import Database
from shared.errors import is_retryable

MIN_KILLS = 8
DATABASE_TURNS = {2, 5}
"""Which of the kills are the database's."""
CASES_AT_ONCE = 20
"""Opened at each moment."""
STEPS_S = (1.0, 3.0, 5.0)
"""After how many seconds a case's warning and its two levels are due, at the least."""
JITTER_S = 2.0
FATES: tuple[Fate, ...] = ("runs", "runs", "closed", "paused", "resumed")
PAUSE_S = 3.0
TRY_AGAIN_S = 0.3
SETTLE_TIMEOUT_S = 90.0
ESCALATIONS = ("contact_escalation", "closing_escalation")
CLOSING = Closing(cause="other", action="Called.", outcome="recovered", told=True)
READ_STEPS = """
    SELECT case_id, seq, (facts ->> 'level')::int AS level FROM timeline
    WHERE tenant = $1 AND kind IN ('warned', 'escalated')
    ORDER BY seq
"""
READ_TOLD = """
    SELECT n.id, n.case_id, s.role, s.address, d.state
    FROM notification n
    JOIN staff s ON s.tenant = n.tenant AND s.id = n.staff_id
    JOIN delivery d ON d.tenant = n.tenant AND d.about_id = n.id
    WHERE n.tenant = $1 AND n.kind = ANY($2::text[])
"""
COUNT_DUE = (
    "SELECT count(*) FROM clock WHERE tenant = $1 AND kind = 'case' AND due_at < now() + interval '1 hour'"
)
COUNT_MAILS = "SELECT count(*) FROM delivery WHERE tenant = $1 AND state IN ('waiting', 'sending')"
LEVEL_BY_ROLE = {"leader": 1, "admin": 2}


async def clocks_due(arena: Arena) -> None:
    """At each moment cases are opened whose clocks are due within seconds; some are closed or paused meanwhile.

    The company is another one than the load's.
    """
    stack, tenant = arena.stack, f"{arena.tenant}-clk"
    await create_company(stack, tenant)
    second = stack.add_worker("alerts", 2)
    await second.until_ready()
    clocked: list[ClockedCase] = []
    async with _alerts(arena) as database, asyncio.TaskGroup() as acting:
        await _add_people(database, tenant)
        stack.flag("late", up=True)
        async for _ in arena.moments(0.3, 1.5, at_least=MIN_KILLS):
            new = await _opened(arena, database, tenant, len(clocked))
            clocked += new
            for one in new:
                acting.create_task(_act(arena, database, tenant, one))
            await asyncio.sleep(arena.chance.uniform(0, max(STEPS_S)))
            if arena.injected in DATABASE_TURNS:
                process = stack.processes["postgres"]
            else:
                process = arena.chance.choice([one for one in stack.workers if one.name.startswith("alerts")])
            await process.until_ready()
            arena.injected += process.kill()
        stack.flag("late", up=False)
        await stack.until_ready(*stack.ours)
    await _until_done(arena, tenant)
    await _judge(arena, tenant, clocked)
    await stack.remove(second.name)


@asynccontextmanager
async def _alerts(arena: Arena) -> AsyncIterator[Database]:
    database = Database(arena.stack.state.database_url("alerts"), name="chaos", pool_size=4)
    try:
        yield database
    finally:
        await database.close()


async def _add_people(database: Database, tenant: str) -> None:
    async with database.transaction() as uow:
        for role in LEVEL_BY_ROLE:
            address = f"{role}@{tenant}.example.com"
            await accounts.create_person(uow, tenant, address=address, name=role.title(), role=role)


async def _opened(arena: Arena, database: Database, tenant: str, numbered: int) -> list[ClockedCase]:
    """Some cases in one transaction, which is tried again until it is known to be there."""
    files: list[CaseFile] = []
    entries: Entries = []
    now = database.clock()
    for number in range(CASES_AT_ONCE):
        answer = an_answer(customer_id=f"k-{numbered + number}")
        case = new_case(tenant, opening_of(answer), answer, now, POLICY, None)
        case.number = numbered + number + 1
        warning, *levels = (
            now + timedelta(seconds=after + arena.chance.uniform(0, JITTER_S)) for after in STEPS_S
        )
        case.contact_due_at = levels[0]
        case.contact_steps = [
            ClockStep(at=warning),
            ClockStep(at=levels[0], level=1, to=Recipient(role="leader")),
            ClockStep(at=max(levels), level=2, to=Recipient(role="admin")),
        ]
        case.close_steps = []
        case.opened(entries, 2, 2, opening_of(answer).match)
        files.append(case)

    async def write() -> None:
        async with database.transaction() as uow:
            await cases.lock_opening(uow, [tenant])
            if await cases.find_case(uow, tenant, files[0].id) is None:
                await cases.insert_cases(uow, files)
                for case in files:
                    case.next_step_at = None
                await write_changes(uow, files, entries)

    await _surely(write)
    return [ClockedCase(case.id, arena.chance.choice(FATES)) for case in files]


async def _act(arena: Arena, database: Database, tenant: str, clocked: ClockedCase) -> None:
    """Close or pause a case at some time before its last step, and let a paused one run on."""
    if clocked.fate == "runs":
        return
    await asyncio.sleep(arena.chance.uniform(0, max(STEPS_S)))

    def stop(case: CaseFile, entries: Entries, now: datetime) -> None:
        if clocked.fate == "closed" and case.state != "closed":
            case.close(entries, now, Actor(None, "chaos"), CLOSING, None, None, POLICY)
        elif clocked.fate != "closed":
            case.pause_clocks(now, None)

    clocked.stopped = await _changed(database, tenant, clocked.id, stop), None
    if clocked.fate != "resumed":
        return
    await asyncio.sleep(arena.chance.uniform(0, PAUSE_S))
    version = await _changed(database, tenant, clocked.id, lambda case, _, now: case.resume_clocks(now, None))
    clocked.stopped = clocked.stopped[0], version


async def _changed(
    database: Database, tenant: str, key: UUID, change: Callable[[CaseFile, Entries, datetime], None]
) -> int:
    """Change a case as the API does; its version then."""
    version = 0

    async def write() -> None:
        nonlocal version
        async with database.transaction() as uow:
            (case,) = await cases.lock_cases(uow, [(tenant, key)])
            entries: Entries = []
            change(case, entries, uow.now)
            version = case.version
            await write_changes(uow, [case], entries)

    await _surely(write)
    return version


async def _surely(write: Callable[[], Awaitable[None]]) -> None:
    """Do it until the database has taken it, which is restarted now and then."""
    async with asyncio.timeout(SETTLE_TIMEOUT_S):
        while True:
            try:
                await write()
            except Exception as error:
                if not is_retryable(error):
                    raise
                await asyncio.sleep(TRY_AGAIN_S)
            else:
                return


async def _until_done(arena: Arena, tenant: str) -> None:
    """Return when nothing is due any more, and no mail waits."""
    end = time.monotonic() + SETTLE_TIMEOUT_S
    async with arena.stack.connection("alerts") as database:
        while True:
            due, mails = [await database.fetchval(sql, tenant) for sql in (COUNT_DUE, COUNT_MAILS)]
            if not due and not mails:
                return
            if time.monotonic() > end:
                arena.faults.append(f"lost: {due} clocks have not been done, {mails} mails wait")
                return
            await asyncio.sleep(0.5)


async def _judge(arena: Arena, tenant: str, clocked: list[ClockedCase]) -> None:
    by_case = {one.id: one for one in clocked}
    steps: dict[UUID, list[DoneStep]] = defaultdict(list)
    told: dict[UUID, Counter[int]] = defaultdict(Counter)
    queued: dict[str, str] = {}
    async with arena.stack.connection("alerts") as database:
        for row in await database.fetch(READ_STEPS, tenant):
            steps[row["case_id"]].append(DoneStep(row["seq"], row["level"]))
        for row in await database.fetch(READ_TOLD, tenant, list(ESCALATIONS)):
            told[row["case_id"]][LEVEL_BY_ROLE[row["role"]]] += 1
            queued[str(row["id"])] = row["state"]
    for key, one in by_case.items():
        one.steps, one.told = steps[key], told[key]
    faults = ClockedCases(clocked, _in_mailbox(arena, tenant), queued).faults()
    arena.faults += faults
    done = Counter(step.level for one in clocked for step in one.steps)
    fates = Counter(one.fate for one in clocked)
    arena.notes.append(
        f"{len(clocked)} cases, of which {fates['closed']} were closed and {fates['paused'] + fates['resumed']} paused; "
        f"{done[0]} warnings, {done[1]} and {done[2]} of both levels"
    )


def _in_mailbox(arena: Arena, tenant: str) -> Counter[str]:
    """The mails to these people: of each case one warns and one tells of a level."""
    found: Counter[str] = Counter()
    for file in (arena.stack.state.root / "mail").glob("*.json"):
        mail = json.loads(file.read_bytes())
        if mail["to"].endswith(f"@{tenant}.example.com"):
            found[f"{mail['to']} {mail['subject']}"] += 1
    return found


SCENARIOS = (
    Scenario(
        "clocks",
        "clocks of cases come due, kill -9 of two workers that compete for them, and of the database",
        clocks_due,
        (RESTARTED,),
        unknown=True,
    ),
)
