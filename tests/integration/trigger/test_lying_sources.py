"""Brokers of a company that lie about themselves reach no topic of another company, and no inner machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from support.lying_broker import Broker, a_lying_broker
from support.sources import SourceBench, a_source_bench, an_order, make_topic
from support.stack import Postgres

REBINDING = "broker.rebinding.example"


@pytest.fixture
async def bench(kafka: str, postgres: Postgres) -> AsyncIterator[SourceBench]:
    async with a_source_bench(kafka, postgres, networks="127.0.0.1/32") as bench:
        yield bench


def _itself_and_ours(real: Sequence[Broker], port: int) -> list[Broker]:
    """So many of its own that it is asked about the topic; the leader is our broker."""
    return [*real, *((1_000 + number, "127.0.0.1", port) for number in range(60))]


async def test_a_bootstrap_that_names_our_broker_as_leader_reads_no_topic_of_another_company(
    bench: SourceBench,
) -> None:
    own = await bench.topic()
    others = f"sources.another.{own.rpartition('.')[2]}"
    await make_topic(bench.kafka, others)
    await bench.write(others, {"another": "kim@example.com"})
    await bench.write(own, an_order("one"))
    async with a_lying_broker(bench.kafka, _itself_and_ours) as liar:
        connection = {"bootstrap": [f"127.0.0.1:{liar.port}"]}
        foreign = await bench.declare(others, connection=connection)
        looked = await bench.client.post(f"/v1/sources/{foreign['id']}/preview", json={})
        assert looked.status_code == 409, looked.text
        assert "the cluster of Afterword itself" in looked.json()["detail"]
        assert "kim" not in looked.text
        mine = await bench.declare(own, connection=connection)
        async with bench.workers():
            await bench.until_problem(foreign, "own_cluster")
            await bench.until(mine, taken=1)
        found = await bench.source(foreign)
        assert (found["taken"], found["refused"], found["skipped"]) == (0, 0, 0)
    assert [each.id for each in await bench.taken()] == ["one"]


async def test_a_broker_whose_name_leads_to_an_inner_machine_later_is_refused(
    bench: SourceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await bench.topic()
    await bench.write(topic, an_order("one"))
    asked: list[str] = []
    reached: list[Any] = []
    resolve = socket.getaddrinfo

    def rebinding(host: Any, *args: Any, **options: Any) -> Any:
        if host != REBINDING:
            return resolve(host, *args, **options)
        asked.append(host)
        return resolve("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    def named(real: Sequence[Broker], port: int) -> list[Broker]:
        return [(node, REBINDING, port) for node, *_ in real]

    async with a_lying_broker(bench.kafka, named) as liar:
        inner = await asyncio.start_server(lambda _, writer: reached.append(writer), "127.0.0.2", liar.port)
        async with inner:
            source = await bench.declare(
                topic, state="paused", connection={"bootstrap": [f"127.0.0.1:{liar.port}"]}
            )
            at = f"/v1/sources/{source['id']}/preview"
            first = await bench.client.post(at, json={})
            assert (first.status_code, len(asked)) == (200, 1), first.text
            second = await bench.client.post(at, json={})
    assert second.status_code == 409
    assert "private network" in second.json()["detail"]
    assert not reached
