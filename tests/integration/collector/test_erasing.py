"""A customer who is erased: nothing of them is left, comes back or can be added, and the scores stay."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.dispatcher_builders import waits_for_a_lock
from support.erasing import erase_customer, erase_waiting, note_erased, places_of
from support.eventually import eventually
from support.examples import examples

from services.collector.app import SERVICE
from services.collector.repository import links
from shared.events import ANSWERS, INVITATIONS, Customer, Event, Invitation
from shared.privacy.erased import find_waiting
from shared.privacy.persons import NOBODY, person_of
from shared.privacy.subjects import erase_event
from shared.secrets import customer_hash

from .conftest import SECRET, Bench, an_invitation, bearer
from .test_stale_pages import Tab

ERASED = "kw-4711"
CONTACT = customer_hash(SECRET, "acme", "karen@example.com")
WORDS = (ERASED, "karen", "whitfield", "12345678", "rang the bell", "left it outside", CONTACT)
"""The customer's id, address, name and number, what they wrote, and the keyed hash of the address."""
erase = partial(erase_customer, SERVICE, secret=SECRET)


async def invite(bench: Bench, **changed: Any) -> Invitation:
    """Consume an invitation as a worker does."""
    facts = {"person": person_of(SECRET, "acme", ERASED), "contact_key": CONTACT}
    invitation = an_invitation(bench.now, **{**facts, **changed})
    await consume(bench, INVITATIONS.event("acme", invitation, bench.now))
    return invitation


async def consume(bench: Bench, *events: Event[Invitation]) -> None:
    (subscription,) = [each for each in SERVICE.consumed(bench.context) if each.topic is INVITATIONS]
    async with bench.context.database.transaction() as uow:
        await subscription.handle(uow, list(events))


async def answer_with_words(bench: Bench, **changed: Any) -> UUID:
    """An answer that was sent, and then changed."""
    invitation = await invite(bench, **changed)
    tab = await Tab.open(bench, invitation.id, "?v=2")
    await tab.send(score=2, comment="Nobody rang the bell.", may_contact="yes")
    await (await Tab.open(bench, invitation.id)).send(score=3, comment="They left it outside.")
    return invitation.id


async def left(bench: Bench) -> set[str]:
    return await places_of(bench.context.database, WORDS, without=["outbox"])


async def counted(bench: Bench) -> list[Any]:
    """All that is counted of an answer, in every version."""
    columns = "score, state, segments, organisation, day, answered_at, touchpoint, measurement"
    history = await bench.rows(
        "SELECT answer_id, version, score, changed_at FROM answer_history ORDER BY 1, 2"
    )
    return [*await bench.rows(f"SELECT id, {columns} FROM answer ORDER BY id"), *history]


async def test_nothing_of_the_customer_is_left_and_what_is_counted_stays(bench: Bench) -> None:
    other = await answer_with_words(bench, customer=Customer(id="c-18"), person=None, contact_key=None)
    mine = await answer_with_words(bench)
    before = await counted(bench)
    assert {"answer.comment", "answer_history.comment", "invitation.body"} <= await left(bench)
    await erase(bench.context.database, "acme", ERASED)
    found = await bench.rows("SELECT id, comment, person, erased FROM answer ORDER BY id")
    assert {row.id: (row.comment, row.erased) for row in found} == {
        mine: (None, True),
        other: ("They left it outside.", False),
    }
    assert (
        await places_of(
            bench.context.database,
            [w for w in WORDS if w not in ("rang the bell", "left it outside")],
            without=["outbox"],
        )
        == set()
    )
    kept = await counted(bench)
    assert before[:2] == kept[:2]
    last = (await bench.published())[-1]
    assert (last.id, last.erased, last.person, last.score) == (mine, True, NOBODY, 3)
    assert (last.comment, last.customer_id, last.contact_key, last.may_contact) == (None, None, None, None)
    assert await bench.rows("SELECT 1 FROM intent WHERE invitation_id = :id", id=mine) == []


async def test_erasing_once_more_publishes_and_changes_nothing(bench: Bench) -> None:
    await answer_with_words(bench)
    await erase(bench.context.database, "acme", ERASED)
    published = len(await bench.published())
    bench.now += timedelta(minutes=1)
    await erase(bench.context.database, "acme", ERASED)
    assert len(await bench.published()) == published


