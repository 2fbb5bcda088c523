"""Kafka and PostgreSQL in containers, on the ports and with the passwords of a local stack's state."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal

from support.eventually import eventually
from testcontainers.core.container import DockerContainer

from deploy.local import kafka, postgres
from deploy.local.state import State

KAFKA = f"apache/kafka:{kafka.VERSION}"
POSTGRES = "postgres:18"


@contextmanager
def running(server: Literal["kafka", "postgres"], state: State) -> Iterator[None]:
    """One server, ready, while the context lasts; its data are deleted at the end."""
    container = a_broker(state) if server == "kafka" else a_database(state)
    # In a thread, since this thread has the event loop of the tests.
    with container, ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, wait_until_ready(server, state)).result()
        yield


def a_broker(state: State) -> DockerContainer:
    """A node with the settings of the local one, passed as the official image expects them."""
    port = state.ports["kafka"]
    lines = kafka.PROPERTIES.format(broker=port, controller=9093, data="/var/lib/kafka/data").splitlines()
    settings = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    # The image formats its folder for a static list of voters.
    del settings["controller.quorum.bootstrap.servers"]
    settings |= {
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://:9092,CONTROLLER://localhost:9093",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
    }
    container = DockerContainer(KAFKA).with_bind_ports(9092, port)
    container.with_env("KAFKA_HEAP_OPTS", "-Xms256m -Xmx256m")
    for name, value in settings.items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    return container


def a_database(state: State) -> DockerContainer:
    """A server with the settings of the local one."""
    local_only = {"listen_addresses", "unix_socket_directories"}
    settings = [f"{name}={value}" for name, value in postgres.SETTINGS.items() if name not in local_only]
    command = ["postgres", *(part for setting in settings for part in ("-c", setting))]
    container = DockerContainer(POSTGRES, command=command).with_bind_ports(5432, state.ports["postgres"])  # type: ignore[arg-type]  # a list is as good
    return container.with_env("POSTGRES_PASSWORD", state.passwords["postgres"])


async def wait_until_ready(server: Literal["kafka", "postgres"], state: State) -> None:
    """Return when it answers; PostgreSQL has the services' roles and databases then."""
    answers = kafka.answers if server == "kafka" else postgres.answers
    await eventually(lambda: answers(state), within=90)
    if server == "postgres":
        await postgres.create_databases(state)
