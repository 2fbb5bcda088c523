"""One customer's link, however often it is sent at once, keeps nobody else waiting."""

import asyncio
import time
from collections import Counter
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from sqlalchemy.pool import QueuePool
from support.dispatcher_builders import a_customer, a_transaction, decide, go_live, make_survey, rows
from support.eventually import eventually
from support.http_clients import SECRET

from services.dispatcher.context import DispatcherContext
from shared.db.database import Database
from shared.link_tokens import LinkSigner


@pytest.fixture
async def invited(database: Database) -> list[UUID]:
    await make_survey(database)
    await go_live(database)
    for name in ("first", "second"):
        await decide(database, a_transaction(name, a_customer(name, email=f"{name}@example.com")))
    return [row.id for row in await rows(database, "SELECT id FROM invitation ORDER BY id")]


def link(invitation: UUID) -> str:
    return f"/u/{LinkSigner(SECRET).sign('unsubscribe', invitation)}"


def context_of(client: httpx.AsyncClient) -> DispatcherContext:
    return cast("DispatcherContext", cast("Any", client._transport).app.state.context)


async def test_many_who_send_the_same_link_at_once_hold_one_connection(
    client: httpx.AsyncClient, database: Database, invited: list[UUID]
) -> None:
    mine, other = invited
    links, pool = context_of(client).invitation_locks, database.engine.pool
    assert isinstance(pool, QueuePool)
    async with links.acquire(str(mine)):
        waiting = [asyncio.create_task(client.post(link(mine))) for _ in range(50)]
        await eventually(lambda: links.users(str(mine)) == 51)
        assert pool.checkedout() == 0
        assert (await client.post(link(other))).status_code == 200
    assert {(await task).status_code for task in waiting} == {200}


async def test_one_link_is_not_asked_for_endlessly_and_another_is_not_kept_waiting(
    client: httpx.AsyncClient, invited: list[UUID]
) -> None:
    mine, other = invited
    told: Counter[int] = Counter()
    began = time.monotonic()
    while not told[429]:
        told[(await client.get(link(mine))).status_code] += 1
    filled_up = 2 * (time.monotonic() - began)  # one each half second
    assert set(told) == {200, 429}
    assert 120 <= told[200] <= 121 + filled_up
    assert (await client.get(link(other))).status_code == 200
