"""Kafka sources against the real broker: what is read becomes an event exactly once, or a dead letter."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
from aiokafka import TopicPartition
from msgspec.structs import replace
from support.eventually import eventually
from support.forms import forms_of
from support.kernel_service import delete_records, delete_topic
from support.lent_databases import LentDatabases
from support.sources import SourceBench, a_browser, a_source_bench, an_order, make_topic

from services.trigger.sources.repository import positions as position_rows
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.repository.positions import Move
from shared.kafka.kernel.dead_letters import decode_headers


@pytest.fixture
async def bench(kafka: str, databases_to_lend: LentDatabases) -> AsyncIterator[SourceBench]:
    async with a_source_bench(kafka, databases_to_lend) as bench:
        yield bench


async def test_each_record_becomes_one_event_however_often_the_topic_is_read(bench: SourceBench) -> None:
    topic = await bench.topic(partitions=2)
    await bench.write(topic, an_order("one"), an_order("two"))
    await bench.write(topic, an_order(), partition=1)
    source = await bench.declare(topic)
    async with bench.workers():
        await bench.until(source, taken=3, lag=0)
        again = await bench.client.post(f"/v1/sources/{source['id']}/read-again", json={})
        assert again.status_code == 200, again.text
        await bench.until(source, taken=6, lag=0)
    taken = await bench.taken()
    assert len(taken) == 6
    assert {(each.source, each.id) for each in taken} == {
        (topic, "one"),
        (topic, "two"),
        (topic, f"{topic}/1/0"),
    }
    assert len({each.event_id for each in taken}) == 3


async def test_a_record_that_does_not_fit_is_a_dead_letter_with_its_remedy_and_harms_no_neighbour(
    bench: SourceBench,
) -> None:
    topic = await bench.topic()
    bad = an_order("bad", customer={"email": "nobody"})
    await bench.write(topic, an_order("one"), bad, b"{", None, an_order("two"))
    source = await bench.declare(topic)
    async with bench.workers():
        found = await bench.until(source, taken=2, refused=2, skipped=1)
    assert found["problem"] is None
    letters = (await bench.client.get(f"/v1/sources/{source['id']}/dead-letters")).json()["dead_letters"]
    assert [(each["offset"], each["field"]) for each in letters] == [(2, "/"), (1, "/customer/email")]
    assert letters[1]["remedy"].startswith("Cannot be an address.")
    first, second = await bench.letters()
    headers = dict(decode_headers(first.headers))
    assert (json.loads(first.value), second.value) == (bad, b"{")
    assert headers["afterword-topic"].decode() == f"sources.v1/acme/{source['id']}"
    assert headers["afterword-reason"].decode().startswith("/customer/email: Cannot be an address.")


async def test_fields_come_from_where_the_mapping_says_and_others_are_filtered_out(
    bench: SourceBench,
) -> None:
    topic = await bench.topic()
    await bench.write(
        topic,
        {"kind": "delivered", "no": 17, "who": {"mail": "a@shop.example"}},
        {"kind": "returned", "no": 18, "who": {"mail": "b@shop.example"}},
        {"kind": "delivered", "no": 19, "who": {"mail": "no address"}},
    )
    mapping = {
        "id": {"path": "/no"},
        "type": {"value": "order.delivered"},
        "customer.email": {"path": "/who/mail"},
        "segments.store": {"value": "aarhus"},
        "attributes.order_id": {"path": "/no"},
    }
    source = await bench.declare(topic, mapping=mapping, only={"path": "/kind", "values": ["delivered"]})
    shown = await bench.client.post(f"/v1/sources/{source['id']}/preview", json={})
    assert shown.status_code == 200, shown.text
    newest = shown.json()["records"]
    assert [(each["offset"], each["field"]) for each in newest] == [(2, "/who/mail"), (1, None), (0, None)]
    assert newest[1]["event"] is None
    assert newest[2]["event"]["customer"]["email"] == "a@shop.example"
    assert await bench.taken() == []
    async with bench.workers():
        await bench.until(source, taken=1, refused=1, skipped=1)
    (event,) = await bench.taken()
    assert (event.id, event.type, event.segments) == ("17", "order.delivered", {"store": "aarhus"})


async def test_cloud_events_come_structured_and_in_headers(bench: SourceBench) -> None:
    topic = await bench.topic()
    content = {"customer": {"id": "c-1"}}
    attributes = {
        "specversion": "1.0",
        "id": "s",
        "source": "/shop",
        "type": "order",
        "time": an_order()["occurred_at"],
    }
    await bench.write(
        topic,
        {**attributes, "data": content},
        headers=[("content-type", b"application/cloudevents+json; charset=UTF-8")],
    )
    binary = [(f"ce_{name}", value.encode()) for name, value in {**attributes, "id": "b"}.items()]
    await bench.write(topic, content, headers=[*binary, ("content-type", b"application/json")])
    await bench.write(topic, content, headers=[each for each in binary if each[0] != "ce_time"])
    source = await bench.declare(topic, format="cloudevents")
    async with bench.workers():
        await bench.until(source, taken=2, refused=1)
    assert [(each.source, each.id) for each in await bench.taken()] == [("/shop", "s"), ("/shop", "b")]


async def test_a_paused_source_takes_nothing_more_in_once_that_is_answered(bench: SourceBench) -> None:
    topic = await bench.topic()
    await bench.write(topic, an_order("one"))
    source = await bench.declare(topic)
    async with bench.workers():
        await bench.until(source, taken=1)
        at = f"/v1/sources/{source['id']}"
        assert (await bench.client.patch(at, json={"state": "paused"})).json()["state"] == "paused"
        await bench.write(topic, an_order("two"))
        async with bench.context.database.transaction() as uow:
            ((_, stored),) = [
                (known, await position_rows.positions_of(uow, known))
                for known, _ in await source_rows.list_of(uow, "acme")
            ]
        assert stored[0].next_offset == 1
        await bench.client.patch(at, json={"state": "running"})
        await bench.until(source, taken=2)


async def test_the_second_of_two_workers_with_one_batch_takes_nothing_in(bench: SourceBench) -> None:
    """The compared position is the proof: leases only spare work."""
    source = await bench.declare(await bench.topic())
    database = bench.context.database
    move = {0: Move(start=0, end=5, youngest=1, bad_run=0, taken=5, refused=0, skipped=0)}
    async with database.transaction() as uow:
        ((known, _),) = await source_rows.list_of(uow, "acme")
        await position_rows.set_positions(uow, known, {0: 0})
    async with database.transaction() as first:
        assert await position_rows.move(first, known, move)

        async def second() -> bool:
            async with database.transaction() as uow:
                return await position_rows.move(uow, known, move)

        waiting = asyncio.create_task(second())
        await asyncio.sleep(0)
    assert not await waiting
    async with database.transaction() as uow:
        stale = replace(known, revision=known.revision - 1)
        onward = {0: move[0]._replace(start=5, end=6)}
        assert not await position_rows.move(uow, stale, onward)
        assert await position_rows.move(uow, known, onward)
    assert (await bench.source(source))["taken"] == 10


async def test_workers_share_the_sources_and_one_that_ends_leaves_its_own_to_the_others(
    bench: SourceBench,
) -> None:
    sources = [await bench.declare(await bench.topic()) for _ in range(4)]
    async with bench.workers() as (stays,):
        await eventually(lambda: len(stays._running) == 4)
        async with bench.workers() as (helps,):
            await eventually(lambda: (len(stays._running), len(helps._running)) == (2, 2))
        for source in sources:
            await bench.write(source["topic"], an_order("one"))
        for source in sources:
            await bench.until(source, taken=1)
    assert len(await bench.taken()) == 4


async def test_a_cluster_that_does_not_answer_harms_no_other_source_and_says_so(bench: SourceBench) -> None:
    topic = await bench.topic()
    away = await bench.declare("away", connection={"bootstrap": ["127.0.0.1:1"]})
    missing = await bench.declare("sources.acme.missing")
    foreign = await bench.declare("transactions.v1")
    source = await bench.declare(topic)
    await bench.write(topic, an_order("one"))
    async with bench.workers():
        await bench.until(source, taken=1)
        await bench.until_problem(away, "unreachable")
        await bench.until_problem(missing, "no_topic")
        await bench.until_problem(foreign, "own_cluster")
        assert (await bench.source(source))["problem"] is None


async def test_a_topic_that_lost_records_or_was_made_again_waits_for_somebody(bench: SourceBench) -> None:
    topic = await bench.topic()
    await bench.write(topic, *(an_order(f"o{i}") for i in range(4)))
    source = await bench.declare(topic)
    at = f"/v1/sources/{source['id']}"
    async with bench.workers():
        await bench.until(source, taken=4)
    await bench.write(topic, *(an_order(f"p{i}") for i in range(4)))
    await delete_records(bench.kafka, TopicPartition(topic, 0), before=6)
    async with bench.workers():
        await bench.until_problem(source, "lost")
        await bench.client.post(f"{at}/read-again", json={})
        await bench.until(source, taken=6)
        assert (await bench.source(source))["problem"] is None
    await delete_topic(bench.kafka, topic)
    await make_topic(bench.kafka, topic)
    await bench.write(topic, an_order())
    async with bench.workers():
        await bench.until_problem(source, "another_topic")
        await bench.client.post(f"{at}/read-again", json={"another_topic": True})
        await bench.until(source, taken=7)
    assert (await bench.taken())[-1].id == f"{topic}@1/0/0"


async def test_a_source_of_transactions_goes_on_after_a_restart_and_is_not_behind_their_markers(
    bench: SourceBench,
) -> None:
    topic, hour_ago = await bench.topic(), int(time.time() * 1_000) - 3_600_000
    for number in range(3):
        await bench.write_in_transaction(topic, an_order(f"o{number}"), timestamp_ms=hour_ago + number)
    source = await bench.declare(topic)
    async with bench.workers():
        await bench.until(source, taken=3, lag=0)
    await bench.write_in_transaction(topic, an_order("never"), timestamp_ms=hour_ago + 10_000, aborted=True)
    await bench.write(topic, an_order("o3"), timestamp_ms=hour_ago + 3)
    async with bench.workers():
        await bench.until(source, taken=4, lag=0)
    await bench.write_in_transaction(topic, an_order("o4"), timestamp_ms=hour_ago + 4)
    async with bench.workers():
        assert (await bench.until(source, taken=5, lag=0))["problem"] is None
    assert [each.id for each in await bench.taken()] == ["o0", "o1", "o2", "o3", "o4"]
    looked = await bench.client.post(f"/v1/sources/{source['id']}/preview", json={})
    assert [each["event"]["id"] for each in looked.json()["records"]] == ["o4", "o3", "o2", "o1", "o0"]


async def test_markers_that_retention_removed_are_no_loss(bench: SourceBench) -> None:
    topic = await bench.topic()
    await bench.write_in_transaction(topic, an_order("one"))
    source = await bench.declare(topic)
    async with bench.workers():
        await bench.until(source, taken=1, lag=0)
    await bench.write(topic, an_order("two"))
    await delete_records(bench.kafka, TopicPartition(topic, 0), before=2)
    async with bench.workers():
        assert (await bench.until(source, taken=2, lag=0))["problem"] is None


async def test_a_topic_made_again_is_known_by_a_record_behind_markers_and_aborted_ones(
    bench: SourceBench,
) -> None:
    topic, hour_ago = await bench.topic(), int(time.time() * 1_000) - 3_600_000
    await bench.write(topic, *(an_order(f"o{number}") for number in range(6)), timestamp_ms=hour_ago)
    source = await bench.declare(topic)
    async with bench.workers():
        await bench.until(source, taken=6, lag=0)
    await delete_topic(bench.kafka, topic)
    await make_topic(bench.kafka, topic)
    await bench.write_in_transaction(topic, an_order("never"), timestamp_ms=hour_ago + 1, aborted=True)
    await bench.write_in_transaction(topic, an_order("p0"), timestamp_ms=hour_ago + 1)
    await bench.write(topic, *(an_order(f"p{number}") for number in range(1, 6)))
    async with bench.workers():
        await bench.until_problem(source, "another_topic")
    assert len(await bench.taken()) == 6


async def test_a_hundred_misfits_in_a_row_stop_the_partition_until_somebody_looks(bench: SourceBench) -> None:
    topic = await bench.topic()
    await bench.write(topic, *([b"{"] * 150), an_order("good"))
    source = await bench.declare(topic)
    async with bench.workers():
        await bench.until_problem(source, "misfits")
        assert (await bench.source(source))["refused"] == 100
        at = f"/v1/sources/{source['id']}"
        for state in ("paused", "running"):
            await bench.client.patch(at, json={"state": state})
        await bench.until(source, refused=150, taken=1)


async def test_an_address_of_the_inner_network_is_refused_unless_the_operator_allows_it(
    kafka: str, databases_to_lend: LentDatabases
) -> None:
    async with a_source_bench(kafka, databases_to_lend, networks=None) as bench:
        source = await bench.declare("sources.acme.x")
        looked = await bench.client.post(f"/v1/sources/{source['id']}/preview", json={})
        assert looked.status_code == 409
        assert "private network" in looked.json()["detail"]


async def test_an_administrator_declares_tries_starts_and_reads_again_by_the_page(bench: SourceBench) -> None:
    topic = await bench.topic()
    await bench.write(topic, {"no": 1, "who": "c-1"}, {"no": 2})
    client, token = a_browser(bench)
    (typed,) = [
        each.fields for each in forms_of((await client.get("/sources")).text) if each.action == "/sources"
    ]
    filled = {
        **typed,
        "name": "Orders",
        "topic": topic,
        "bootstrap": bench.kafka,
        "tls": "no",
        "mapping": 'id = /no\ntype = "order"\ncustomer.id = /nobody',
        "password": "open sesame",
    }
    refused = await client.post("/sources", data={**filled, "bootstrap": "nonsense", "mapping": "id"})
    assert refused.status_code == 422
    assert "Line 1: write a field" in refused.text
    first, again = [await client.post("/sources", data=filled) for _ in range(2)]
    assert (first.status_code, first.headers["location"]) == (303, again.headers["location"])
    at = first.headers["location"].partition("?")[0]
    shown = await client.get(first.headers["location"])
    assert "open sesame" not in shown.text + refused.text
    looked = await client.post(f"{at}/preview", data={"csrf": token})
    assert "Needs an id, an email or a phone." in looked.text
    (change,) = [each.fields for each in forms_of(shown.text) if each.action == at]
    mended = {**change, "mapping": 'id = /no\ntype = "order"\ncustomer.id = /who'}
    tried = await client.post(at, data={**mended, "act": "try"})
    assert (tried.status_code, "&#34;id&#34;: &#34;c-1&#34;" in tried.text) == (200, True)
    assert (await client.post(at, data={**mended, "act": "save"})).status_code == 303
    assert (await client.post(f"{at}/state", data={"csrf": token, "act": "start"})).status_code == 303
    declared = {"id": at.rpartition("/")[2]}
    async with bench.workers():
        await bench.until(declared, taken=1, refused=1, lag=0)
        page = await client.get(at)
        assert "0/1" in page.text
        assert "Needs an id, an email or a phone." in page.text
        form = {"csrf": token, "read_from": "oldest"}
        assert (await client.post(f"{at}/read-again", data=form)).status_code == 303
        await bench.until(declared, taken=2, refused=2)
    assert (await client.post(f"{at}/state", data={"csrf": token, "act": "delete"})).status_code == 303
    assert (await client.get(at)).status_code == 404
