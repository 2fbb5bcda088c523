"""Arrays that are sent to PostgreSQL: what may be one, and that their elements cost little."""

from abc import ABCMeta
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


async def test_an_abstract_base_class_is_asked_for_no_element_of_an_array(uow: UnitOfWork) -> None:
    texts = [f"text {number}" for number in range(1_000)]
    is_instance = ABCMeta.__instancecheck__
    asked = 0

    def counted(kind: ABCMeta, each: Any) -> bool:
        nonlocal asked
        asked += isinstance(each, str)
        return is_instance(kind, each)

    async def times_asked() -> int:
        nonlocal asked
        asked = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ABCMeta, "__instancecheck__", counted)
            await uow.execute("SELECT count(*) FROM unnest(CAST(:texts AS text[])) t", {"texts": texts})
        return asked

    patched = await times_asked()
    with pytest.MonkeyPatch.context() as patch:
        for name, found in asyncpg_patch.ABSTRACT_CLASSES.items():
            patch.setattr(protocol, name, found)
        assert await times_asked() >= len(texts)
    assert patched < len(texts) // 10
