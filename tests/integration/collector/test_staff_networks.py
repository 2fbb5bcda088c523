"""Whether an answer came from one of the company's own networks: kept as yes or no, and never an address."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from services.collector.models import metadata
from shared.events import TENANTS
from shared.tenancy.tenants import keep_tenants

from .conftest import ASKS, Bench, bearer, tenant_of
from .test_anonymous import invited, link, opened, post
from .test_stale_pages import Tab

OWN = ("192.0.2.0/24", "2001:db8:1::/48")
INSIDE, OUTSIDE = "192.0.2.77", "198.51.100.77"


async def declare(bench: Bench, networks: Sequence[str], version: int = 2) -> None:
    """Consume the event of a company that has these networks."""
    company = replace(
        tenant_of("acme", bench.now, "Europe/Copenhagen"), version=version, staff_networks=tuple(networks)
    )
    async with bench.context.database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event("acme", company, bench.now)])


@asynccontextmanager
async def from_address(bench: Bench, address: str) -> AsyncIterator[None]:
    """All requests of the bench come from this address."""
    usual = bench.client
    transport = httpx.ASGITransport(app=bench.app, client=(address, 50_000))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test.example", trust_env=False
    ) as bench.client:
        yield
    bench.client = usual


async def answered(bench: Bench, address: str, invitation: UUID | None = None, score: int = 9) -> UUID:
    """Somebody answers from an address."""
    invitation = invitation or await bench.invite()
    async with from_address(bench, address):
        sent = await (await Tab.open(bench, invitation)).send(score=score)
    assert sent.status_code == 303, sent.text
    return invitation


async def kept(bench: Bench, answer: UUID) -> bool | None:
    """What its newest event says, and what is stored."""
    told: bool | None = [each for each in await bench.published() if each.id == answer][-1].staff_network
    (row,) = await bench.rows("SELECT staff_network FROM answer WHERE id = :id", id=answer)
    assert (row.staff_network,) == (told,)
    return told


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        (INSIDE, True),
        (OUTSIDE, False),
        (f"::ffff:{INSIDE}", True),
        ("2001:db8:1:2::7", True),
        ("2001:db8:2::7", False),
        ("testclient", None),
    ],
)
async def test_an_answer_says_whether_it_came_from_a_network_that_the_company_has_declared(
    bench: Bench, address: str, inside: bool | None
) -> None:
    await bench.keep_survey(ASKS)
    before = await answered(bench, address)
    assert await kept(bench, before) is None
    await declare(bench, OWN)
    assert await kept(bench, await answered(bench, address)) is inside
    # One that was given before does not change when it is amended.
    await answered(bench, address, before, score=3)
    assert await kept(bench, before) is None


async def test_the_network_is_that_of_the_first_score_and_of_the_networks_of_then(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    await declare(bench, OWN)
    inside = await answered(bench, INSIDE)
    await answered(bench, OUTSIDE, inside, score=2)
    assert await kept(bench, inside) is True
    await declare(bench, (), version=3)
    await answered(bench, OUTSIDE, inside, score=4)
    assert await kept(bench, inside) is True
    assert await kept(bench, await answered(bench, INSIDE)) is None


async def test_neither_a_table_nor_an_event_nor_a_log_nor_a_list_of_answers_has_the_address(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await bench.keep_survey(ASKS)
    await declare(bench, OWN)
    for address in (INSIDE, OUTSIDE):
        await answered(bench, address)
        for table in metadata.tables:
            for row in await bench.rows(f"SELECT CAST(t AS text) AS row FROM {table} t"):
                assert address not in row.row, table
        for row in await bench.rows("SELECT value FROM outbox"):
            assert address.encode() not in bytes(row.value)
        assert address not in caplog.text
    listed = (await bench.client.get("/v1/answers", headers=bearer())).text
    assert "staff_network" not in listed


async def test_of_an_anonymous_answer_no_network_is_kept(bench: Bench) -> None:
    await declare(bench, OWN)
    invitation = await invited(bench)
    async with from_address(bench, INSIDE):
        sent = await post(bench, invitation, await opened(bench, invitation), score="3")
        assert (sent.status_code, sent.headers["location"]) == (303, link(invitation))
    (answer,) = await bench.published()
    assert (answer.anonymous, answer.staff_network) == (True, None)
    assert await kept(bench, answer.id) is None


async def test_of_a_suspect_answer_none_is_kept_until_a_person_answers(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    await declare(bench, OWN)
    invitation = await bench.invite()
    async with from_address(bench, INSIDE):
        tab = await Tab.open(bench, invitation)
        await tab.send(score=0, touched="0", website="x", action="send")
    held = [answer for answer in await bench.published() if answer.id == invitation][-1]
    assert held.held is not None
    assert await kept(bench, invitation) is None
    await answered(bench, OUTSIDE, invitation)
    assert await kept(bench, invitation) is False


async def test_an_imported_answer_has_no_network(bench: Bench) -> None:
    await declare(bench, OWN)
    row: dict[str, Any] = {"id": "a-1", "score": 9, "answered_at": "2026-11-19T08:00:00Z"}
    async with from_address(bench, INSIDE):
        taken = await bench.import_answers(row)
    assert taken.status_code == 200, taken.text
    assert (await bench.published())[-1].staff_network is None
