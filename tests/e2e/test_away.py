"""Kafka or PostgreSQL away, at the start or at any time: services wait, say why, and continue by themselves."""

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import pytest
from support.environment import without_settings
from support.eventually import eventually
from support.full_stack import AFTERWORD, Company, FullStack, start_company
from support.plain_http import plain_client

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def company(stack: FullStack) -> Company:
    return start_company(stack, "Away", "away@example.com")


def kill(stack: FullStack, name: str) -> None:
    """As the kernel would, without a word; the supervisor starts it again."""
    services = json.loads(stack.run("status", "--json"))["services"]
    os.kill(next(service["pid"] for service in services if service["name"] == name), signal.SIGKILL)


async def accepted(stack: FullStack, company: Company, id_: str) -> bool:
    event = {
        "id": id_,
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {"id": id_, "email": "away@example.com"},
    }
    async with plain_client(stack.origin, headers=company.headers) as client:
        response = await client.post("/v1/events", json=event, timeout=10)
    if response.status_code != 202:
        assert response.status_code == 503, response.text
        assert response.headers["retry-after"]
    return response.status_code == 202


async def invited(stack: FullStack, company: Company, id_: str) -> bool:
    async with plain_client(stack.origin, headers=company.headers) as client:
        found = await client.get("/v1/decisions", params={"event_id": id_}, timeout=40)
    return found.status_code == 200 and '"invited"' in found.text


async def ready(stack: FullStack) -> bool:
    async with plain_client(stack.origin) as client:
        return (await client.get("/readyz", timeout=10)).status_code == 200


@pytest.mark.parametrize("part", ["kafka", "postgres"])
async def test_a_server_that_is_killed_comes_back_and_what_was_accepted_is_decided(
    stack: FullStack, company: Company, part: str
) -> None:
    sent = []
    for n in range(12):
        if n == 4:
            kill(stack, part)
        id_ = f"{part}-{n}"
        await eventually(partial(accepted, stack, company, id_), within=90)
        sent.append(id_)
    for id_ in sent:
        await eventually(partial(invited, stack, company, id_), within=90)
    await eventually(lambda: ready(stack), within=60)


@contextmanager
def alone(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours on a machine that has neither Kafka nor PostgreSQL."""
    nowhere = "127.0.0.1:9"
    databases = {
        f"{name}_DATABASE_URL": f"postgresql+asyncpg://x:x@{nowhere}/x"
        for name in ("TRIGGER", "DISPATCHER", "COLLECTOR", "SCORER", "ALERTS")
    }
    settings = {
        "AFTERWORD_KAFKA": nowhere,
        "AFTERWORD_PUBLIC_URL": "http://afterword.example",
        "AFTERWORD_STAFF_URL": "http://afterword.example",
        "AFTERWORD_SECRET": "x" * 32,
        "AFTERWORD_SMTP_URL": f"smtp://{nowhere}",
        **databases,
    }
    with subprocess.Popen(
        (str(AFTERWORD), *arguments), env={**os.environ, **settings}, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def a_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (("run", "scorer", "worker", "--health-port"), {"broker", "database"}),
        (("run", "all", "api", "--port"), {"trigger: kafka", "collector: database", "alerts: database"}),
    ],
)
async def test_a_process_that_finds_neither_waits_and_says_so_and_ends_within_ten_seconds(
    arguments: tuple[str, ...], missing: set[str]
) -> None:
    port = a_port()
    with alone(*arguments, str(port)) as process:
        async with plain_client(f"http://127.0.0.1:{port}", timeout=5) as client:

            async def names_what_is_missing() -> bool:
                response = await client.get("/readyz")
                missing_now = response.json()["missing"]
                return response.status_code == 503 and all(
                    any(m in line for line in missing_now) for m in missing
                )

            await eventually(names_what_is_missing, within=60)
            assert (await client.get("/healthz")).status_code == 200
        process.terminate()
        await asyncio.wait_for(asyncio.to_thread(process.wait), 10)
        assert process.returncode == 0


def test_a_misspelt_setting_is_named_and_the_service_stops() -> None:
    done = subprocess.run(
        (str(AFTERWORD), "run", "scorer", "worker"),
        env={
            **without_settings(),
            "AFTERWORD_KAFKA": "x",
            "AFTERWORD_PUBLIC_ULR": "y",
            "SCORER_DATABSE_URL": "z",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "AFTERWORD_PUBLIC_ULR: no such setting; did you mean AFTERWORD_PUBLIC_URL?" in done.stderr
    assert "AFTERWORD_SECRET: missing" in done.stderr
    assert "SCORER_DATABASE_URL: missing" in done.stderr
