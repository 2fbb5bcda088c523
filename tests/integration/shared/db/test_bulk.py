"""Many rows in one statement, made from a table and structs."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from support.stack import Postgres

from shared.db.bulk import insert, keep_newest
from shared.db.database import Database, UnitOfWork

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
thing = Table(
    "thing",
    MetaData(),
    Column("tenant", Text(collation="C"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger),
    Column("labels", ARRAY(Text)),
    Column("facts", JSONB),
    Column("first_at", DateTime(timezone=True)),
    Column("note", Text, server_default="none"),
)


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A struct whose fields are columns, and one that is not."""

    id: str
    version: int = 1
    labels: tuple[str, ...] | None = ()
    facts: str | None = None
    first_at: datetime | None = None
    elsewhere: int = 0


@pytest.fixture
async def uow(postgres: Postgres) -> AsyncIterator[UnitOfWork]:
    url = await postgres.create_database("scorer")
    database = Database(url)
    try:
        async with database.transaction() as uow:
            await uow.execute(
                "CREATE TABLE thing (tenant text, id text, version bigint, labels text[], facts jsonb, "
                "first_at timestamptz, note text DEFAULT 'none', PRIMARY KEY (tenant, id))"
            )
            yield uow
    finally:
        await database.close()
        await postgres.drop_database(url)


async def stored(uow: UnitOfWork, columns: str = "id, version, labels, facts, note") -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await uow.execute(f"SELECT {columns} FROM thing ORDER BY tenant, id")]


async def test_each_row_comes_from_a_struct_and_what_it_lacks_from_arguments_or_defaults(
    uow: UnitOfWork,
) -> None:
    things = [Thing(id="b", labels=("x", "y"), facts='{"n": 1}'), Thing(id="a", labels=None)]
    await insert(uow, thing, things, tenant=["acme", "birch"])
    assert await stored(uow) == [("b", 1, ["x", "y"], {"n": 1}, "none"), ("a", 1, None, None, "none")]


async def test_an_array_arrives_as_it_is_even_where_its_only_text_is_empty(uow: UnitOfWork) -> None:
    arrays = ((), ("",), ("", "x"), ("x", ""), ("", ""))
    things = [Thing(id=str(n), labels=labels) for n, labels in enumerate(arrays)]
    await insert(uow, thing, things, tenant="acme")
    assert [tuple(labels) for (labels,) in await stored(uow, "labels")] == list(arrays)


async def test_an_argument_that_is_no_list_is_the_same_for_every_row_and_wins_over_the_struct(
    uow: UnitOfWork,
) -> None:
    await insert(uow, thing, [Thing(id="a"), Thing(id="b")], tenant="acme", version=7, note="all")
    assert await stored(uow) == [("a", 7, [], None, "all"), ("b", 7, [], None, "all")]


@pytest.mark.parametrize("tenants", [["acme", "acme"], ["birch", "acme"]], ids=["one", "several"])
async def test_rows_of_one_company_are_stored_as_those_of_several_are(
    uow: UnitOfWork, tenants: list[str]
) -> None:
    things = [Thing(id="b", labels=("x",)), Thing(id="a")]
    await insert(uow, thing, things, tenant=tenants, facts='{"n": 1}', first_at=NOON)
    await keep_newest(
        uow, thing, [msgspec.structs.replace(each, version=2) for each in things], tenant=tenants
    )
    expected = [
        (tenant, each.id, 2, list(each.labels or ())) for tenant, each in zip(tenants, things, strict=True)
    ]
    assert await stored(uow, "tenant, id, version, labels") == sorted(expected)


async def test_values_that_are_the_same_for_every_row_are_of_any_type(uow: UnitOfWork) -> None:
    given: dict[str, Any] = {"labels": ("x", ""), "facts": '{"n": 1}', "first_at": NOON, "note": None}
    await insert(uow, thing, [Thing(id="a"), Thing(id="b")], tenant="acme", **given)
    same = (["x", ""], {"n": 1}, NOON, None)
    assert await stored(uow, "id, labels, facts, first_at, note") == [("a", *same), ("b", *same)]


async def test_a_row_of_nothing_but_values_for_every_row_is_one_row(uow: UnitOfWork) -> None:
    await insert(uow, thing, [object()], tenant="acme", id="a", version=1)
    assert await stored(uow, "id, version") == [("a", 1)]


async def test_a_column_that_the_table_lacks_is_an_error(uow: UnitOfWork) -> None:
    with pytest.raises(TypeError, match="thing has no column lable"):
        await insert(uow, thing, [Thing(id="a")], tenant="acme", lable="x")


async def test_what_is_there_is_not_inserted_again(uow: UnitOfWork) -> None:
    await insert(uow, thing, [Thing(id="a")], tenant="acme")
    again = await insert(uow, thing, [Thing(id="a", version=9), Thing(id="b")], tenant="acme", returning="id")
    assert [row.id for row in again] == ["b"]
    assert [row[:2] for row in await stored(uow)] == [("a", 1), ("b", 1)]


async def test_the_highest_version_stays_whatever_comes_when(uow: UnitOfWork) -> None:
    for version in (2, 1, 3, 3):
        await keep_newest(
            uow, thing, [Thing(id="a", version=version, labels=(f"v{version}",))], tenant="acme"
        )
    assert await stored(uow) == [("a", 3, ["v3"], None, "none")]


async def test_only_what_was_written_is_returned_with_what_stood_before(uow: UnitOfWork) -> None:
    await keep_newest(uow, thing, [Thing(id="a", version=2), Thing(id="b", version=5)], tenant="acme")
    written = await keep_newest(
        uow,
        thing,
        [Thing(id="a", version=3), Thing(id="b", version=4), Thing(id="c")],
        tenant="acme",
        returning="new.id, old.version AS before",
    )
    assert {row.id: row.before for row in written} == {"a": 2, "c": None}


async def test_a_column_that_keeps_its_first_value_keeps_it(uow: UnitOfWork) -> None:
    for version, at in ((1, None), (2, NOON), (3, datetime(2027, 1, 1, tzinfo=UTC))):
        await keep_newest(
            uow, thing, [Thing(id="a", version=version, first_at=at)], first=("first_at",), tenant="acme"
        )
    assert await stored(uow, "version, first_at") == [(3, NOON)]


async def test_no_rows_are_no_error(uow: UnitOfWork) -> None:
    assert (await keep_newest(uow, thing, [], tenant=[], id=[], version=[], returning="id")).all() == []