async def test_a_customer_of_the_same_id_at_another_company_keeps_everything(bench: Bench) -> None:
    await answer_with_words(bench)
    await erase(bench.context.database, "zenith", ERASED)
    assert "answer.comment" in await left(bench)


async def test_one_of_several_people_under_an_id_is_erased_alone(bench: Bench) -> None:
    bo = customer_hash(SECRET, "acme", "bo@example.com")
    mine, theirs = await answer_with_words(bench), await answer_with_words(bench, contact_key=bo)
    await erase(bench.context.database, "acme", ERASED, CONTACT)
    found = await bench.rows("SELECT id, erased FROM answer")
    assert {row.id: row.erased for row in found} == {mine: True, theirs: False}


async def test_the_link_answers_like_one_that_never_was(bench: Bench) -> None:
    invitation = await invite(bench)
    await erase(bench.context.database, "acme", ERASED)
    path = f"/s/{bench.token(invitation.id)}"
    unknown = await bench.client.get("/s/nothing")
    for reply in (await bench.client.get(path), await bench.submit(invitation.id, 4, comment="Me again")):
        assert (reply.status_code, reply.text) == (unknown.status_code, unknown.text)
    assert await bench.rows("SELECT 1 FROM answer") == await bench.rows("SELECT 1 FROM intent") == []


@pytest.mark.parametrize("action", ["choose", "keep", "send"])
async def test_what_is_being_saved_while_the_erasure_runs_leaves_nothing(bench: Bench, action: str) -> None:
    invitation = await invite(bench)
    await note_erased(bench.context.database, "acme", ERASED, secret=SECRET)
    async with bench.context.database.transaction() as uow:
        await links.lock_invitation(uow, invitation.id)
        saving = asyncio.create_task(
            bench.submit(invitation.id, 1, comment="Nobody rang the bell.", action=action)
        )
        await eventually(lambda: waits_for_a_lock(bench.context.database))
        erasing = asyncio.create_task(erase_waiting(SERVICE, bench.context.database, secret=SECRET))
        await eventually(lambda: waits_for_a_lock(bench.context.database))
    await asyncio.gather(saving, erasing)
    assert await left(bench) == set()


async def test_a_page_that_was_open_saves_nothing_any_more(bench: Bench) -> None:
    invitation = await answer_with_words(bench)
    await erase(bench.context.database, "acme", ERASED)
    before = await counted(bench)
    assert (await bench.submit(invitation, 9, comment="Nobody rang the bell.")).status_code == 404
    assert await counted(bench) == before


async def test_a_visit_that_waits_for_the_erasure_is_not_recorded(bench: Bench) -> None:
    invitation = await invite(bench)
    await note_erased(bench.context.database, "acme", ERASED, secret=SECRET)
    async with bench.context.database.transaction() as uow:
        await links.lock_invitation(uow, invitation.id)
        erasing = asyncio.create_task(erase_waiting(SERVICE, bench.context.database, secret=SECRET))
        await eventually(lambda: waits_for_a_lock(bench.context.database))
        visiting = asyncio.create_task(bench.client.get(f"/s/{bench.token(invitation.id)}"))
        await asyncio.sleep(0.2)  # it has read the invitation, or will find it erased
    await asyncio.gather(erasing, visiting)
    assert await bench.rows("SELECT 1 FROM intent") == await bench.rows("SELECT 1 FROM answer") == []


async def test_visits_go_also_when_the_erased_invitation_comes_before_this_service_erases(
    bench: Bench,
) -> None:
    invitation = await invite(bench)
    await bench.client.get(f"/s/{bench.token(invitation.id)}?v=2")
    assert len(await bench.rows("SELECT 1 FROM intent")) == 1
    erased = msgspec.structs.replace(erase_event(invitation), version=2)
    await consume(bench, INVITATIONS.event("acme", erased, bench.now))
    assert await bench.rows("SELECT 1 FROM intent") == []


async def test_an_invitation_that_comes_again_or_for_the_first_time_brings_nobody_back(bench: Bench) -> None:
    invitation = await invite(bench)
    await erase(bench.context.database, "acme", ERASED)
    for version in (1, 2):
        again = an_invitation(bench.now, id=invitation.id, version=version, contact_key=CONTACT)
        await consume(bench, INVITATIONS.event("acme", again, bench.now))
    late = await invite(bench)
    assert await left(bench) == set()
    assert (await bench.client.get(f"/s/{bench.token(late.id)}")).status_code == 404


