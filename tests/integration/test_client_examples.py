"""The examples for client back-ends, each run as it stands: the answer to its first try is lost, it comes back with the
same event, and there is one decision.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from support.companies import Company, World, a_survey
from support.environment import without_settings
from support.servers import serving

from services.trigger import tenants
from shared.events import TRANSACTIONS

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"
PACKAGE = EXAMPLES.parent / "clients" / "python"
MONO = Path(__file__).parents[1] / "support" / "Mono.cs"
PROGRAMS: dict[str, tuple[tuple[str, ...], str]] = {
    "send_event.sh": (("sh", "curl"), "sh {example}"),
    "send_event.py": ((sys.executable,), "{python} {example}"),
    "send_event.mjs": (("node",), "node {example}"),
    "SendEvent.java": (("java",), "java -XX:TieredStopAtLevel=1 {example}"),
    "send_event.php": (("php",), "php {example}"),
    "SendEvent.cs": (("mcs", "mono"), "mono {built}"),
}
"""What must be on the machine for each example, and how it is run."""
BUILD = {
    "SendEvent.cs": "mcs -nologo -main:Program -nowarn:28 -r:System.Net.Http -out:{built} {example} {mono}"
}
"""How an example is compiled that is not run as it stands; 28: an older compiler warns of an async Main."""
ALWAYS = {"send_event.sh", "send_event.py", "SendEvent.java"}
"""Whose programs the other tests need, too."""


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    """An example that can be run here; continuous integration has said that each can."""
    name: str = request.param
    missing = [part for part in PROGRAMS[name][0] if shutil.which(part) is None]
    if missing and name not in ALWAYS and os.environ.get("AFTERWORD_TEST_EXAMPLES") != "all":
        pytest.skip(f"{name} needs {' and '.join(missing)}, which this machine does not have")
    assert not missing, f"{name} needs {' and '.join(missing)}"
    return name


@pytest.fixture(scope="module")
async def command(program: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that runs it, which is compiled first if it must be."""
    folder = tmp_path_factory.mktemp("example")
    built = folder / "example.exe"
    places = {"python": sys.executable, "example": EXAMPLES / program, "built": built, "mono": MONO}
    if program in BUILD:
        status, said = await outcome([part.format(**places) for part in BUILD[program].split()], {})
        assert status == 0, said
    return [part.format(**places) for part in PROGRAMS[program][1].split()]


@dataclass
class LossyProxy:
    """Passes requests on to the API, which has a real broker, and loses the answer to the first one of each event."""

    api: httpx.AsyncClient
    bodies: dict[str, list[bytes]] = field(default_factory=dict)

    async def pass_on(self, request: Request) -> Response:
        body = await request.body()
        names = ("authorization", "content-type")
        headers = {name: value for name, value in request.headers.items() if name in names}
        answer = await self.api.post("/v1/events", content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        tries = self.bodies.setdefault(json.loads(body)["id"], [])
        tries.append(body)
        if len(tries) == 1:
            return JSONResponse({"title": "Lost."}, 503, headers={"Retry-After": "0"})
        return Response(answer.content, answer.status_code, media_type="application/json")


@asynccontextmanager
async def a_lossy_proxy(world: World) -> AsyncIterator[tuple[LossyProxy, str]]:
    proxy = LossyProxy(world.clients["trigger"])
    routes = [Route("/v1/events", proxy.pass_on, methods=["POST"])]
    async with serving(Starlette(routes=routes), asyncio.Event()) as url:
        yield proxy, url


@pytest.fixture(scope="module")
async def company(world: World) -> Company:
    """One with a key and a survey, and nothing else."""
    company, trigger = Company("cedar"), world.contexts["trigger"].database
    await tenants.create_tenant(trigger, "cedar", name="Cedar", time_zone="Europe/Copenhagen")
    company.key = await tenants.create_key(trigger, "cedar", ("admin",), name="cedar-shop")
    await world.deliver_all()
    await world.post("dispatcher", company, "/v1/surveys", a_survey("cedar"), **{"Idempotency-Key": "1"})
    await world.deliver_all()
    return company


async def outcome(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Its exit status, and all that it wrote."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**without_settings(), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def run(command: list[str], event: str, url: str, key: str) -> tuple[int, str]:
    """Run an example as its first line says."""
    return await outcome([*command, event], {"AFTERWORD": url, "KEY": key, "PYTHONPATH": str(PACKAGE)})


async def test_an_example_comes_back_with_the_same_event_and_it_is_decided_once(
    world: World, company: Company, program: str, command: list[str]
) -> None:
    event_id = f"of-{program}"
    async with a_lossy_proxy(world) as (proxy, url):
        status, said = await run(command, event_id, url, company.key)
    assert status == 0, said
    assert "accepted" in said
    first, second = proxy.bodies[event_id]
    assert first == second
    sent = [
        event for event in await world.transactions() if event.tenant == "cedar" and event.data.id == event_id
    ]
    assert len(sent) == 2
    for event in sent:
        await world.deliver(event, TRANSACTIONS.name)
    found = await world.clients["dispatcher"].get(
        "/v1/decisions", params={"event_id": event_id}, headers=company.headers
    )
    assert len(found.json()["decisions"]) == 1


async def test_an_example_that_is_refused_says_why_and_does_not_come_back(
    program: str, command: list[str]
) -> None:
    asked: list[str] = []

    async def refuse(request: Request) -> Response:
        asked.append(json.loads(await request.body())["id"])
        return JSONResponse({"title": "Mend /type."}, 422, media_type="application/problem+json")

    routes = [Route("/v1/events", refuse, methods=["POST"])]
    async with serving(Starlette(routes=routes), asyncio.Event()) as url:
        status, said = await run(command, f"of-{program}", url, "aw_key")
    assert status != 0
    assert "Mend /type." in said
    assert asked == [f"of-{program}"]


def test_each_example_is_run_and_the_readme_says_where() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix != ".md" and path.is_file()}
    assert files == PROGRAMS.keys()
    rows = [line for line in (EXAMPLES / "README.md").read_text().splitlines() if line.startswith("| `")]
    always = {name for name in files for row in rows if f"`{name}`" in row and row.endswith("| always |")}
    assert always == ALWAYS
    assert len(rows) == len(files)
