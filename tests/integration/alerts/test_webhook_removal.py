"""A webhook with very many messages is deleted at once, and they are removed in parts that hold nobody up."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from support.alerts_builders import an_answer, fire_deadlines, rows
from support.lent_databases import LentDatabases
from support.webhooks import HookBench, a_hook_bench

from services.alerts.webhooks.removing import LAST_LOOK, MOST_REMOVED

MANY = 2 * MOST_REMOVED + 1
FILL = """
    INSERT INTO webhook_delivery (
        tenant, webhook_id, message_id, type, about, person, body, state, created_at, next_at
    )
    SELECT 'havnbo', w.id, 'many-' || n, 'answer.changed', 'a', '', '', 'sent', now(), now()
    FROM webhook w CROSS JOIN generate_series(1, :many) n
    WHERE w.name = '/hook'
"""


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[HookBench]:
    async with databases_to_lend.lend("alerts") as database, a_hook_bench(database) as bench:
        yield bench


async def of(bench: HookBench, made: dict[str, Any]) -> int:
    (found,) = await rows(
        bench.database, "SELECT count(*) AS n FROM webhook_delivery WHERE webhook_id = :id", id=made["id"]
    )
    return int(found.n)


async def test_messages_of_a_deleted_webhook_go_in_parts_and_those_in_use_are_not_waited_for(
    bench: HookBench,
) -> None:
    made, other = await bench.make(), await bench.make("/other")
    await bench.tell(an_answer())
    async with bench.database.transaction() as uow:
        await uow.execute(FILL, {"many": MANY})
    await bench.call(made, "DELETE")
    assert (await bench.client.get(f"/v1/webhooks/{made['id']}", headers=bench.key)).status_code == 404
    assert await of(bench, made) == MANY + 1, "a request waits for no millions of rows"
    async with bench.database.transaction() as uow:  # as an erasure that is under way
        await uow.execute("UPDATE webhook_delivery SET excerpt = '' WHERE message_id = 'many-1'")
        left = []
        for _ in range(4):
            await fire_deadlines(bench.database)
            left.append(await of(bench, made))
        assert left == [MANY + 1 - MOST_REMOVED, MANY + 1 - 2 * MOST_REMOVED, 1, 1]
    await fire_deadlines(bench.database)
    assert await of(bench, made) == 0
    async with bench.database.transaction() as uow:  # by a transaction that knew the webhook
        await uow.execute(
            "UPDATE webhook_delivery SET webhook_id = :id WHERE webhook_id = :other",
            {"id": made["id"], "other": other["id"]},
        )
    for expected in (1, 0, 0):
        assert await of(bench, made) == expected
        bench.clock.ahead += LAST_LOOK + timedelta(seconds=1)
        await fire_deadlines(bench.database)
    assert await rows(bench.database, "SELECT 1 FROM clock") == []


async def test_one_that_is_made_again_by_the_same_request_has_none_of_the_messages_before(
    bench: HookBench,
) -> None:
    request = {"name": "/hook", "url": bench.receiver.url("/hook"), "types": ["answer.changed"]}
    key = {**bench.key, "idempotency-key": "one of our own"}
    first = await bench.client.post("/v1/webhooks", json=request, headers=key)
    await bench.tell(an_answer())
    assert await of(bench, first.json()) == 1
    await bench.call(first.json(), "DELETE")
    again = await bench.client.post("/v1/webhooks", json=request, headers=key)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert await of(bench, again.json()) == 0
    await bench.tell(an_answer())
    await fire_deadlines(bench.database)
    assert await of(bench, again.json()) == 1