async def test_answers_that_are_read_again_after_a_restore_bring_nobody_back(bench: Bench) -> None:
    await answer_with_words(bench)
    events = [ANSWERS.event("acme", answer, bench.now) for answer in await bench.published()]
    await erase(bench.context.database, "acme", ERASED)
    (reading,) = [each for each in SERVICE.restored(bench.context).reads if each.topic is ANSWERS]
    async with bench.context.database.transaction() as uow:
        await uow.execute("DELETE FROM answer")
        await uow.execute("DELETE FROM answer_history")
        await reading.handle(uow, events)
    assert await left(bench) == set()
    assert [row.score for row in await bench.rows("SELECT score FROM answer")] == [3]


async def test_the_erased_version_that_a_restored_backup_reads_takes_the_history_along(bench: Bench) -> None:
    mine = await answer_with_words(bench)
    before = (await bench.published())[-1]
    erased = msgspec.structs.replace(erase_event(before), version=before.version + 1)
    (reading,) = [each for each in SERVICE.restored(bench.context).reads if each.topic is ANSWERS]
    async with bench.context.database.transaction() as uow:
        await reading.handle(uow, [ANSWERS.event("acme", erased, bench.now)])
    assert await left(bench) == {"invitation.body"}
    history = await bench.rows(
        "SELECT score FROM answer_history WHERE answer_id = :id ORDER BY version", id=mine
    )
    assert [row.score for row in history] == [2, 3]


async def test_an_import_of_an_erased_customer_is_counted_and_keeps_nobody(bench: Bench) -> None:
    of_karen = {
        "id": "2024-17",
        "score": 2,
        "comment": "Nobody rang the bell.",
        "answered_at": "2024-05-17T23:30:00Z",
        "customer": ERASED,
        "segments": {"touchpoint": "delivery"},
    }
    await bench.import_answers(of_karen)
    await erase(bench.context.database, "acme", ERASED)
    assert await left(bench) == set()
    published = len(await bench.published())
    await bench.import_answers(of_karen)
    assert len(await bench.published()) == published
    await bench.import_answers({**of_karen, "score": 5}, {**of_karen, "id": "2024-18"})
    assert await left(bench) == set()
    new = (await bench.published())[published:]
    assert [(answer.score, answer.erased, answer.person) for answer in new] == [
        (5, True, NOBODY),
        (2, True, NOBODY),
    ]
    listed = (await bench.client.get("/v1/answers", headers=bearer())).json()["answers"]
    assert sorted(answer["score"] for answer in listed) == [2, 5]
    assert {(answer["customer_id"], answer["comment"]) for answer in listed} == {(None, None)}


@pytest.mark.parametrize("other", ["c-18", None])
async def test_an_erased_import_stays_erased_when_its_id_comes_under_another_customer(
    bench: Bench, other: str | None
) -> None:
    item = {
        "id": "1",
        "score": 2,
        "comment": "Nobody rang the bell.",
        "answered_at": "2024-05-17T23:30:00Z",
        "customer": ERASED,
    }
    await bench.import_answers(item)
    await erase(bench.context.database, "acme", ERASED)
    await bench.import_answers({**item, "score": 4, "customer": other})
    assert await left(bench) == set()
    (row,) = await bench.rows("SELECT score, person, erased FROM answer")
    assert (row.score, row.person, row.erased) == (4, NOBODY, True)


async def test_an_import_beside_the_erasure_amends_what_the_erasure_has_left(bench: Bench) -> None:
    item = {"id": "1", "score": 2, "answered_at": "2024-05-17T23:30:00Z", "customer": ERASED}
    await bench.import_answers(item)
    await note_erased(bench.context.database, "acme", ERASED, secret=SECRET)
    data = SERVICE.personal_data
    assert data is not None
    async with bench.context.database.transaction() as uow:
        await data.erase(uow, await find_waiting(uow, ("", ""), 10))
        importing = asyncio.create_task(bench.import_answers({**item, "score": 5}))
        await eventually(lambda: waits_for_a_lock(bench.context.database))
    assert (await importing).json()["accepted"] == 1
    versions = [(answer.version, answer.score, answer.erased) for answer in await bench.published()]
    assert versions == [(1, 2, False), (2, 2, True), (3, 5, True)]
    assert [row.score for row in await bench.rows("SELECT score FROM answer")] == [5]


