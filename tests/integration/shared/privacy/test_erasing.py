"""The loop that erases: each customer once, whatever fails beside them, with their dead letters."""

import asyncio
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.exc import SQLAlchemyError
from support.eventually import eventually
from support.http_clients import SECRET
from support.kernel_service import records_of, running
from support.privacy_service import (
    SERVICE_NAME,
    TENANT,
    TOPICS_OF_DEAD_LETTERS,
    NoteService,
    dead_letter,
)

from shared.db.database import Database
from shared.errors import is_retryable
from shared.events import ERASURES, TRANSACTIONS
from shared.health import Health
from shared.ids import derived
from shared.kafka.kernel import Relay
from shared.privacy import erasing
from shared.privacy.erasing import measure_erasing
from shared.privacy.persons import person_of
from shared.secrets import customer_hash

NOBODY_LISTENS = "127.0.0.1:1"


async def test_a_customer_is_erased_and_it_is_confirmed_once(notes: NoteService) -> None:
    await notes.write("c-1", "c-2")
    await notes.write("c-1", tenant="zenith", words="theirs")
    (target,) = await notes.note_erased("c-1")
    worker = notes.worker()
    assert await worker.step() is None
    assert await notes.words() == {"c-1-a word": None, "c-2-a word": "a word", "c-1-theirs": "theirs"}
    (confirmed,) = await notes.published(ERASURES)
    assert (confirmed.id, confirmed.service) == (target.id, SERVICE_NAME)
    assert await worker.step() is None
    assert len(await notes.published(ERASURES)) == len(notes.asked) == 1


async def test_two_workers_erase_each_customer_once(notes: NoteService) -> None:
    ids = [f"c-{n}" for n in range(30)]
    await notes.write(*ids)
    targets = await notes.note_erased(*ids)

    async def slowly() -> None:
        await asyncio.sleep(0.1)

    notes.before_erase = slowly
    await asyncio.gather(*(notes.worker().step() for _ in range(3)))
    assert set((await notes.words()).values()) == {None}
    confirmed = [each.id for each in await notes.published(ERASURES)]
    assert sorted(confirmed) == sorted(target.id for target in targets)


async def test_one_bad_customer_among_many_waits_alone(notes: NoteService) -> None:
    ids = [f"c-{n}" for n in range(20)]
    await notes.write(*ids)
    await notes.write("c-13", words="bad")
    targets = await notes.note_erased(*ids)
    worker = notes.worker()
    assert await worker.step() is None
    assert await notes.waiting() == {targets[13].id}
    assert {key for key, words in (await notes.words()).items() if words} == {"c-13-a word", "c-13-bad"}
    assert len(notes.asked) <= 2 * 20
    await worker.step()
    assert await notes.waiting() == {targets[13].id}
    await notes.execute("UPDATE note SET words = 'mended' WHERE words = 'bad'")
    await worker.step()
    assert await notes.waiting() == set()
    assert len(await notes.published(ERASURES)) == 20


async def test_of_whom_something_is_under_way_comes_again(notes: NoteService) -> None:
    await notes.write("c-1", "c-2")
    sending, free = await notes.note_erased("c-1", "c-2")
    notes.under_way.add(sending.id)
    worker = notes.worker()
    for _ in range(2):
        assert await worker.step() is None
        assert await notes.waiting() == {sending.id}
        assert [each.id for each in await notes.published(ERASURES)] == [free.id]
    notes.under_way.clear()
    await worker.step()
    assert await notes.waiting() == set()
    assert set((await notes.words()).values()) == {None}


async def test_more_than_one_round_holds_reaches_those_behind_who_wait(
    notes: NoteService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "MAX_TARGETS_PER_ROUND", 4)
    ids = [f"c-{n}" for n in range(10)]
    await notes.write(*ids)
    targets = sorted(await notes.note_erased(*ids), key=lambda target: target.id)
    notes.under_way |= {target.id for target in targets[:5]}
    worker, rounds = notes.worker(), 0
    while await worker.step() == 0:
        rounds += 1
        assert rounds < 10
    assert await notes.waiting() == notes.under_way
    notes.under_way.clear()
    while await worker.step() == 0:
        rounds += 1
        assert rounds < 20
    assert await notes.waiting() == set()


