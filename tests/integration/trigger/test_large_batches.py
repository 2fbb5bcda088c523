"""Batches that become very large when they are decompressed stop their own source, and no worker."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from support.eventually import eventually
from support.lent_databases import LentDatabases
from support.sources import SourceBench, a_source_bench, an_order

from services.trigger.sources.bounded_codecs import MAX_DECOMPRESSED_BYTES
from services.trigger.sources.reading import SourceReading
from shared.kafka.kernel.clients import start_producer, stop_producer


@pytest.fixture
async def bench(kafka: str, databases_to_lend: LentDatabases) -> AsyncIterator[SourceBench]:
    async with a_source_bench(kafka, databases_to_lend) as bench:
        yield bench


async def write_compressed(bench: SourceBench, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bench.kafka,
        compression_type="zstd",
        max_request_size=4 * MAX_DECOMPRESSED_BYTES,
        max_batch_size=4 * MAX_DECOMPRESSED_BYTES,
    )
    await start_producer(producer)
    try:
        await producer.send_and_wait(topic, value, partition=0)
    finally:
        await stop_producer(producer)


async def test_a_batch_of_too_many_bytes_is_the_problem_of_its_source_alone(
    bench: SourceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The problem is one for as long as it lasts, however often the source is tried again."""
    failures, report = list[Exception](), SourceReading._report_failure

    async def counted(reading: SourceReading, error: Exception) -> None:
        await report(reading, error)
        failures.append(error)

    monkeypatch.setattr(SourceReading, "_report_failure", counted)
    topic, other = await bench.topic(), await bench.topic()
    await bench.write(topic, *(an_order(f"o{number}") for number in range(25)))
    await write_compressed(bench, topic, b" " * (MAX_DECOMPRESSED_BYTES + 1))
    await bench.write(topic, an_order("behind"))
    await bench.write(other, an_order("other"))
    bomb, source = await bench.declare(topic), await bench.declare(other)
    async with bench.workers():
        await bench.until_problem(bomb, "too_large")
        await bench.until(source, taken=1, lag=0)
        assert 20 <= (await bench.source(bomb))["taken"] <= 25
        since = (await bench.source(bomb))["problem"]["since"]
        await eventually(lambda: len(failures) > 2)
        problem = (await bench.source(bomb))["problem"]
        assert "16 MiB" in problem["detail"]
        assert problem["since"] == since
        looked = await bench.client.post(f"/v1/sources/{bomb['id']}/preview", json={})
        assert looked.status_code == 409, looked.text
        assert "16 MiB" in looked.json()["detail"]


async def test_an_event_that_is_too_large_is_a_dead_letter_with_its_remedy(bench: SourceBench) -> None:
    topic = await bench.topic()
    await bench.write(topic, an_order("large", attributes={"x": "y" * 900_000}), an_order("behind"))
    source = await bench.declare(topic)
    async with bench.workers():
        await bench.until(source, taken=1, refused=1, lag=0)
    answer = await bench.client.get(f"/v1/sources/{source['id']}/dead-letters")
    assert [each["offset"] for each in answer.json()["dead_letters"]] == [0]


async def test_a_large_batch_is_read_and_its_records_are_judged_one_by_one(bench: SourceBench) -> None:
    topic = await bench.topic()
    await write_compressed(bench, topic, b" " * (MAX_DECOMPRESSED_BYTES - 1_000))
    await bench.write(topic, an_order("behind"))
    source = await bench.declare(topic)
    async with bench.workers():
        await bench.until(source, taken=1, refused=1, lag=0)