async def test_rows_of_a_version_without_pseudonyms_are_erased_too(bench: Bench) -> None:
    mine = await answer_with_words(bench)
    async with bench.context.database.transaction() as uow:
        await uow.execute("UPDATE answer SET person = NULL")
        await uow.execute("UPDATE invitation SET person = NULL")
    await erase(bench.context.database, "acme", ERASED)
    assert await left(bench) == set()
    assert [row.erased for row in await bench.rows("SELECT erased FROM answer WHERE id = :id", id=mine)] == [
        True
    ]


async def test_a_row_of_nobody_stays_as_it_is(bench: Bench) -> None:
    await bench.import_answers(
        {"id": "1", "score": 2, "comment": "Nobody rang the bell.", "answered_at": "2024-05-17T23:30:00Z"}
    )
    await erase(bench.context.database, "acme", ERASED)
    assert [(row.comment, row.person) for row in await bench.rows("SELECT comment, person FROM answer")] == [
        ("Nobody rang the bell.", NOBODY)
    ]


async def imported(bench: Bench, item: dict[str, Any]) -> None:
    """Import an answer, which is never refused."""
    reply = await bench.import_answers(item)
    assert (reply.status_code, reply.json().get("accepted")) == (200, 1), reply.text


STEPS = ("invitation", "visit", "save", "send", "import", "amend", "erased invitation", "known", "erase")


@given(order=st.permutations(STEPS), twice=st.sampled_from(STEPS))
@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_every_order_of_events_answers_and_erasure_ends_without_a_word_of_the_customer(
    bench: Bench, order: Sequence[str], twice: str
) -> None:
    async with bench.context.database.transaction() as uow:
        for table in ("answer_history", "answer", "intent", "invitation", "outbox", "erased"):
            await uow.execute(f"DELETE FROM {table}")
    facts = {"person": person_of(SECRET, "acme", ERASED), "contact_key": CONTACT}
    invitation = an_invitation(bench.now, **facts)
    erased = msgspec.structs.replace(erase_event(invitation), version=2)
    item = {
        "id": "1",
        "score": 2,
        "comment": "Nobody rang the bell.",
        "answered_at": "2024-05-17T23:30:00Z",
        "customer": ERASED,
    }
    acts: dict[str, Callable[[], Awaitable[Any]]] = {
        "invitation": lambda: consume(bench, INVITATIONS.event("acme", invitation, bench.now)),
        "visit": lambda: bench.client.get(f"/s/{bench.token(invitation.id)}?v=3"),
        "save": lambda: bench.submit(invitation.id, 1, comment="Nobody rang the bell.", action="keep"),
        "send": lambda: bench.submit(invitation.id, 3, comment="They left it outside."),
        "import": lambda: imported(bench, {**item, "score": 2}),
        "amend": lambda: imported(bench, {**item, "score": 5}),
        "erased invitation": lambda: consume(bench, INVITATIONS.event("acme", erased, bench.now)),
        "known": lambda: note_erased(bench.context.database, "acme", ERASED, secret=SECRET),
        "erase": lambda: erase_waiting(SERVICE, bench.context.database, secret=SECRET),
    }
    for step in (*order, twice):
        await acts[step]()
    await note_erased(bench.context.database, "acme", ERASED, secret=SECRET)
    await erase_waiting(SERVICE, bench.context.database, secret=SECRET)
    assert await left(bench) == set()
    assert await bench.rows("SELECT 1 FROM intent") == []
    last = {answer.id: answer for answer in await bench.published()}
    assert all(answer.erased for answer in last.values())
    stored = await bench.rows("SELECT id, version, score, origin, erased, person FROM answer")
    assert {row.id: (row.version, row.score) for row in stored} == {
        id_: (answer.version, answer.score) for id_, answer in last.items()
    }
    assert {(row.erased, row.person) for row in stored} == {(True, NOBODY)}
    imports = [step for step in (*order, twice) if step in ("import", "amend")]
    assert [row.score for row in stored if row.origin == "import"] == [2 if imports[-1] == "import" else 5]