async def test_while_the_broker_or_the_database_is_away_nothing_is_confirmed(notes: NoteService) -> None:
    await notes.write("c-1")
    (target,) = await notes.note_erased("c-1")
    with pytest.raises(Exception) as away:  # noqa: PT011  (which one it is depends on the client)
        await asyncio.wait_for(notes.worker(NOBODY_LISTENS).step(), 40)
    assert is_retryable(away.value)
    gone = Database(notes.database.url.replace("/scorer_", "/gone_"), pool_size=1)
    with pytest.raises(SQLAlchemyError) as away_too:
        await notes.worker(database=gone).step()
    await gone.close()
    assert is_retryable(away_too.value)
    assert await notes.waiting() == {target.id}
    assert await notes.published(ERASURES) == []
    await notes.worker().step()
    assert await notes.waiting() == set()


async def test_the_database_that_goes_away_while_it_erases_is_no_fault_of_a_customer(
    notes: NoteService,
) -> None:
    await notes.write("c-1", "c-2")
    targets = await notes.note_erased("c-1", "c-2")
    calls = 0

    async def cut() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionResetError

    notes.before_erase = cut
    with pytest.raises(ConnectionResetError):
        await notes.worker().step()
    assert (await notes.waiting(), calls) == ({target.id for target in targets}, 1)
    await notes.worker().step()
    assert await notes.waiting() == set()


async def test_how_many_wait_is_measured(notes: NoteService) -> None:
    await notes.note_erased("c-1", "c-2")

    async def measured() -> float | None:
        async with notes.database.reading() as uow:
            await measure_erasing(uow, SERVICE_NAME)
        return REGISTRY.get_sample_value("afterword_erasures_waiting", {"service": SERVICE_NAME})

    assert await measured() == 2
    await notes.worker().step()
    assert await measured() == 0


async def test_the_loops_of_a_worker_erase_by_themselves(notes: NoteService) -> None:
    await notes.write("c-1", person=False)
    await notes.note_erased("c-1")
    stopping = asyncio.Event()
    loops = [asyncio.create_task(loop(stopping)) for loop in notes.worker().loops.values()]

    async def done() -> bool:
        return not await notes.waiting()

    await eventually(done, within=20)
    stopping.set()
    await asyncio.gather(*loops)
    assert await notes.words() == {"c-1-a word": None}


CONTACT = customer_hash(SECRET, TENANT, "karen@example.com")
PERSON = person_of(SECRET, TENANT, "1001")
OF_KAREN: tuple[tuple[str, bytes | None, bytes | None], ...] = (
    ("an event by its id", b'{"tenant":"acme","data":{"customer_id":"1001","score":"x"}}', b"acme/a-1"),
    ("an id that is a number", b'{"tenant":"acme","data":{"customer":{"id":1001}}}', b"acme/a-2"),
    ("a pseudonym", b'{"tenant":"acme","data":{"person":"%s"}}' % PERSON.encode(), b"acme/a-3"),
    ("bytes that are cut", b'{"tenant":"acme","data":{"customer":{"id":"1001","email":"kar', b"acme/a-4"),
    ("bytes without a beginning", b'1001","email":"karen@example.com"}}}', b"acme/a-5"),
    ("bytes that are no text", b"\xff\xfe 1001 \x00", b"acme/a-6"),
    ("bytes without a key", b'{"customer":{"id":"1001"', None),
    ("nothing but the key of the version before", None, b"acme/1001"),
)
NOT_OF_KAREN: tuple[tuple[str, bytes | None, bytes | None], ...] = (
    ("another customer", b'{"tenant":"acme","data":{"customer_id":"1002"}}', b"acme/b-1"),
    ("a number that is no id", b'{"tenant":"acme","data":{"customer_id":"7","version":1001}}', b"acme/b-2"),
    ("a text that is no id", b'{"tenant":"acme","data":{"customer_id":"7","reason":"1001"}}', b"acme/b-3"),
    ("another company's", b'{"tenant":"zenith","data":{"customer_id":"1001"}}', b"zenith/b-4"),
    ("another company's bytes", b'{"customer":{"id":"1001"', b"zenith/b-5"),
    ("another company's by its text", b'{"tenant":"zenith","data":{"customer_id":"1001"}}', None),
    ("nothing", None, b"acme/b-6"),
    ("no text", b"", b"acme/b-7"),
)


async def publish(notes: NoteService, rows: Sequence[tuple[str, bytes, bytes | None, bytes]]) -> None:
    async with notes.database.transaction() as uow:
        for row in rows:
            uow.add_dead_letter(*row)


