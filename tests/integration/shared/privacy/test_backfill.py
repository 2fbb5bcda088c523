"""Rows that a version without pseudonyms wrote get one, also beside those who write them."""

import asyncio

from support.http_clients import SECRET
from support.privacy_service import TENANT, NoteService

from shared.privacy.backfill import PersonalTable, fill_persons
from shared.privacy.persons import NOBODY, person_of


async def fill(notes: NoteService, limit: int = 100) -> int:
    async with notes.database.transaction() as uow:
        return await fill_persons(uow, SECRET, [PersonalTable(notes.table)], limit)


async def persons(notes: NoteService) -> dict[str | None, str | None]:
    return {row.customer_id: row.person for row in await notes.rows("SELECT customer_id, person FROM note")}


async def test_rows_of_the_version_before_are_filled_some_at_a_time(notes: NoteService) -> None:
    await notes.write("c-1", "c-2", "c-3", person=False)
    await notes.write("c-4")
    await notes.execute("INSERT INTO note (tenant, key) VALUES ('acme', 'of nobody')")
    await notes.write("c-1", tenant="zenith", person=False)
    assert [await fill(notes, 2), await fill(notes, 2), await fill(notes, 2), await fill(notes, 2)] == [
        2,
        2,
        1,
        0,
    ]
    found = await notes.rows("SELECT tenant, customer_id, person FROM note ORDER BY 1, 2")
    assert {(row.tenant, row.customer_id): row.person for row in found} == {
        **{(TENANT, each): person_of(SECRET, TENANT, each) for each in ("c-1", "c-2", "c-3", "c-4")},
        (TENANT, None): NOBODY,
        ("zenith", "c-1"): person_of(SECRET, "zenith", "c-1"),
    }


async def test_many_rows_are_filled_at_once(notes: NoteService) -> None:
    await notes.execute(
        "INSERT INTO note (tenant, key, customer_id) SELECT 'acme', CAST(n AS text), CAST(n AS text) FROM generate_series(1, 1500) n"
    )
    assert [await fill(notes, 1_000), await fill(notes, 1_000), await fill(notes, 1_000)] == [1_000, 500, 0]
    assert await persons(notes) == {str(n): person_of(SECRET, TENANT, str(n)) for n in range(1, 1501)}


async def test_rows_that_are_written_meanwhile_are_left_and_filled_later(notes: NoteService) -> None:
    await notes.write("c-1", "c-2", person=False)
    async with notes.database.transaction() as writer:
        await writer.execute("UPDATE note SET words = 'new' WHERE customer_id = 'c-1'")
        assert await asyncio.wait_for(fill(notes), 5) == 1
        assert await asyncio.wait_for(fill(notes), 5) == 0
    assert await fill(notes) == 1
    assert (await notes.words())["c-1-a word"] == "new"
    assert None not in (await persons(notes)).values()


async def test_two_workers_share_the_rows(notes: NoteService) -> None:
    await notes.write(*(f"c-{n}" for n in range(20)), person=False)
    async with notes.database.transaction() as one, notes.database.transaction() as other:
        tables = [PersonalTable(notes.table)]
        assert await fill_persons(one, SECRET, tables, 12) == 12
        assert await fill_persons(other, SECRET, tables, 12) == 8
    assert {person_of(SECRET, TENANT, each or "") for each in await persons(notes)} == set(
        (await persons(notes)).values()
    )


async def test_a_row_of_an_erased_customer_that_comes_without_a_pseudonym_is_erased_later(
    notes: NoteService,
) -> None:
    await notes.write("c-1", "c-2")
    targets = await notes.note_erased("c-1", "c-2")
    worker = notes.worker()
    await worker.step()
    assert await notes.waiting() == set()
    # A worker of the version before asks for nobody.
    await notes.write("c-1", words="late", person=False)
    assert await worker.step() is None
    assert (await notes.words())["c-1-late"] == "late"
    await worker.fill()
    assert await notes.waiting() == {targets[0].id}
    await worker.step()
    assert set((await notes.words()).values()) == {None}


async def test_a_row_that_is_written_while_its_customer_is_erased_is_erased_later(notes: NoteService) -> None:
    await notes.write("c-1", person=False)
    await notes.note_erased("c-1")
    worker = notes.worker()
    async with notes.database.transaction() as writer:
        await writer.execute("UPDATE note SET words = 'late'")
        await worker.step()
        assert await notes.waiting() == set()
    await worker.fill()
    await worker.step()
    assert set((await notes.words()).values()) == {None}
