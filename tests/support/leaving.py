"""What the tests of companies that are made, exported and leave ask of a world of services."""

import hashlib
import io
import zipfile
from typing import Any

import msgspec
from support.companies import OPERATOR_KEY, World
from support.erasure_world import TopicLog
from support.kernel_service import records_of

from services.command import service
from shared.kafka.kernel.clients import new_producer, partition_of, stop_producer

OPERATOR = {"authorization": f"Bearer {OPERATOR_KEY}", "accept": "application/json"}


def kafka_of(world: World) -> str:
    return world.contexts["trigger"].afterword.kafka


async def operate(world: World, path: str, body: Any = None, status: int = 200) -> Any:
    """What the operator is answered."""
    answer = await world.clients["trigger"].post(f"/v1/companies{path}", json=body, headers=OPERATOR)
    assert answer.status_code == status, answer.text
    return answer.json()


async def acts_of(world: World, company: str) -> list[str]:
    """What the trigger has put into the log since its outbox was emptied."""
    async with world.contexts["trigger"].database.reading() as uow:
        rows = await uow.execute(
            "SELECT convert_from(value, 'UTF8') FROM outbox WHERE topic = 'audit.v1' ORDER BY seq"
        )
        lines = [msgspec.json.decode(row) for row in rows.scalars()]
    return [line["data"]["act"] for line in lines if line["tenant"] == company]


def read_export(content: bytes, company: str) -> dict[str, bytes]:
    """The files of an export, whose manifest holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = msgspec.json.decode(files.pop("manifest.json"))
    assert manifest["company"]["id"] == company
    assert {each["path"]: each["sha256"] for each in manifest["files"]} == {
        path: hashlib.sha256(content).hexdigest() for path, content in files.items()
    }
    assert {each["path"]: each["rows"] for each in manifest["files"]} == {
        path: content.count(b"\n") for path, content in files.items()
    }
    return files


async def live_records(world: World, topic: str, word: bytes) -> list[bytes]:
    """The keys of the records with this word that compaction leaves, or will leave."""
    records = await records_of(kafka_of(world), topic)
    newest = {key: value for key, value, _ in records if key is not None}
    return [key for key, value in newest.items() if value is not None and word in key + value]


def holding(rows: Any, word: str) -> set[str]:
    return {table for table, found in rows.items() if any(word in repr(row) for row in found)}


async def relay_all(world: World, log: TopicLog) -> None:
    """Deliver what is in the outboxes, and store it in the broker as the relay would."""
    before = {topic: len(records) for topic, records in log.topics.items()}
    await log.deliver_all()
    kafka = kafka_of(world)
    producer = new_producer(kafka, "test")
    await producer.start()
    try:
        for topic, records in log.topics.items():
            partitions = len(await producer.partitions_for(topic))
            for key, value in records[before.get(topic, 0) :]:
                # Where the relay puts it, behind what it replaces.
                await producer.send(topic, value, key, partition=partition_of(key, partitions))
        await producer.flush()
    finally:
        await stop_producer(producer)


async def erase_companies(world: World) -> None:
    for name, context in world.contexts.items():
        while await service(name).erasing_companies(context).step() is not None:
            """One company with each step."""
