"""What an operator sees: scraped from a real worker and a real API, and read by Prometheus' own parser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from support.dispatcher_builders import TENANT, a_customer, a_transaction, go_live, keep_tenant, make_survey
from support.eventually import eventually
from support.http_clients import a_context, api_client
from support.plain_http import plain_client
from support.restored_service import environment, publish
from support.servers import free_port
from support.stack import Mailbox, Postgres

from services.dispatcher.app import SERVICE as DISPATCHER
from shared.clock import system_clock
from shared.events import ANSWERS, TRANSACTIONS
from shared.kafka.kernel.clients import new_producer, stop_producer
from shared.process import run_worker
from shared.service import Context

Samples = list[Sample]
BESIDE = {"host": "127.0.0.1:8000"}
"""The world's addresses do not have the figures."""


@pytest.fixture
async def context(postgres: Postgres, broker: str, mailbox: Mailbox) -> AsyncIterator[Context]:
    context = await a_context(DISPATCHER, postgres, broker, smtp_url=mailbox.smtp_url)
    yield context
    await context.database.close()


@asynccontextmanager
async def a_worker(context: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """The dispatcher's, with all its loops; asked at its health port."""
    more = {
        "AFTERWORD_SMTP_URL": context.afterword.smtp_url.get_secret_value(),
        "AFTERWORD_TOPIC_REPLICATION": "1",
        "DISPATCHER_DATABASE_URL": context.database.url,
    }
    for name, value in {**environment(context.afterword.kafka), **more}.items():
        monkeypatch.setenv(name, value)
    port, stopping = free_port(), asyncio.Event()
    worker = asyncio.create_task(run_worker(DISPATCHER, port, "127.0.0.1", stopping))
    try:
        async with plain_client(f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        stopping.set()
        await worker


async def scrape(client: httpx.AsyncClient) -> Samples:
    page = await client.get("/metrics", headers=BESIDE)
    assert page.status_code == 200
    return read(page.text)


def read(page: str) -> Samples:
    return [sample for family in text_string_to_metric_families(page) for sample in family.samples]


def value(samples: Samples, name: str, **labels: str) -> float:
    """Summed over the labels that are not named."""
    return sum(
        sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items()
    )


async def test_a_worker_shows_its_lag_its_dead_letters_its_mails_and_what_it_reaches(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_tenant(context.database)
    await make_survey(context.database, delay_minutes=0)
    await make_survey(context.database, delay_minutes=24 * 60, trigger="order.returned")
    await go_live(context.database)
    now = system_clock()
    bought = a_transaction("metrics-1", a_customer("metrics"), occurred_at=now, accepted_at=now)
    later = a_transaction(
        "metrics-2", a_customer("later"), type="order.returned", occurred_at=now, accepted_at=now
    )
    await publish(context.afterword.kafka, TRANSACTIONS, bought, later, tenant=TENANT)
    await poison(context.afterword.kafka, 3)
    await poison(context.afterword.kafka, 150, topic=ANSWERS.name)

    before = read(generate_latest().decode())  # this process has run other tests

    def more(seen: Samples, name: str, **labels: str) -> float:
        labels = {"service": "dispatcher", **labels}
        return value(seen, name, **labels) - value(before, name, **labels)

    async with a_worker(context, monkeypatch) as client:

        async def shown() -> bool:
            seen = await scrape(client)
            return (
                more(seen, "afterword_mails_total", outcome="delivered") == 1
                and more(seen, "afterword_dead_letters_total", topic=TRANSACTIONS.name, kind="unreadable")
                == 3
                and value(seen, "afterword_stuck_partitions", service="dispatcher", why="fused") == 1
                and value(seen, "afterword_lag_records", service="dispatcher", topic=ANSWERS.name) == 50
                and value(seen, "afterword_lag_records", service="dispatcher", topic=TRANSACTIONS.name) == 0
                and value(seen, "afterword_mail_rows", service="dispatcher", state="due") == 0
            )

        await eventually(shown, within=60)
        seen = await scrape(client)
        assert more(seen, "afterword_records_total", topic=TRANSACTIONS.name) == 5
        assert more(seen, "afterword_batch_seconds_count", topic=TRANSACTIONS.name) >= 1
        assert value(seen, "afterword_stuck_partitions", service="dispatcher", why="refused") == 0
        assert value(seen, "afterword_missing", what=f"{ANSWERS.name}/0") == 1
        assert value(seen, "afterword_forgotten_rows", service="dispatcher") == 0
        for server in ("kafka", "database"):
            assert value(seen, "afterword_reachable", process="dispatcher-worker", server=server) == 1
        assert {sample.labels.get("tenant") for sample in seen} == {None}


async def poison(broker: str, n: int, *, topic: str = TRANSACTIONS.name) -> None:
    producer = new_producer(broker, "test")
    await producer.start()
    try:
        for _ in range(n):
            await producer.send(topic, b"not an event", b"x", partition=0)
        await producer.flush()
    finally:
        await stop_producer(producer)


async def test_an_api_counts_its_answers_by_the_pattern_of_their_route(context: Context) -> None:
    async with api_client(DISPATCHER, context) as door:
        before = await scrape(door)
        for path in ("/v1/decisions?event_id=1", "/events/one", "/events/two", "/v1/nowhere"):
            await door.get(path)
        await door.request("BREW", "/v1/surveys")
        after = await scrape(door)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("afterword_responses_total", route="/v1/decisions", method="GET", status="401") == 1
    assert more("afterword_responses_total", route="/events/{event_id}") == 2
    assert more("afterword_responses_total", route="none", status="404") == 1
    assert more("afterword_responses_total", method="other") == 1
    assert more("afterword_response_seconds_count", service="dispatcher", route="/events/{event_id}") == 2


async def test_what_is_scraped_is_named_as_prometheus_wants(context: Context) -> None:
    async with api_client(DISPATCHER, context) as door:
        page = (await door.get("/metrics", headers=BESIDE)).text
    ours = [family for family in text_string_to_metric_families(page) if family.name.startswith("afterword_")]
    assert len(ours) > 10
    for family in ours:
        assert family.documentation.endswith("."), family.name
        if family.type == "histogram":
            assert family.name.endswith("_seconds"), family.name
        if family.type == "gauge":
            assert not family.name.endswith("_total"), family.name
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples), family.name
