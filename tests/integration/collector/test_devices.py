"""Which one of its device's answers of a day an answer is: counted without knowing any device, until the day ends."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import httpx
import pytest

from services.collector.models import metadata
from services.collector.repository.devices import forget_devices

from .conftest import ASKS, Bench
from .test_anonymous import invited, opened, post
from .test_stale_pages import Tab

PHONE, TABLET = "Mozilla/5.0 (iPhone)", "Mozilla/5.0 (iPad)"
HERE, THERE = "192.0.2.77", "198.51.100.77"


@asynccontextmanager
async def on_device(bench: Bench, address: str, agent: str) -> AsyncIterator[None]:
    """All requests of the bench come from this address with this user agent."""
    usual = bench.client
    transport = httpx.ASGITransport(app=bench.app, client=(address, 50_000))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test.example", headers={"user-agent": agent}, trust_env=False
    ) as bench.client:
        yield
    bench.client = usual


async def answered(
    bench: Bench,
    address: str = HERE,
    agent: str = PHONE,
    invitation: UUID | None = None,
    tenant: str = "acme",
) -> UUID:
    invitation = invitation or await bench.invite(tenant)
    async with on_device(bench, address, agent):
        sent = await (await Tab.open(bench, invitation)).send(score=9)
    assert sent.status_code == 303, sent.text
    return invitation


async def ordinal(bench: Bench, answer: UUID) -> int | None:
    """What its newest event says, and what is stored."""
    told: int | None = [each for each in await bench.published() if each.id == answer][-1].device_ordinal
    (row,) = await bench.rows("SELECT device_ordinal FROM answer WHERE id = :id", id=answer)
    assert row.device_ordinal == told
    return told


async def forget(bench: Bench) -> None:
    async with bench.context.database.transaction() as uow:
        await forget_devices(uow)


async def test_each_answer_is_the_next_of_its_device_company_and_day_and_three_means_a_later_one(
    bench: Bench,
) -> None:
    """Against counting one by one, in a random order of devices, companies and days."""
    for tenant in ("acme", "zenith"):
        await bench.keep_survey(ASKS, tenant)
    shuffled, seen = Random(7), Counter[tuple[str, ...]]()
    for _ in range(2):
        for _ in range(20):
            device = shuffled.choice((HERE, THERE)), shuffled.choice((PHONE, TABLET))
            tenant = shuffled.choice(("acme", "zenith"))
            day = str(bench.now.date())
            answer = await answered(bench, *device, tenant=tenant)
            seen[day, tenant, *device] += 1
            assert await ordinal(bench, answer) == min(seen[day, tenant, *device], 3)
        if shuffled.random() < 0.5:
            await forget(bench)
        bench.now += timedelta(days=1)
    assert max(seen.values()) > 3


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::8", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        (HERE, f"::ffff:{HERE}", True),
        (HERE, "192.0.2.78", False),
    ],
)
async def test_a_device_is_an_address_or_a_network_of_ipv6_with_its_user_agent(
    bench: Bench, first: str, second: str, is_one: bool
) -> None:
    await bench.keep_survey(ASKS)
    assert await ordinal(bench, await answered(bench, first)) == 1
    assert await ordinal(bench, await answered(bench, first, TABLET)) == 1
    assert await ordinal(bench, await answered(bench, second)) == (2 if is_one else 1)


async def test_an_answer_that_is_amended_keeps_its_ordinal_and_is_not_counted_again(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    answer = await answered(bench)
    for _ in range(3):
        invitation = await answered(bench, THERE, TABLET, answer)
        async with on_device(bench, HERE, PHONE):
            await (await Tab.open(bench, invitation)).send(score=2)
    assert await ordinal(bench, answer) == 1
    assert await ordinal(bench, await answered(bench)) == 2
    assert await ordinal(bench, await answered(bench, THERE, TABLET)) == 1


async def test_answers_that_come_at_once_are_counted_once_each(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    invitations = [await bench.invite() for _ in range(6)]
    async with on_device(bench, HERE, PHONE):
        tabs = [await Tab.open(bench, one) for one in invitations]
        await asyncio.gather(*(tab.send(score=9) for tab in tabs))
    assert sorted([await ordinal(bench, one) or 0 for one in invitations]) == [1, 2, 3, 3, 3, 3]
    assert len(await bench.rows("SELECT salt FROM device_salt")) == 1


async def test_what_is_kept_of_devices_ends_with_the_day_of_the_company_and_no_two_days_can_be_compared(
    bench: Bench,
) -> None:
    for tenant in ("acme", "zenith"):
        await bench.keep_survey(ASKS, tenant)
        await answered(bench, tenant=tenant)
    bench.now = datetime(2026, 11, 20, 22, 59, 59, tzinfo=UTC)
    await forget(bench)
    (acme, zenith) = await bench.rows("SELECT * FROM device_count ORDER BY tenant")
    assert acme.device != zenith.device
    # Midnight in Copenhagen; in Honolulu it is noon.
    bench.now += timedelta(seconds=1)
    await forget(bench)
    for table in ("device_count", "device_salt"):
        assert [row.tenant for row in await bench.rows(f"SELECT tenant FROM {table}")] == ["zenith"]
    again = await answered(bench)
    assert await ordinal(bench, again) == 1
    (next_day,) = await bench.rows("SELECT * FROM device_count WHERE tenant = 'acme'")
    assert next_day.device != acme.device
    bench.now += timedelta(days=2)
    await forget(bench)
    for table in ("device_count", "device_salt"):
        assert await bench.rows(f"SELECT 1 FROM {table}") == []
        (kept,) = await bench.rows("SELECT relpersistence FROM pg_class WHERE relname = :name", name=table)
        assert kept.relpersistence in {"u", b"u"}


async def test_neither_address_nor_user_agent_nor_customer_is_kept_with_a_device_and_no_hash_leaves(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await bench.keep_survey(ASKS)
    answer = await answered(bench)
    (counted,) = await bench.rows("SELECT * FROM device_count")
    (salted,) = await bench.rows("SELECT * FROM device_salt")
    assert set(counted._mapping) == {"tenant", "day", "device", "answers", "ends_at"}
    secrets = [bytes(counted.device).hex(), bytes(salted.salt).hex()]
    for table in metadata.tables:
        for row in await bench.rows(f"SELECT CAST(t AS text) AS row FROM {table} t"):
            assert HERE not in row.row, table
            assert "iPhone" not in row.row, table
            if table.startswith("device_"):
                assert str(answer) not in row.row
            else:
                assert not any(one in row.row for one in secrets), table
    for row in await bench.rows("SELECT value FROM outbox"):
        assert HERE.encode() not in bytes(row.value)
    assert HERE not in caplog.text
    assert "iPhone" not in caplog.text


async def test_of_anonymous_and_suspect_answers_of_tests_and_without_a_user_agent_nothing_is_counted(
    bench: Bench,
) -> None:
    await bench.keep_survey(ASKS)
    nobody = await answered(bench, HERE, "")
    unknown = await answered(bench, "testclient")
    trial = await bench.invite(test=True)
    await answered(bench, invitation=trial)
    suspect = await bench.invite()
    async with on_device(bench, HERE, PHONE):
        await (await Tab.open(bench, suspect)).send(score=0, touched="0", website="x")
    assert [await ordinal(bench, one) for one in (nobody, unknown, trial, suspect)] == [None] * 4
    assert await bench.rows("SELECT 1 FROM device_count") == []
    # A person who answers after all is counted.
    await answered(bench, invitation=suspect)
    assert await ordinal(bench, suspect) == 1


async def test_of_an_anonymous_answer_no_device_is_kept(bench: Bench) -> None:
    invitation = await invited(bench)
    async with on_device(bench, HERE, PHONE):
        sent = await post(bench, invitation, await opened(bench, invitation), score="3")
        assert sent.status_code == 303
    (answer,) = await bench.published()
    assert (answer.anonymous, answer.device_ordinal) == (True, None)
    for table in ("device_count", "device_salt"):
        assert await bench.rows(f"SELECT 1 FROM {table}") == []
