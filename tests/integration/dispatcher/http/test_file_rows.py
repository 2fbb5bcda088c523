"""Which rows of files are a customer's, as an export finds them: waiting, or faulty; never another one's."""

import httpx
import pytest
from support.dispatcher_builders import TENANT, a_customer, a_transaction, decide, keep_tenant
from support.dispatcher_erasing import erase
from support.http_clients import SECRET
from support.imports import send, take_all

from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.exports.file_rows import read_file_rows
from shared.db.database import Database
from shared.events import Customer, KeyDigest
from shared.privacy.export import ExportQuery
from shared.privacy.export_records import FileRowRecord
from shared.tenancy import digest_of

EVENTS = """id,type,occurred_at,customer.id,customer.email,customer.phone
1,order.delivered,2026-01-01T10:00:00Z,kim,,
2,order.delivered,2026-01-01T10:00:00Z,,KIM@Example.com,
3,order.delivered,2026-01-01T10:00:00Z,,,20 12 34 56
4,order.delivered,2026-01-01T10:00:00Z,lee,kim@example.com,
5,order.delivered,2026-01-01T10:00:00Z,kim,kim@work.example.com,
"""
BY_ID = Customer(id="kim")
BY_ADDRESS = Customer(id="", email="kim@example.com")
BY_NUMBER = Customer(id="", phone="+4520123456")


async def rows_of(
    database: Database, customer: Customer, *, contact: str | None = None
) -> list[tuple[int, str]]:
    person = contact_key_of(SECRET, TENANT, customer, frozenset()).person
    query = ExportQuery(tenant=TENANT, person=person, contact=contact)
    async with database.reading() as uow:
        (section,) = await read_file_rows(uow, SECRET, query)
    found = [row for row in section.records if isinstance(row, FileRowRecord)]
    return [(row.row, row.state) for row in found]


async def send_events(client: httpx.AsyncClient, database: Database, **query: str) -> None:
    scopes = ("events:write", "surveys:write")
    digest = KeyDigest(id="both", name="shop", digest=digest_of("both"), scopes=scopes)
    await keep_tenant(database, version=9, country="DK", keys=(digest,))
    answer = await send(client, "events", EVENTS, key="both", **query)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("state", ["waiting", "faulty"])
async def test_a_row_is_of_whom_its_event_would_be(
    client: httpx.AsyncClient, database: Database, state: str
) -> None:
    """All of these rows are faulty once they are taken: they happened too long ago."""
    await send_events(client, database, start="true" if state == "faulty" else "false")
    if state == "faulty":
        await take_all(database)
    assert await rows_of(database, BY_ID) == [(2, state), (6, state)]
    assert await rows_of(database, BY_ADDRESS) == [(3, state)]
    assert await rows_of(database, BY_NUMBER) == [(4, state)]
    assert await rows_of(database, Customer(id="nobody")) == []
    work = contact_key_of(SECRET, TENANT, Customer(id="kim", email="kim@work.example.com"), frozenset())
    home = contact_key_of(SECRET, TENANT, Customer(id="kim", email="kim@example.com"), frozenset())
    assert await rows_of(database, BY_ID, contact=work.address) == [(2, state), (6, state)]
    assert await rows_of(database, BY_ID, contact=home.address) == [(2, state)]


async def test_a_row_by_the_hash_of_an_address_is_of_whoever_has_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    await decide(database, a_transaction("1", a_customer("kim", email="kim@example.com")))
    key = contact_key_of(SECRET, TENANT, BY_ADDRESS, frozenset()).address
    await send(client, "suppressions", f"address_hash,reason\n{key},listed\n")
    assert await rows_of(database, BY_ID) == [(2, "waiting")]


async def test_a_file_that_was_taken_or_came_before_an_erasure_has_no_row(
    client: httpx.AsyncClient, database: Database
) -> None:
    await send(client, "customers", "id,email\nkim,kim@example.com\nlee,lee@example.com\n", start="true")
    await take_all(database)
    assert await rows_of(database, BY_ID) == []
    await send_events(client, database)
    assert await rows_of(database, BY_ID) != []
    await erase(database, customer_id="lee")
    assert await rows_of(database, BY_ID) == []
