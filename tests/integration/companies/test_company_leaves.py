"""A company leaves: then a search over every table and topic finds nothing of it, whatever is consumed again."""

from datetime import timedelta

import pytest
from support.companies import Company, World
from support.erasure_world import TopicLog
from support.kernel_service import create_topics, records_of
from support.leaving import (
    OPERATOR,
    erase_companies,
    holding,
    kafka_of,
    live_records,
    operate,
    relay_all,
)

from services import SERVICES
from services.alerts.weekly.schedule import set_missing
from services.command import service
from services.trigger.company_states import let_go
from shared.events import TOPICS, TRANSACTIONS
from shared.kafka.kernel.clients import new_producer, partition_of, stop_producer
from shared.kafka.kernel.dead_letters import (
    dead_letter_key,
    dead_letter_topic,
    decode_headers,
    encode_headers,
)
from shared.privacy.company_rows import LEFT_OUT_BY_SERVICE, exported_tables
from shared.privacy.left_companies import company_tables, erasable_topics

pytestmark = pytest.mark.timeout(300)

KNOWN_AFTERWARDS = {f"{name}.{table}": None for name in SERVICES for table in ("tenant", "closed_company")}
"""Where the short name stays, so that nothing of the company comes back."""
LETTERS = dead_letter_topic(TRANSACTIONS.name, "dispatcher")
OF_NO_COMPANY = frozenset(
    {
        *("backfill", "outbox", "pace", "position", "retention_run", "source_worker"),
        *("mail_destination", "mail_server", "mail_stream", "webhook_token"),
    }
)
"""Tables without rows of companies."""


def test_each_table_is_exported_or_says_why_not() -> None:
    for name in SERVICES:
        metadata = service(name).metadata
        every = {table.name for table in metadata.sorted_tables}
        tables = {table.name for table in company_tables(metadata)} | {"closed_company", "tenant"}
        assert every - tables <= OF_NO_COMPANY, name
        assert set(LEFT_OUT_BY_SERVICE[name]) <= tables, name
        assert tables == set(LEFT_OUT_BY_SERVICE[name]) | set(exported_tables(name, metadata))


async def store_records(world: World, log: TopicLog) -> None:
    """Everything that was published, and a dead letter, on the topics of a broker."""
    kafka = kafka_of(world)
    topics = [topic.name for topic in TOPICS if topic.name != TRANSACTIONS.name]
    await create_topics(kafka, [*topics, LETTERS])
    producer = new_producer(kafka, "test")
    await producer.start()
    try:
        for topic in topics:
            partitions = len(await producer.partitions_for(topic))
            for key, value in log.topics.get(topic, []):
                await producer.send(topic, value, key, partition=partition_of(key, partitions))
        for own in ("yewtree", "rowan"):
            (event,) = [
                e for e in await world.transactions() if (e.tenant, e.data.id) == (own, f"{own}-order")
            ]
            place = dead_letter_key(TRANSACTIONS.name, 0, {"yewtree": 1, "rowan": 2}[own])
            key = TRANSACTIONS.record_key(event)
            headers = decode_headers(encode_headers(TRANSACTIONS.name, 0, 1, key, "bug", event.time, []))
            await producer.send(LETTERS, TRANSACTIONS.encode(event), place, partition=0, headers=headers)
        await producer.flush()
    finally:
        await stop_producer(producer)


