"""A company's files, imported over the API while the API and the workers that take their rows are killed."""

import asyncio
import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from chaos.arena import Arena, Scenario
from chaos.company import create_company, create_key
from chaos.file_faults import MAPPINGS
from chaos.imported import KINDS, Imported, SentFile, a_file, effects
from chaos.processes import Process
from chaos.scenarios.processes import RESTARTED
from chaos.stack import Stack
from chaos.watch import until_settled

KILLS = 12
ROWS = (200, 400)
"""Of a file, at the least and at the most: a tenth of the scenario's events."""
MANY_ROWS = 50_000
"""From so many events on there is one file of each kind with so many rows, and a kill now and then until all are
taken."""
PAUSE_S = (3.0, 8.0)
MAX_GROWTH_MIB = 96
"""Of any process that takes a file, from when it is ready: far less than a file of 100,000 rows has as text."""
MAX_BEGUN_S = 0.8
"""So long a file has been under way at the most when a process is killed."""
MAX_UNDER_WAY = 8
"""Files at a time; a company may have some more."""
SETTLE_TIMEOUT_S = 120.0
MIN_ROWS_PER_S = 200
PASSING = {401, 429}
"""A key is known to an API a moment after it began."""
HELD = "SELECT count(*) FROM import_job WHERE tenant = $1 AND state = 'running' AND leased_until > now()"


