"""A customer who is erased: nothing of them is left, comes back or can be added, and the scores stay."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from support.dispatcher_builders import waits_for_a_lock
from support.erasing import erase_customer, erase_waiting, note_erased, places_of
from support.eventually import eventually

from services.collector.app import SERVICE
from services.collector.repository import links
from shared.events import ANSWERS, INVITATIONS, Customer, Event, Invitation
from shared.privacy.persons import NOBODY, person_of
from shared.secrets import customer_hash

from .conftest import SECRET, Bench, an_invitation, bearer
from .test_stale_pages import Tab

ERASED = "c-17"
CONTACT = customer_hash(SECRET, "acme", "karen@example.com")
WORDS = ("c-17", "karen", "whitfield", "12345678", "rang the bell", "left it outside", CONTACT)
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