async def test_nothing_of_a_company_that_has_left_is_in_any_table_or_topic(  # noqa: C901, PLR0912  (one story)
    world: World, log: TopicLog, company: Company, neighbour: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Everything is published once more, so that the topics have all of both companies.
    for name, context in world.contexts.items():
        for owned in service(name).recovery(context).owned:
            async with context.database.transaction() as uow:
                things, _ = await owned.page(uow, None, 1_000)
                for tenant, thing in things:
                    uow.publish(owned.topic, tenant, thing)
    await log.deliver_all()
    await store_records(world, log)
    before = await world.rows()
    assert len(holding(before, "yewtree")) > 60
    topics = [topic for name in SERVICES for topic in erasable_topics(name)]
    assert sum([len(await live_records(world, topic, b"yewtree")) > 0 for topic in topics]) > 6

    left = await operate(world, "/yewtree/leave", {"grace_days": 30})
    assert left["state"] == "leaving"
    await relay_all(world, log)
    admin = company.people["admin"]
    for name, path in (("trigger", "/v1/keys"), ("alerts", "/v1/cases"), ("dispatcher", "/v1/surveys")):
        assert (await world.clients[name].get(path, headers=company.headers)).status_code == 401, name
    for name, path in (("trigger", "/company"), ("alerts", "/inbox"), ("scorer", "/")):
        page = await world.clients[name].get(path, headers=admin.headers(page=True))
        assert page.status_code == 403, name
        assert "Your company has left Afterword." in page.text
    link = await world.clients["collector"].get(f"/s/{company.token('answer')}")
    assert link.status_code == 404, link.text

    assert (await operate(world, "/yewtree/stay"))["state"] == "paused"
    await relay_all(world, log)
    assert (await world.clients["dispatcher"].get("/v1/surveys", headers=company.headers)).status_code == 200
    await operate(world, "/yewtree/leave", {"grace_days": 0})
    trigger = world.contexts["trigger"].database
    async with trigger.transaction() as uow:
        await let_go(uow, "yewtree")
    await relay_all(world, log)

    with monkeypatch.context() as portions:
        portions.setattr("shared.privacy.left_companies.MAX_KEYS_IN_MEMORY", 1)
        await erase_companies(world)
    await relay_all(world, log)
    after = await world.rows()
    assert holding(after, "yewtree") == set(KNOWN_AFTERWARDS)
    for table, rows in before.items():
        if not table.endswith((".outbox", ".key_use", ".retention_run")):
            of_neighbour = [row for row in rows if row[0] == neighbour.name]
            assert [row for row in after[table] if row[0] == neighbour.name] == of_neighbour, table
    for topic in [*topics, LETTERS]:
        assert await live_records(world, topic, b"yewtree") == [], topic
    assert len(await live_records(world, LETTERS, b"rowan")) == 1
    shown = (await world.clients["trigger"].get("/v1/companies/yewtree", headers=OPERATOR)).json()
    assert shown["state"] == "left"
    assert {each["service"] for each in shown["erasures"] if each["erased_at"]} == set(SERVICES)
    assert shown["name"] == "yewtree"

    # Whatever comes again brings nothing back, and what one process had in hand goes an hour later.
    records = await records_of(kafka_of(world), TRANSACTIONS.name)
    again = [(key, value) for key, value, _ in records if key is not None]
    log.topics[TRANSACTIONS.name] = [*log.topics.get(TRANSACTIONS.name, []), *again]
    for each in TOPICS:
        for _, value in log.topics.get(each.name, []):
            await log.consume(each.name, value)
    assert holding(await world.rows(), "yewtree") == set(KNOWN_AFTERWARDS)
    await set_missing(world.contexts["alerts"].database)  # a loop that goes over all companies
    assert holding(await world.rows(), "yewtree") == set(KNOWN_AFTERWARDS)
    dispatcher = world.contexts["dispatcher"].database
    async with dispatcher.transaction() as uow:
        await uow.execute("INSERT INTO import_mapping VALUES ('yewtree', 'x', '', now())")
    clock = dispatcher.clock
    with monkeypatch.context() as later:
        for context in world.contexts.values():
            later.setattr(context.database, "clock", lambda: clock() + timedelta(hours=2))
        await erase_companies(world)
    assert holding(await world.rows(), "yewtree") == set(KNOWN_AFTERWARDS)
    await operate(world, "/yewtree/stay", status=404)

    # A database from a backup has the company again, and does not know that it has left.
    collector = world.contexts["collector"]
    async with collector.database.transaction() as uow:
        await uow.execute("DELETE FROM closed_company WHERE tenant = 'yewtree'")
        await uow.execute("UPDATE tenant SET version = 1 WHERE id = 'yewtree'")
        await uow.execute(
            "INSERT INTO intent (tenant, invitation_id, first_at, last_at, visits, seen) "
            "VALUES ('yewtree', gen_random_uuid(), now(), now(), 1, '[]')"
        )
    for read in service("collector").restored(collector).reads:
        for _, value in log.topics.get(read.topic.name, []):
            if value is not None:
                async with collector.database.transaction() as uow:
                    await read.handle(uow, [read.topic.decode(value)])
    await service("collector").erasing_companies(collector).step()
    assert holding(await world.rows(), "yewtree") == set(KNOWN_AFTERWARDS)
    await operate(world, "", {"id": "yewtree", "name": "Yewtree"}, 409)
