"""Customers are known from events: the newest word counts, once for each; nobody erased comes back."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    keep_tenant,
    rows,
)
from support.dispatcher_erasing import erase
from support.http_clients import SECRET

from services.dispatcher.customers.customer_commands import keep_customers
from services.dispatcher.customers.reading import read_customers
from services.dispatcher.customers.repository import KNOWN_AT_ACCURACY
from shared.db.database import Database
from shared.events.segments import MAX_DIMENSIONS, merged_segments
from shared.ids import uuid7


async def profiles(database: Database) -> list[Any]:
    return list(await rows(database, "SELECT * FROM customer_profile ORDER BY tenant, customer_id"))


async def test_the_customers_of_events_are_known_once_each_whatever_is_decided(database: Database) -> None:
    await keep_tenant(database)
    await decide(
        database,
        a_transaction("1", a_customer("c-1", country="DK")),
        a_transaction("2", a_customer("c-2", email=None)),
        a_transaction("3", a_customer("c-1", locale=None)),
        a_transaction("4", a_customer("guest", email="kim@example.com")),
        a_transaction("5", a_customer("c-5"), survey_id=uuid7()),
    )
    found = {row.email: row for row in await profiles(database)}
    assert found.keys() == {"c-1@example.com", "kim@example.com"}
    known = found["c-1@example.com"]
    assert (known.customer_id, known.locale, known.country) == ("c-1", "da", "DK")
    assert found["kim@example.com"].customer_id == found["kim@example.com"].contact


async def test_an_older_event_that_comes_later_changes_nothing(database: Database) -> None:
    await keep_tenant(database)
    await decide(database, a_transaction("new", a_customer(email="new@example.com")))
    older = a_transaction("old", a_customer(email="old@example.com"), accepted_at=NOON - timedelta(days=2))
    await decide(database, older)
    (known,) = await profiles(database)
    assert (known.email, known.known_at) == ("new@example.com", NOON)


async def test_who_comes_again_with_the_same_words_costs_no_write_for_a_day(
    database: Database, clock: Clock
) -> None:
    await keep_tenant(database)
    for day, id_ in ((0.0, "1"), (0.5, "2"), (1.5, "3")):
        at = NOON + timedelta(days=day)
        before = await rows(database, "SELECT xmin FROM customer_profile")
        await decide(database, a_transaction(id_, accepted_at=at))
        (known,) = await profiles(database)
        if day == 0.5:
            assert await rows(database, "SELECT xmin FROM customer_profile") == before
        assert at - known.known_at < KNOWN_AT_ACCURACY
    (row,) = await profiles(database)
    assert (row.joined_at, row.known_at) == (clock.now, NOON + timedelta(days=1.5))


async def test_an_event_adds_to_the_segments_that_a_customer_was_given_and_takes_none_away(
    database: Database, clock: Clock
) -> None:
    """The same as ``merged_segments``, where there are too many dimensions, too."""
    await keep_tenant(database)
    given = {"tier": "gold", "store": "odense"}
    body = json.dumps({"customers": [{"id": "c-1", "email": "c-1@example.com", "segments": given}]})
    async with database.transaction() as uow:
        await keep_customers(uow, SECRET, TENANT, read_customers(body.encode()), who=an_actor())
    known: Mapping[str, str] = given
    many = {f"dimension-{n}": "x" for n in range(MAX_DIMENSIONS - 1)}
    for n, segments in enumerate(({"store": "aarhus"}, {}, many, {"Ø": "1", "a": "2"}, {"tier": "silver"})):
        clock.on(hours=1)
        await decide(database, a_transaction(f"{n}", segments=segments, accepted_at=clock()))
        known = merged_segments(segments, known)
        (row,) = await profiles(database)
        assert row.segments == known
    await decide(database, a_transaction("old", segments={"tier": "bronze"}, accepted_at=NOON))
    (row,) = await profiles(database)
    assert row.segments == known
    async with database.transaction() as uow:
        await keep_customers(uow, SECRET, TENANT, read_customers(body.encode()), who=an_actor())
    (row,) = await profiles(database)
    assert row.segments == given


async def test_each_company_has_its_own_customers(database: Database) -> None:
    for tenant in (TENANT, "another"):
        await keep_tenant(database, tenant)
        await decide(database, a_transaction("1"), tenant=tenant)
    found = await profiles(database)
    assert [row.tenant for row in found] == ["another", TENANT]
    assert found[0].person != found[1].person


async def test_a_customer_who_was_erased_goes_and_no_event_brings_them_back(database: Database) -> None:
    await keep_tenant(database)
    await decide(database, a_transaction("1"), a_transaction("2", a_customer("c-2")))
    await erase(database, customer_id="c-1")
    await decide(database, a_transaction("3"), a_transaction("4", accepted_at=NOON - timedelta(days=9)))
    (left,) = await profiles(database)
    assert left.customer_id == "c-2"