async def relay(notes: NoteService) -> None:
    async def empty() -> bool:
        return not await notes.rows("SELECT 1 FROM outbox")

    async with running(Relay(notes.database, SERVICE_NAME, notes.bootstrap, Health())):
        await eventually(empty, within=20)


@pytest.mark.parametrize("relayed", [True, False], ids=["on the topic", "not yet published"])
async def test_the_dead_letters_of_the_customer_get_tombstones_and_no_others(
    notes: NoteService, *, relayed: bool
) -> None:
    base = 1_000 if relayed else 2_000
    letters = [
        dead_letter(base + n, value, key) for n, (_, value, key) in enumerate((*OF_KAREN, *NOT_OF_KAREN))
    ]
    await publish(notes, letters)
    if relayed:
        await relay(notes)
    await notes.note_erased("1001")
    await notes.worker().step()
    named = {name: letters[n][:2] for n, (name, *_) in enumerate((*OF_KAREN, *NOT_OF_KAREN))}
    found = {name for name, place in named.items() if place in await notes.tombstones()}
    assert found == {name for name, *_ in OF_KAREN}
    await relay(notes)
    last: dict[bytes | None, bytes | None] = {}
    for key, value, headers in await records_of(notes.bootstrap, TOPICS_OF_DEAD_LETTERS[1]):
        last[key] = value if headers.get("afterword-topic") else None
    assert all(last[key] is None for _, key in (named[name] for name in found))


async def test_of_a_transaction_that_was_never_decided_the_record_is_erased_too(notes: NoteService) -> None:
    value = b'{"tenant":"acme","data":{"customer":{"id":"1001"}}}'
    own = f"acme/{derived('transaction', 'shop', '17')}".encode()
    letters = [
        dead_letter(1, value, own, topic=TRANSACTIONS.name),
        # The key of the version before is that of all of the customer's events.
        dead_letter(2, value, b"acme/1001", topic=TRANSACTIONS.name),
    ]
    await publish(notes, letters)
    await notes.note_erased("1001")
    await notes.worker().step()
    assert await notes.tombstones() >= {letters[0][:2], letters[1][:2], (TRANSACTIONS.name, own)}
    assert (TRANSACTIONS.name, b"acme/1001") not in await notes.tombstones()


async def test_of_several_people_under_an_id_only_the_letters_of_the_one_are_erased(
    notes: NoteService,
) -> None:
    letters = [
        dead_letter(n, value, b"acme/x")
        for n, value in enumerate(
            (
                b'{"tenant":"acme","data":{"customer":{"id":"1001","email":"karen@example.com"}}}',
                b'{"tenant":"acme","data":{"customer_id":"1001","contact_key":"%s"}}' % CONTACT.encode(),
                b'{"tenant":"acme","data":{"customer_id":"1001"}}',
                b'{"tenant":"acme","data":{"customer":{"id":"1001","email":"bo@example.com"}}}',
                b'{"tenant":"acme","data":{"customer":{"id":"1002","email":"karen@example.com"}}}',
            )
        )
    ]
    await publish(notes, letters)
    await notes.note_erased("1001", contact=CONTACT)
    await notes.worker().step()
    found = await notes.tombstones()
    assert [letter[:2] in found for letter in letters] == [True, True, True, False, False]


async def test_dead_letters_of_those_who_still_wait_stay(notes: NoteService) -> None:
    letter = dead_letter(9, b'{"tenant":"acme","data":{"customer_id":"1001"}}', b"acme/x")
    await publish(notes, [letter])
    (target,) = await notes.note_erased("1001")
    notes.under_way.add(target.id)
    await notes.worker().step()
    assert letter[:2] not in await notes.tombstones()


async def test_a_letter_that_is_relayed_while_it_is_searched_is_found(notes: NoteService) -> None:
    letter = dead_letter(3_000, b'{"tenant":"acme","data":{"customer_id":"1001"}}', b"acme/x")
    await publish(notes, [letter])
    await notes.note_erased("1001")
    search = notes.worker().dead_letters
    unpublished = type(search)._unpublished

    async def relay_after(self: object, uow: object) -> object:
        found = await unpublished(self, uow)  # type: ignore[arg-type]
        await relay(notes)
        return found

    with patch.object(type(search), "_unpublished", relay_after):
        await notes.worker().step()
    assert letter[:2] in await notes.tombstones()
