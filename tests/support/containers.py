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
def running(part: Literal["kafka", "postgres"], state: State) -> Iterator[None]:
    """One server while the context lasts; it answers from the start, and what it kept goes with it."""
    container = a_broker(state) if part == "kafka" else a_database(state)
    # In a thread: the tests' own loop must stay this thread's.
    with container, ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, ready(part, state)).result()
        yield


def a_broker(state: State) -> DockerContainer:
    """A node with the local one's settings, by the official image's way of being told them."""
    port = state.ports["kafka"]
    lines = kafka.PROPERTIES.format(broker=port, controller=9093, data="/var/lib/kafka/data").splitlines()
    told = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    # The image formats its folder for voters that are known beforehand.
    del told["controller.quorum.bootstrap.servers"]
    told |= {
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://:9092,CONTROLLER://localhost:9093",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
    }
    container = DockerContainer(KAFKA).with_bind_ports(9092, port)
    container.with_env("KAFKA_HEAP_OPTS", "-Xms256m -Xmx256m")
    for name, value in told.items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    return container


def a_database(state: State) -> DockerContainer:
    """A server with the local one's settings."""
    elsewhere = {"listen_addresses", "unix_socket_directories"}
    settings = [f"{name}={value}" for name, value in postgres.SETTINGS.items() if name not in elsewhere]
    command = ["postgres", *(part for setting in settings for part in ("-c", setting))]
    container = DockerContainer(POSTGRES, command=command).with_bind_ports(5432, state.ports["postgres"])  # type: ignore[arg-type]  # a list is as good
    return container.with_env("POSTGRES_PASSWORD", state.passwords["postgres"])


async def ready(part: Literal["kafka", "postgres"], state: State) -> None:
    """Return when it answers."""
    answers = kafka.answers if part == "kafka" else postgres.answers
    await eventually(lambda: answers(state), within=90)
    if part == "postgres":
        await postgres.create_databases(state)
