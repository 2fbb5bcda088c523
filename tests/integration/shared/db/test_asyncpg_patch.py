"""Arrays that are sent to PostgreSQL: what may be one, and that their elements cost little."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asyncpg.protocol import protocol
from sqlalchemy.exc import DBAPIError
from support.stack import Postgres

from shared.db import asyncpg_patch
from shared.db.database import Database, UnitOfWork

ECHO = "SELECT CAST(:found AS text[])"


@pytest.fixture
async def uow(postgres: Postgres) -> AsyncIterator[UnitOfWork]:
    url = await postgres.create_database("scorer")
    database = Database(url)
    try:
        async with database.transaction() as uow:
            yield uow
    finally:
        await database.close()
        await postgres.drop_database(url)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ([], []),
        (("a", None, ""), ["a", None, ""]),
        ([["a", "b"], ["c", "d"]], [["a", "b"], ["c", "d"]]),
    ],
)
async def test_lists_and_tuples_are_arrays_nested_ones_too(uow: UnitOfWork, sent: Any, stored: Any) -> None:
    assert (await uow.execute(ECHO, {"found": sent})).scalar_one() == stored


@pytest.mark.parametrize("sent", [{"a"}, {"a": 1}, {"a": 1}.keys(), "a", b"a", 7])
async def test_whatever_else_is_refused_and_not_sent_in_part(uow: UnitOfWork, sent: Any) -> None:
    with pytest.raises(DBAPIError, match="a sized iterable container expected"):
        await uow.execute(ECHO, {"found": sent})


async def test_an_element_costs_less_than_the_abstract_base_classes_of_asyncpg_took(uow: UnitOfWork) -> None:
    texts = [f"text {number}" for number in range(20_000)]

    async def seconds() -> float:
        times = []
        for _ in range(5):
            began = time.process_time()
            await uow.execute("SELECT count(*) FROM unnest(CAST(:texts AS text[])) t", {"texts": texts})
            times.append(time.process_time() - began)
        return min(times)

    patched = await seconds()
    with pytest.MonkeyPatch.context() as patch:
        for name, found in asyncpg_patch.ABSTRACT_CLASSES.items():
            patch.setattr(protocol, name, found)
        assert patched < 0.6 * await seconds()
