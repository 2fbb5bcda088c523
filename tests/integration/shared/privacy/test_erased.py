"""Who asks before an erasure is waited for; who asks later knows of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from support.dispatcher_builders import waits_for_a_lock
from support.eventually import eventually
from support.examples import examples
from support.http_clients import SECRET
from support.privacy_service import TENANT, NoteService

from shared.db.database import UnitOfWork
from shared.errors import is_retryable, sqlstate
from shared.privacy.erased import (
    BARRIER_TIMEOUT,
    TARGETS,
    Target,
    find_erased,
    find_waiting,
    of_target,
    target_values,
    wait_for_unaware,
)
from shared.privacy.persons import NOBODY, person_of
from shared.privacy.subjects import Subject

KAREN = Subject(TENANT, person_of(SECRET, TENANT, "c-1"), "contact of c-1")


@asynccontextmanager
async def looking(notes: NoteService) -> AsyncIterator[UnitOfWork]:
    """A transaction that has looked for a customer whom nobody has erased."""
    async with notes.database.transaction() as uow:
        assert await find_erased(uow, [KAREN]) == set()
        yield uow


async def test_a_transaction_that_looked_before_the_erasure_is_waited_for(notes: NoteService) -> None:
    async with looking(notes) as uow:
        await notes.note_erased("c-1")
        barrier = asyncio.create_task(wait_for_unaware(notes.database))
        await eventually(lambda: waits_for_a_lock(notes.database))
        await uow.execute(
            "INSERT INTO note VALUES (:tenant, 'n', 'c-1', 'contact of c-1', 'late', :person)",
            {"tenant": TENANT, "person": KAREN.person},
        )
        assert not barrier.done()
    await barrier
    assert await notes.words() == {"n": "late"}
    await notes.worker().step()
    assert await notes.words() == {"n": None}


async def test_a_transaction_that_looks_while_the_barrier_waits_knows_of_the_erasure(
    notes: NoteService,
) -> None:
    async with looking(notes):
        await notes.note_erased("c-1")
        barrier = asyncio.create_task(wait_for_unaware(notes.database))
        await eventually(lambda: waits_for_a_lock(notes.database))

        async def look() -> set[Subject]:
            async with notes.database.transaction() as uow:
                return await find_erased(uow, [KAREN])

        late = asyncio.create_task(look())
    await barrier
    assert await late == {KAREN}


async def test_a_barrier_that_waits_too_long_is_tried_again_and_lets_others_go_on(notes: NoteService) -> None:
    await notes.write("c-1")
    async with looking(notes):
        await notes.note_erased("c-1")
        with pytest.raises(DBAPIError) as refused:
            await asyncio.wait_for(notes.worker().step(), 10)
        assert sqlstate(refused.value) == "55P03"
        assert is_retryable(refused.value)
        async with asyncio.timeout(5), notes.database.transaction() as uow:
            assert await find_erased(uow, [KAREN]) == {KAREN}
    assert await notes.worker().step() is None
    assert await notes.waiting() == set()


async def test_a_barrier_waits_until_an_automatic_vacuum_gives_way(notes: NoteService) -> None:
    ((longer,),) = await notes.rows(
        f"SELECT CAST('{BARRIER_TIMEOUT}' AS interval) > CAST(current_setting('deadlock_timeout') AS interval)"
    )
    assert longer


async def test_a_backup_that_reads_the_table_is_not_waited_for(notes: NoteService) -> None:
    async with notes.database.transaction() as backup:
        await backup.execute("LOCK TABLE erased IN ACCESS SHARE MODE")
        assert (await backup.execute("SELECT count(*) FROM erased")).scalar_one() == 0
        await asyncio.wait_for(wait_for_unaware(notes.database), 5)


async def test_asking_for_nobody_locks_nothing(notes: NoteService) -> None:
    async with notes.database.transaction() as uow:
        assert await find_erased(uow, []) == set()
        await asyncio.wait_for(wait_for_unaware(notes.database), 5)


async def test_the_same_erasure_again_waits_again_and_an_older_one_changes_nothing(
    notes: NoteService,
) -> None:
    await notes.note_erased("c-1")
    await notes.worker().step()
    assert await notes.waiting() == set()
    before = notes.database.clock
    notes.database.clock = lambda: before().replace(year=2020)
    await notes.note_erased("c-1")
    assert await notes.waiting() == set()
    notes.database.clock = before
    (target,) = await notes.note_erased("c-1")
    assert await notes.waiting() == {target.id}


tenants = st.sampled_from(["acme", "zenith"])
persons = st.sampled_from([NOBODY, "p-1", "p-2"])
contacts = st.sampled_from([None, "k-1", "k-2"])


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    targets=st.lists(st.tuples(tenants, st.sampled_from(["p-1", "p-2"]), contacts), max_size=4),
    subjects=st.lists(st.tuples(tenants, persons, contacts), max_size=8),
)
async def test_what_a_target_covers_is_the_same_in_python_and_in_sql(
    notes: NoteService,
    targets: list[tuple[str, str, str | None]],
    subjects: list[tuple[str, str, str | None]],
) -> None:
    made = [Target(tenant, f"{person}.{contact}", person, contact) for tenant, person, contact in targets]
    rows = [Subject(*each) for each in subjects]
    covered = {n for n, row in enumerate(rows) if any(target.covers(row) for target in made)}
    async with notes.database.transaction() as uow:
        await uow.execute("DELETE FROM erased")
        await uow.execute("DELETE FROM note")
        for target in made:
            await uow.execute(
                "INSERT INTO erased VALUES (:tenant, :id, :person, :contact, now()) ON CONFLICT DO NOTHING",
                target._asdict(),
            )
        for n, row in enumerate(rows):
            await uow.execute(
                "INSERT INTO note VALUES (:tenant, :key, NULL, :contact, NULL, :person)",
                {**row._asdict(), "key": str(n)},
            )
        found = await uow.execute(
            f"SELECT DISTINCT t.key FROM note t JOIN {TARGETS} ON {of_target()}", target_values(made)
        )
        assert {int(row.key) for row in found} == covered
        assert await find_erased(uow, rows) == {row for n, row in enumerate(rows) if n in covered}
        assert set(await find_waiting(uow, ("", ""), 100)) == set(made)
