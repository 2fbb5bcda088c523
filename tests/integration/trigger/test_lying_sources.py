"""Brokers of a company that lie about themselves reach no topic of another company, and no inner machine."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from support.lent_databases import LentDatabases
from support.lying_broker import Broker, a_lying_broker
from support.sources import SourceBench, a_source_bench, an_order, make_topic

from services.trigger.sources import registry

REBINDING = "broker.rebinding.example"


@pytest.fixture
async def bench(kafka: str, databases_to_lend: LentDatabases) -> AsyncIterator[SourceBench]:
    async with a_source_bench(kafka, databases_to_lend, networks="127.0.0.1/32") as bench:
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


class Rebinding:
    """A resolver that says another address of a host each time it is asked: first one that we may reach."""

    def __init__(self, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self._host = host
        self._resolve = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: Any, *args: Any, **options: Any) -> Any:
        if host != self._host:
            return self._resolve(host, *args, **options)
        self.asked += 1
        return self._resolve("127.0.0.1" if self.asked == 1 else "127.0.0.2", *args, **options)


async def test_a_bootstrap_whose_name_leads_to_an_inner_machine_later_is_refused(
    bench: SourceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, reached = await bench.topic(), list[Any]()
    await bench.write(topic, an_order("one"))
    port = int(bench.kafka.rpartition(":")[2])
    Rebinding(REBINDING, monkeypatch)
    inner = await asyncio.start_server(lambda _, writer: reached.append(writer), "127.0.0.2", port)
    async with inner:
        connection = {"bootstrap": [f"{REBINDING}:{port}"]}
        source = await bench.declare(topic, state="paused", connection=connection)
        at = f"/v1/sources/{source['id']}/preview"
        first, second = [await bench.client.post(at, json={}) for _ in range(2)]
    assert [first.status_code, second.status_code] == [200, 409], second.text
    assert "private network" in second.json()["detail"]
    assert not reached


async def test_a_registry_whose_name_leads_to_an_inner_machine_later_gets_nothing_and_redirects_nowhere(
    bench: SourceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, reached, redirect = await bench.topic(), list[bytes](), b""
    await bench.write(topic, b"\0\0\0\0\1x")
    schema = json.dumps({"schema": '"string"'}).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if writer.get_extra_info("sockname")[0] == "127.0.0.2":
            reached.append(head)
        writer.write(
            redirect or b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(schema)
        )
        writer.write(b"" if redirect else schema)
        writer.close()

    outer = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = outer.sockets[0].getsockname()[1]
    inner = await asyncio.start_server(answer, "127.0.0.2", port)
    async with outer, inner:
        own = {"url": f"http://{REBINDING}:{port}", "username": "shop", "password": "a secret"}
        source = await bench.declare(topic, state="paused", format="avro", registry=own)
        at = f"/v1/sources/{source['id']}/preview"
        Rebinding(REBINDING, monkeypatch)
        first, second = [await bench.client.post(at, json={}) for _ in range(2)]
        assert [first.status_code, second.status_code] == [200, 409], (first.text, second.text)
        assert "private network" in second.json()["detail"]
        Rebinding(REBINDING, monkeypatch)
        redirect = (
            b"HTTP/1.1 307 Elsewhere\r\nConnection: close\r\nContent-Length: 0\r\n"
            b"Location: http://127.0.0.2:%d/schemas/ids/1\r\n\r\n" % port
        )
        third = await bench.client.post(at, json={})
        assert third.status_code == 409, third.text
    assert not reached


async def test_a_registry_that_is_not_known_or_never_ends_its_answer_is_said_to_be_away(
    bench: SourceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        await reader.read()  # until the other side has enough
        writer.close()

    monkeypatch.setattr(registry, "TIMEOUT_S", 0.3)
    topic = await bench.topic()
    await bench.write(topic, b"\0\0\0\0\1x")
    slow = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with slow:
        for url in ("http://registry.invalid", f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}"):
            source = await bench.declare(topic, name=url, format="avro", registry={"url": url})
            looked = await bench.client.post(f"/v1/sources/{source['id']}/preview", json={})
            assert looked.status_code == 409, looked.text
            async with bench.workers():
                await bench.until_problem(source, "registry")
