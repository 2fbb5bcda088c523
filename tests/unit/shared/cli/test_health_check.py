"""The question of a health check: what is wrong comes out as words, and as the code that a container reads."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator

import pytest

from shared.cli.health_check import find_faults
from shared.health import Health
from shared.http.health_app import HealthApp
from shared.http.server import serve


def a_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def process() -> AsyncIterator[tuple[Health, int]]:
    health, port, stopping = Health(), a_port(), asyncio.Event()
    serving = asyncio.create_task(serve(HealthApp({"": health}), port, stopping))
    while await asyncio.to_thread(find_faults, port):
        assert not serving.done()
    yield health, port
    stopping.set()
    await serving


async def test_alive_and_ready_are_two_questions(process: tuple[Health, int]) -> None:
    health, port = process
    health.set_unready("broker", "away")
    assert await asyncio.to_thread(find_faults, port) == []
    assert await asyncio.to_thread(lambda: find_faults(port, ready=True)) == ["broker: away"]


@pytest.mark.parametrize(("asked", "code"), [((), 0), (("readyz",), 1)])
async def test_the_module_ends_with_the_code_that_a_container_reads(
    process: tuple[Health, int], asked: tuple[str, ...], code: int
) -> None:
    health, port = process
    health.set_unready("broker", "away")
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.cli.health_check", str(port), *asked), stderr=subprocess.PIPE
    )
    _, output = await done.communicate()
    assert done.returncode == code
    assert (b"broker: away" in output) == bool(code)


def test_no_process_and_another_program_are_not_healthy() -> None:
    assert find_faults(a_port()) != []
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def answer() -> None:
            connection, _ = stranger.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")
            connection.close()

        threading.Thread(target=answer).start()
        (fault,) = find_faults(stranger.getsockname()[1])
    assert "something else listens there" in fault
