"""Brokers: the local stack's one node, or three of them that hold every partition three times."""

import asyncio
import base64
import uuid
from collections.abc import Sequence
from dataclasses import replace

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local import kafka
from deploy.local.program import Program
from deploy.local.state import State, free_ports

THREE_NODES_CONFIG = """
node.id={node}
controller.quorum.bootstrap.servers={controllers}
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
default.replication.factor=3
min.insync.replicas=2
"""


async def prepare(state: State, brokers: int) -> tuple[str, list[Program]]:
    """The bootstrap servers and the programs; each further broker has a folder and ports of its own."""
    await asyncio.to_thread(kafka.fetch)
    if brokers == 1:
        await asyncio.to_thread(kafka.prepare, state)
        return state.kafka, [kafka.program(state)]
    nodes = [state, *(_another(state, number) for number in range(2, brokers + 1))]
    programs = await asyncio.to_thread(_prepare, nodes)
    return ",".join(node.kafka for node in nodes), programs


async def until_in_sync(bootstrap: str, within: float = 90) -> None:
    """Return when all replicas of all partitions are in sync.

    :raises TimeoutError: when it does not.
    """
    async with asyncio.timeout(within):
        while not await _all_in_sync(bootstrap):  # noqa: ASYNC110  (the brokers do it: there is nothing here to wait on)
            await asyncio.sleep(0.3)


async def _all_in_sync(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        await admin.start()
        topics = await admin.describe_topics()
    except KafkaError:
        return False
    finally:
        await admin.close()
    partitions = [partition for topic in topics for partition in topic["partitions"]]
    return bool(partitions) and all(len(each["isr"]) == len(each["replicas"]) for each in partitions)


def _another(state: State, number: int) -> State:
    broker, controller = free_ports(2)
    return replace(
        state,
        root=state.root / f"node-{number}",
        ports={**state.ports, "kafka": broker, "kafka_controller": controller},
    )


def _prepare(nodes: Sequence[State]) -> list[Program]:
    controllers = [f"127.0.0.1:{node.ports['kafka_controller']}" for node in nodes]
    voters = ",".join(f"{number}@{at}:{_directory_id()}" for number, at in enumerate(controllers, 1))
    programs = []
    for number, node in enumerate(nodes, 1):
        own = THREE_NODES_CONFIG.format(node=number, controllers=",".join(controllers))
        kafka.prepare(node, own=own, quorum=("--initial-controllers", voters))
        programs.append(replace(kafka.program(node), name=f"kafka-{number}"))
    return programs


def _directory_id() -> str:
    """As Kafka writes a UUID, without a leading dash."""
    return "A" + base64.urlsafe_b64encode(uuid.uuid4().bytes)[1:22].decode()
