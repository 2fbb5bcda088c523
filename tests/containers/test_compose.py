"""The compose file from the first start to the last, as a new user and then an operations team use it.

It needs a Docker engine and six minutes, so it runs where both were asked for; tests/containers/README.md.
"""

import asyncio
import os
from collections.abc import Iterator

import httpx
import pytest
from support.deployment import Deployment, a_deployment, engine
from support.eventually import eventually
from support.full_stack import start_company
from support.load_clients import CustomerLoad

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        os.environ.get("AFTERWORD_TEST_STACK") != "containers",
        reason="the compose story runs with AFTERWORD_TEST_STACK=containers, and needs a Docker engine",
    ),
]

PROCESSES = {
    "trigger": ("api", "worker"),
    "dispatcher": ("api", "worker", "sender"),
    "collector": ("api", "worker"),
    "scorer": ("api", "worker"),
    "alerts": ("api", "worker", "sender"),
}
PATHS = {
    "trigger": "/openapi/trigger.json",
    "dispatcher": "/v1/surveys",
    "collector": "/v1/answers",
    "scorer": "/v1/scores",
    "alerts": "/v1/cases",
}


def processes(*services: str) -> list[str]:
    return [f"{service}-{process}" for service in services for process in PROCESSES[service]]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    if fault := engine():
        pytest.fail(f"AFTERWORD_TEST_STACK=containers, but there is no engine: {fault}")
    with a_deployment("afterword-test") as built:
        built.up()
        yield built


@pytest.fixture(scope="module")
async def customers(deployment: Deployment) -> CustomerLoad:
    company = start_company(deployment, "Acme", "you@example.com")
    deployment.run("live", "acme", "--yes")
    return CustomerLoad(deployment, company)


async def test_from_up_to_the_closed_case(deployment: Deployment, customers: CustomerLoad) -> None:
    async with httpx.AsyncClient(base_url=deployment.origin, trust_env=False) as visitor:
        assert (await visitor.get("/metrics")).status_code == 404
        link = await visitor.get(customers.company.link)
        assert "Choose a password" in link.text
        style = next(part for part in link.text.split('"') if part.startswith("/static/shared/"))
        assert (await visitor.get(style)).status_code == 200
    await customers.buy("first", 3)
    await customers.answer_all()
    await customers.all_is_counted()
    (case,) = await customers.cases()
    assert case["comment"] == "It came three days late."
    ending = {"cause": "delivery.late", "action": "Called.", "outcome": "recovered", "told": True}
    close = {"act": "close", "version": case["version"], **ending}
    await customers.post(f"/v1/cases/{case['id']}/actions", close)
    assert (await customers.get(f"/v1/cases/{case['id']}"))["state"] == "closed"


def test_no_process_may_more_than_it_needs(deployment: Deployment) -> None:
    for process in processes(*PROCESSES):
        own = process.partition("-")[0]
        script = f"id -u; touch /x; ls /secrets/*/*; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status; test -r /secrets/{own}/secret"
        output = deployment.compose("exec", "--no-TTY", process, "sh", "-c", f"{{ {script}; }} 2>&1")
        assert "10001" in output
        assert "Read-only file system" in output
        assert "CapEff:\t0000000000000000" in output
        assert "NoNewPrivs:\t1" in output
        secrets = [line for line in output.splitlines() if line.startswith("/secrets/")]
        assert secrets == [f"/secrets/{own}/database_url", f"/secrets/{own}/secret"]


async def test_three_scorers_share_the_work_while_events_flow(
    deployment: Deployment, customers: CustomerLoad
) -> None:
    async def scale() -> None:
        for number in (3, 1, 3):
            await asyncio.to_thread(deployment.up, "--scale", f"scorer-worker={number}")

    await asyncio.gather(customers.buy_many("scaled", 110), scale())
    await customers.answer_all()
    await customers.all_is_counted()
    assert len(deployment.compose("ps", "--quiet", "scorer-worker").split()) == 3


async def test_each_service_is_restarted_alone_while_events_flow(
    deployment: Deployment, customers: CustomerLoad
) -> None:
    async def restart() -> None:
        for service in PROCESSES:
            await asyncio.to_thread(deployment.compose, "restart", *processes(service))

    await asyncio.gather(customers.buy_many("restarted", 66, every=0.5), restart())
    await customers.answer_all()
    await customers.all_is_counted()


@pytest.mark.parametrize("absent", PROCESSES)
async def test_without_one_service_the_others_go_on(
    deployment: Deployment, customers: CustomerLoad, absent: str
) -> None:
    deployment.compose("stop", *processes(absent))
    try:
        async with customers.client() as client:
            for service, path in PATHS.items():
                answer = await client.get(path, timeout=20)
                if service == absent:
                    assert answer.status_code == 503, answer.text
                    assert answer.headers["retry-after"]
                    assert "not running at the moment" in answer.text
                else:
                    assert answer.status_code == 200, answer.text
        for service in PROCESSES:
            if service != absent:
                assert deployment.missing(f"{service}-worker") == ""
        if absent != "trigger":
            await customers.buy(f"without-{absent}", 9)
        if absent in {"scorer", "alerts"}:
            await customers.answer_all()
    finally:
        deployment.compose("start", *processes(absent))
    await customers.answer_all()
    await customers.all_is_counted()


@pytest.mark.parametrize(
    ("absent", "missing"), [("kafka", "broker"), ("postgres", "database"), ("mailbox", "mail server")]
)
async def test_without_a_server_it_is_said_who_misses_it_and_nothing_is_lost(
    deployment: Deployment, customers: CustomerLoad, absent: str, missing: str
) -> None:
    await customers.buy(f"before-{absent}", 2)
    process = "dispatcher-sender" if absent == "mailbox" else "scorer-worker"
    deployment.compose("stop", absent)
    try:
        buying = asyncio.create_task(customers.buy(f"without-{absent}", 4))
        await eventually(lambda: missing in deployment.missing(process), within=60)
        await eventually(lambda: missing in deployment.compose("logs", "--since", "2m", process), within=20)
    finally:
        deployment.compose("start", absent)
    await buying
    await customers.answer_all()
    await customers.all_is_counted()
    await eventually(lambda: deployment.missing(process) == "", within=60)


async def test_down_and_up_again_everything_is_there(deployment: Deployment, customers: CustomerLoad) -> None:
    deployment.compose("down")
    deployment.up()
    await customers.all_is_counted()
    await customers.buy("after", 10)
    await customers.answer_all()
    await customers.all_is_counted()