async def imported(arena: Arena) -> None:
    """At each moment another file begins, and one of two workers or the API is killed. Some commits are late, so that
    a kill finds transactions open. The company is another one than the load's.
    """
    stack, tenant = arena.stack, f"{arena.tenant}-imp"
    await create_company(stack, tenant)
    key = await create_key(stack, tenant, "events:write", "surveys:write", "answers:write")
    second = stack.add_worker("dispatcher", 2)
    await second.until_ready()
    files: list[SentFile] = []
    many = arena.wanted >= MANY_ROWS
    rows = arena.wanted if many else min(max(arena.wanted // 10, ROWS[0]), ROWS[1])
    settle_timeout_s = SETTLE_TIMEOUT_S + len(KINDS) * rows / MIN_ROWS_PER_S
    held = 0
    memory = Memory(stack)
    async with _imports(arena, key) as imports:
        stack.flag("late", up=True)
        async for _ in arena.moments(0.3, 1.5, at_least=KILLS):
            under_way = sum([await imports.is_under_way(file) for file in files])
            if under_way < MAX_UNDER_WAY and not (many and len(files) == len(KINDS)):
                files.append(a_file(KINDS[len(files) % len(KINDS)], len(files), rows, arena.chance))
                await imports.begin(files[-1])
            process = arena.chance.choice(_killed(arena))
            await process.until_ready()
            await asyncio.sleep(arena.chance.uniform(0, MAX_BEGUN_S))
            held += await _killed_while_held(arena, tenant, process, memory)
        stack.flag("late", up=False)
        async with asyncio.timeout(settle_timeout_s):
            while any([await imports.is_under_way(file) for file in files]):
                await asyncio.sleep(arena.chance.uniform(*PAUSE_S) if many else 0.2)
                if many:
                    process = arena.chance.choice(_killed(arena))
                    await process.until_ready()
                    held += await _killed_while_held(arena, tenant, process, memory)
        await stack.until_ready(*stack.ours)
        events = sum(len(file.good) for file in files if file.kind == "events")
        if why := await until_settled(stack, tenant, events, settle_timeout_s):
            arena.faults.append(f"not settled: {why}")
        progress = {file.id: await imports.progress(file) for file in files}
        told = {file.id: await imports.told(file) for file in files}
    found = Imported(files, progress, told, await effects(stack, tenant, files, arena.since))
    arena.faults += [*imports.faults, *found.faults()]
    for process in _killed(arena):
        memory.look(process)
    if (grown := memory.grown_mib()) > MAX_GROWTH_MIB:
        arena.faults.append(f"wrong: a process has grown by {grown:.0f} MiB")
    if not held:
        arena.faults.append("wrong: no kill came while a worker held a part")
    good, bad = sum(len(file.good) for file in files), sum(len(file.faulty) for file in files)
    arena.notes.append(
        f"{len(files)} files with {good:,} good and {bad:,} faulty rows; a part was held at {held} of the kills; "
        f"no process grew by more than {grown:.0f} MiB"
    )
    await stack.remove(second.name)


async def _killed_while_held(arena: Arena, tenant: str, process: Process, memory: "Memory") -> bool:
    """Kill it; whether a worker held a part then."""
    async with arena.stack.connection("dispatcher") as database:
        held = bool(await database.fetchval(HELD, tenant))
        memory.look(process)
        arena.injected += process.kill()
    return held


class Memory:
    """How far the processes that take files have grown, by the highest that the kernel saw of each."""

    def __init__(self, stack: Stack) -> None:
        self._least = {process.name: process.peak_kib() for process in stack.ours}
        self._most = dict(self._least)

    def look(self, process: Process) -> None:
        known = self._most.get(process.name, 0)
        self._least.setdefault(process.name, process.peak_kib())
        self._most[process.name] = max(known, process.peak_kib())

    def grown_mib(self) -> float:
        """The most that one of them has grown."""
        return max((self._most[name] - least) / 1_024 for name, least in self._least.items())


def _killed(arena: Arena) -> list[Process]:
    """The two workers, and the API, which stores what is uploaded and is the collector that takes answers."""
    workers = [one for one in arena.stack.workers if one.name.startswith("dispatcher")]
    return [*workers, *workers, arena.stack.processes["api"]]


class Imports:
    """The company's own program: it asks again whatever was not answered."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.faults: list[str] = []
        """Responses that no client should get, and progress that does not add up."""

    async def begin(self, file: SentFile) -> None:
        """Upload it and begin it. Each of the two changes nothing when it comes again."""
        uploaded = await self._ask(
            "POST",
            "/v1/imports",
            params={"kind": file.kind},
            content=file.content,
            headers={"content-type": "text/csv"},
        )
        file.id = uploaded.json()["id"]
        await self._ask("POST", f"/v1/imports/{file.id}/start", json=MAPPINGS[file.kind])

    async def is_under_way(self, file: SentFile) -> bool:
        """Whether rows of it wait; its figures add up, and never go back."""
        if file.state == "done":
            return False
        said = await self.progress(file)
        done = said["done_rows"]
        if not file.done_rows <= done <= said["rows"] or done != said["taken"] + said["refused"]:
            self.faults.append(f"wrong: after {file.done_rows} rows of {file.kind} the progress is {said}")
        file.done_rows, file.state = done, said["state"]
        return file.state != "done"

    async def progress(self, file: SentFile) -> dict[str, Any]:
        said = (await self._ask("GET", f"/v1/imports/{file.id}")).json()
        return {name: said[name] for name in ("state", "rows", "done_rows", "taken", "refused")}

    async def told(self, file: SentFile) -> list[tuple[int, str, str]]:
        """Row, column and remedy of each line of the file of faults."""
        text = (await self._ask("GET", f"/v1/imports/{file.id}/faults.csv")).text.removeprefix("\ufeff")
        lines = csv.DictReader(text.splitlines())
        return [
            (int(line["afterword_row"]), line["afterword_column"], line["afterword_remedy"]) for line in lines
        ]

    async def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async with asyncio.timeout(SETTLE_TIMEOUT_S):
            while True:
                try:
                    answer = await self._client.request(method, path, **given)
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.is_success:
                    return answer
                if answer is not None and answer.status_code < 500 and answer.status_code not in PASSING:
                    raise ValueError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
                await asyncio.sleep(0.1)


@asynccontextmanager
async def _imports(arena: Arena, key: dict[str, str]) -> AsyncIterator[Imports]:
    origin = arena.stack.origin_of("dispatcher")
    async with httpx.AsyncClient(
        headers=key, base_url=origin, trust_env=False, timeout=30, verify=False
    ) as client:
        yield Imports(client)


SCENARIOS = (
    Scenario(
        "imports",
        "files of every kind with faulty rows, kill -9 of the API and of the workers that take them",
        imported,
        (RESTARTED,),
        unknown=True,
        one_in=20,
    ),
)
