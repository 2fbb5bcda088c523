"""The imports and lists of one company leave the customers and the programs of others alone."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from sqlalchemy.pool import QueuePool
from support.eventually import eventually

from services.collector.api import MAX_IMPORTS_PER_TENANT
from services.collector.repository import answers as answers_repository
from shared.db.database import UnitOfWork
from shared.http.admission import MAX_RUNNING_PER_CALLER

from .conftest import Bench, bearer


def answers(first: int, count: int = 1) -> list[dict[str, Any]]:
    at = "2024-05-17T23:30:00Z"
    return [{"id": f"old-{first + n}", "score": 9, "answered_at": at, "customer": "c"} for n in range(count)]


def connections_in_use(bench: Bench) -> int:
    pool = bench.context.database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def test_imports_that_wait_for_another_hold_no_connection_and_keep_nobody_else_waiting(
    bench: Bench,
) -> None:
    other = await bench.invite("zenith")
    imports = bench.app.state.context.import_locks
    async with imports.acquire("acme"):
        waiting = [asyncio.create_task(bench.import_answers(*answers(n))) for n in range(90)]
        await eventually(lambda: sum(task.done() for task in waiting) == 90 - 1)
        assert imports.users("acme") == MAX_IMPORTS_PER_TENANT
        assert connections_in_use(bench) == 0
        page = await bench.client.get(f"/s/{bench.token(other)}")
        assert page.status_code == 200
        listed = await bench.client.get("/v1/answers", headers=bearer("zenith"))
        assert listed.status_code == 200
        refused = [task for task in waiting if task.done()]
        assert {task.result().status_code for task in refused} == {429}
        assert all(task.result().headers["retry-after"] == "1" for task in refused)
    statuses = Counter([(await task).status_code for task in waiting])
    assert set(statuses) == {200, 429}
    kept = await bench.rows("SELECT count(*) AS n FROM answer WHERE tenant = 'acme'")
    assert kept[0].n == statuses[200]


async def test_an_import_beside_one_of_another_process_is_refused_at_once_and_takes_nothing(
    bench: Bench,
) -> None:
    async with bench.context.database.transaction() as uow:
        await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('import:acme', 0))")
        refused = await bench.import_answers(*answers(1, 5))
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert (await bench.import_answers(*answers(1), tenant="zenith")).status_code == 200
    assert (await bench.import_answers(*answers(1, 5))).json()["accepted"] == 5


async def test_many_who_send_the_same_link_at_once_hold_one_connection(bench: Bench) -> None:
    link, other = await bench.invite(), await bench.invite("zenith")
    links = bench.app.state.context.invitation_locks
    async with links.acquire(str(link)):
        waiting = [asyncio.create_task(bench.submit(link, n % 11)) for n in range(50)]
        await eventually(lambda: links.users(str(link)) == 51)
        assert connections_in_use(bench) == 0
        assert (await bench.submit(other, 9)).status_code == 303
    assert {(await task).status_code for task in waiting} <= {303, 409}


async def test_a_key_with_too_much_under_way_is_told_so_while_customers_are_served(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, goes_on, listed = await bench.invite("zenith"), asyncio.Event(), answers_repository.list_answers

    async def slowly(uow: UnitOfWork, *given: Any, **named: Any) -> Any:
        found = await listed(uow, *given, **named)
        await goes_on.wait()
        return found

    monkeypatch.setattr(answers_repository, "list_answers", slowly)
    lists = [asyncio.create_task(bench.client.get("/v1/answers", headers=bearer())) for _ in range(60)]
    await eventually(lambda: sum(task.done() for task in lists) == 60 - MAX_RUNNING_PER_CALLER)
    assert connections_in_use(bench) == MAX_RUNNING_PER_CALLER
    assert (await bench.client.get(f"/s/{bench.token(customer)}")).status_code == 200
    goes_on.set()
    statuses = Counter([(await task).status_code for task in lists])
    assert statuses == {200: MAX_RUNNING_PER_CALLER, 429: 60 - MAX_RUNNING_PER_CALLER}
