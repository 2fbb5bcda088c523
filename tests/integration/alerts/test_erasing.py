"""A customer who is erased: nothing of them is left or comes back, their cases end, and the scores stay."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, an_answer, an_invitation, fire_deadlines, rows
from support.dispatcher_builders import waits_for_a_lock
from support.erasing import erase_customer, erase_waiting, note_erased, places_of
from support.eventually import eventually
from support.examples import examples
from support.http_clients import SECRET, context_on

from services.alerts.app import SERVICE
from services.alerts.cases.repository.cases import find_case
from services.alerts.recovery.handlers import settle
from shared.db.database import Database
from shared.events import ANSWERS, CASES, INVITATIONS, Answer, Data, Invitation, Reply, Topic
from shared.privacy.persons import person_of
from shared.privacy.subjects import erase_event
from shared.secrets import customer_hash

ERASED = "c-karen"
PERSON = person_of(SECRET, TENANT, ERASED)
CONTACT = customer_hash(SECRET, TENANT, "karen@example.com")
WORDS = (
    ERASED,
    "karen",
    "whitfield",
    "12345678",
    "split again",
    "rang twice",
    "rang back",
    "sofa table",
    CONTACT,
)
"""The customer's id, address, name and number, what they wrote and bought, what was written of them."""
TOPICS: dict[type[Data], Topic[Any]] = {Answer: ANSWERS, Invitation: INVITATIONS}


async def consume(database: Database, *things: Data) -> None:
    """Consume events as a worker does."""
    context = context_on(SERVICE, database)
    for topic in {TOPICS[type(thing)].name for thing in things}:
        (subscription,) = [each for each in SERVICE.consumed(context) if each.topic.name == topic]
        async with database.transaction() as uow:
            events = [
                subscription.topic.event(TENANT, thing, database.clock())
                for thing in things
                if TOPICS[type(thing)].name == topic
            ]
            await subscription.handle(uow, events)


def of_karen(**changes: Any) -> Answer:
    facts = {"customer_id": ERASED, "person": PERSON, "contact_key": CONTACT, "may_contact": True}
    return an_answer(**{**facts, **changes})


def invitation_of(answer: Answer) -> Invitation:
    return an_invitation(
        answer, person=answer.person, contact_key=answer.contact_key, event_id=answer.event_id or answer.id
    )


async def karen_answers(database: Database, **changes: Any) -> Answer:
    """An unhappy answer that was sent and amended, with its invitation."""
    who = Reply(question="who", kind="text", asked="Who told you?", text="It was nobody who rang back.")
    first = of_karen(**{"comment": "The leg is split again.", "replies": (who,), **changes})
    comment = "It is split again, and nobody rang back."
    second = msgspec.structs.replace(first, version=2, comment=comment, replies=())
    await consume(database, invitation_of(first), first)
    await consume(database, second)
    return second


async def left(database: Database) -> set[str]:
    return await places_of(database, WORDS, without=["outbox"])


async def erase(database: Database, contact: str | None = None) -> None:
    await erase_customer(SERVICE, database, TENANT, ERASED, contact)


async def the_cases(database: Database) -> list[Any]:
    return await rows(database, "SELECT * FROM cases ORDER BY opened_at, id")


async def published(database: Database) -> list[Any]:
    found = await rows(database, "SELECT value FROM outbox WHERE topic = 'cases.v1' ORDER BY seq")
    return [CASES.decode(row.value).data for row in found]


async def test_nothing_of_the_customer_is_left_and_the_case_has_ended(alerts: AlertsApi) -> None:
    database = alerts.context.database
    jonas = await alerts.signed_in()
    await karen_answers(database)
    (case,) = await the_cases(database)
    await jonas.do(f"/cases/{case.id}", act="take")
    await jonas.do(f"/cases/{case.id}", act="contact", how="call", reached="yes", text="Rang twice.")
    await jonas.do(f"/cases/{case.id}", act="note", text="Karen Whitfield wants a new sofa table.")
    assert {
        "cases.customer_id",
        "timeline.facts",
        "answer.body",
        "answer_before.comment",
        "answer_before.replies",
        "invitation.body",
    } <= (await left(database))
    await erase(database)
    assert await left(database) == set()
    (ended,) = await the_cases(database)
    assert (ended.state, ended.erased, ended.score, ended.belongs) == (
        "closed",
        True,
        case.score,
        case.belongs,
    )
    assert (ended.opened_at, ended.number, ended.owner_id) == (case.opened_at, case.number, jonas.person.id)
    last = (await published(database))[-1]
    assert (last.state, last.erased, last.customer_id, last.contact_key) == ("closed", True, None, None)
    assert [(row.score, row.first_score) for row in await rows(database, "SELECT * FROM answer")] == [(2, 2)]
    assert [row.score for row in await rows(database, "SELECT score FROM answer_before")] == [2]
    assert await rows(database, "SELECT 1 FROM clock") == []


async def test_the_pages_and_the_api_say_so_and_nothing_can_be_done_any_more(alerts: AlertsApi) -> None:
    database = alerts.context.database
    jonas = await alerts.signed_in()
    await karen_answers(database)
    await erase(database)
    (case,) = await the_cases(database)
    page = (await jonas.get(f"/cases/{case.id}")).text
    assert "The customer asked us to erase their data." in page
    assert "The customer was erased on request." in page
    assert "act-reopen" not in page
    assert "act-note" not in page
    assert "An erased customer" in (await jonas.get("/inbox?state=closed")).text
    key = alerts.key("cases:read", "cases:write")
    (listed,) = (await jonas.client.get("/v1/cases?state=closed", headers=key)).json()["cases"]
    assert (listed["state"], listed["cause"], listed["outcome"]) == ("closed", None, None)
    told = (await jonas.client.get(f"/v1/cases/{case.id}", headers=key)).text.lower()
    assert not [word for word in WORDS if word in told]
    for act in ({"act": "reopen", "text": "Again"}, {"act": "note", "text": "More"}):
        assert "This customer was erased." in (await jonas.do(f"/cases/{case.id}", **act)).text
    (refused,) = [await jonas.do(f"/cases/{case.id}", act="contact", how="call", reached="no", text="Rang")]
    assert "This customer was erased." in refused.text
    for path in ("/inbox", "/inbox?state=closed", f"/cases/{case.id}"):
        shown = (await jonas.get(path)).text.lower()
        assert not [word for word in WORDS if word in shown], path


@pytest.mark.parametrize(
    "act",
    [
        {"act": "take", "version": 9},
        {"act": "assign", "version": 9},
        {"act": "release", "version": 9},
        {"act": "contact", "how": "call", "reached": True, "text": "Rang"},
        {"act": "note", "text": "More"},
        {
            "act": "close",
            "cause": "delivery.late",
            "action": "Rang",
            "outcome": "lost",
            "told": True,
            "version": 9,
        },
        {"act": "reopen", "text": "Again", "version": 9},
    ],
    ids=lambda act: act["act"],
)
async def test_an_act_on_the_case_is_refused_with_the_reason(alerts: AlertsApi, act: dict[str, Any]) -> None:
    jonas = await alerts.person()
    await karen_answers(alerts.context.database)
    await erase(alerts.context.database)
    (case,) = await the_cases(alerts.context.database)
    if act["act"] == "assign":
        act = {**act, "to": str(jonas.id)}
    async with alerts.client() as client:
        refused = await client.post(
            f"/v1/cases/{case.id}/actions", json=act, headers=alerts.key("cases:write")
        )
    assert refused.status_code == 409
    assert "This customer was erased." in refused.text
    assert await the_cases(alerts.context.database) == [case]


async def test_a_case_that_had_ended_keeps_its_cause_and_loses_what_was_written(alerts: AlertsApi) -> None:
    database = alerts.context.database
    jonas = await alerts.signed_in()
    await karen_answers(database)
    (case,) = await the_cases(database)
    closing = {"cause": "product.quality", "action": "Rang twice.", "outcome": "lost", "told": "yes"}
    await jonas.do(f"/cases/{case.id}", act="close", **closing)
    (closed,) = await the_cases(database)
    await erase(database)
    (ended,) = await the_cases(database)
    assert await left(database) == set()
    assert (ended.cause, ended.outcome, ended.told) == ("product.quality", "lost", True)
    assert (ended.closed_at, ended.action) == (closed.closed_at, None)


async def test_an_answer_that_comes_later_opens_no_case_and_keeps_nothing(database: Database) -> None:
    await note_erased(database, TENANT, ERASED)
    await karen_answers(database)
    assert await the_cases(database) == []
    assert await left(database) == set()
    assert await rows(database, "SELECT 1 FROM delivery") == []


@pytest.mark.parametrize("known", [True, False], ids=["after this service erased", "before it knows"])
async def test_an_earlier_version_that_comes_after_the_erased_one_brings_nothing_back(
    database: Database, known: bool
) -> None:
    answer = of_karen(state="sent")
    erased = msgspec.structs.replace(erase_event(answer), version=3)
    if known:
        await note_erased(database, TENANT, ERASED)
    await consume(database, erased)
    await consume(database, answer, msgspec.structs.replace(answer, version=2, comment="Nobody rang back."))
    assert await the_cases(database) == []
    assert await left(database) == set()
    await erase(database)
    assert await left(database) == set()


async def test_the_erased_version_takes_away_what_was_kept_of_earlier_ones(database: Database) -> None:
    answer = await karen_answers(database, score=8)
    assert "answer_before.comment" in await left(database)
    await consume(database, msgspec.structs.replace(erase_event(answer), version=3))
    assert await left(database) == {"invitation.body"}


async def test_a_customer_who_was_still_writing_is_not_told_of(database: Database) -> None:
    await consume(database, of_karen(state="saved"))
    await erase(database)
    later = database.clock() + timedelta(days=1)
    database.clock = lambda: later
    assert await fire_deadlines(database) == 0
    assert await rows(database, "SELECT 1 FROM delivery") == []


async def test_deadlines_go_also_when_the_erased_answer_comes_before_this_service_erases(
    database: Database,
) -> None:
    writing = of_karen(state="saved")
    await consume(database, writing)
    assert len(await rows(database, "SELECT 1 FROM clock")) == 2
    await consume(database, msgspec.structs.replace(erase_event(writing), version=2))
    await erase(database)
    assert await rows(database, "SELECT 1 FROM clock") == []
    assert await rows(database, "SELECT 1 FROM case_answer WHERE writing_until IS NOT NULL") == []


async def test_one_of_several_people_under_an_id_is_erased_alone(database: Database) -> None:
    bo = customer_hash(SECRET, TENANT, "bo@example.com")
    await karen_answers(database)
    await karen_answers(database, contact_key=bo, comment="Mine is fine, but late.")
    await erase(database, CONTACT)
    assert {(case.contact_key, case.erased) for case in await the_cases(database)} == {
        ("", True),
        (bo, False),
    }


async def test_another_company_s_customer_of_the_same_id_keeps_everything(database: Database) -> None:
    await karen_answers(database)
    before = await left(database)
    await erase_customer(SERVICE, database, "other", ERASED)
    assert await left(database) == before


async def test_an_act_that_waits_for_the_case_is_refused_after_the_erasure(alerts: AlertsApi) -> None:
    database = alerts.context.database
    jonas = await alerts.signed_in()
    await karen_answers(database)
    (case,) = await the_cases(database)
    await note_erased(database, TENANT, ERASED)
    async with database.transaction() as uow:
        await find_case(uow, TENANT, case.id, lock=True)
        erasing = asyncio.create_task(erase_waiting(SERVICE, database))
        await eventually(lambda: waits_for_a_lock(database))
        writing = asyncio.create_task(jonas.do(f"/cases/{case.id}", act="note", text="Karen rang twice."))
        await eventually(lambda: waits_for_a_lock(database))
    await asyncio.gather(erasing, writing)
    await erase_waiting(SERVICE, database)
    assert await left(database) == set()


async def test_rows_of_a_version_without_pseudonyms_are_erased_too(database: Database) -> None:
    await karen_answers(database)
    async with database.transaction() as uow:
        for table in ("answer", "invitation", "cases"):
            await uow.execute(f"UPDATE {table} SET person = NULL")
    await erase(database)
    assert await left(database) == set()


async def test_what_is_read_again_after_a_restore_brings_nobody_back(database: Database) -> None:
    answer = await karen_answers(database)
    cases = await published(database)
    await erase(database)
    reads = {each.topic.name: each.handle for each in SERVICE.restored(context_on(SERVICE, database)).reads}
    async with database.transaction() as uow:
        for table in ("timeline", "case_answer", "cases", "answer_before", "answer", "invitation"):
            await uow.execute(f"DELETE FROM {table}")
    async with database.transaction() as uow:
        await reads[CASES.name](uow, [CASES.event(TENANT, case, database.clock()) for case in cases[:1]])
    async with database.transaction() as uow:
        await reads[ANSWERS.name](uow, [ANSWERS.event(TENANT, answer, database.clock())])
    await consume(database, invitation_of(answer), answer)
    assert await left(database) == set()
    # It was published when it was opened only: nobody is left by whom it would be found and ended.
    assert [(case.state, case.erased) for case in await the_cases(database)] == [("closed", True)]
    async with database.transaction() as uow:
        await settle(uow, 10)
    last = (await published(database))[-1]
    assert (last.state, last.erased, last.closed_at is not None) == ("closed", True, True)


STEPS = ("invitation", "first", "second", "erased answer", "known", "erase", "quiet")


@given(order=st.permutations(STEPS), twice=st.sampled_from(STEPS))
@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_every_order_of_events_and_erasure_ends_without_a_word_of_the_customer(
    database: Database, order: Sequence[str], twice: str
) -> None:
    async with database.transaction() as uow:
        for table in (
            *("timeline", "case_answer", "cases", "answer_before", "answer", "invitation"),
            *("clock", "delivery", "notification", "outbox", "erased"),
        ):
            await uow.execute(f"DELETE FROM {table}")
    first = of_karen(state="sent")
    second = msgspec.structs.replace(first, version=2, score=4, comment="Nobody rang back.")
    erased = msgspec.structs.replace(erase_event(second), version=3)
    for step in (*order, twice):
        match step:
            case "invitation":
                await consume(database, invitation_of(first))
            case "first":
                await consume(database, first)
            case "second":
                await consume(database, second)
            case "erased answer":
                await consume(database, erased)
            case "known":
                await note_erased(database, TENANT, ERASED)
            case "erase":
                await erase_waiting(SERVICE, database)
            case "quiet":
                await fire_deadlines(database)
    await note_erased(database, TENANT, ERASED)
    await erase_waiting(SERVICE, database)
    assert await left(database) == set()
    assert {case.state for case in await the_cases(database)} <= {"closed"}
    assert [row.score for row in await rows(database, "SELECT score FROM answer")] == [4]


async def test_what_versions_before_stored_as_the_key_of_a_request_goes_too(alerts: AlertsApi) -> None:
    database = alerts.context.database
    await karen_answers(database)
    (case,) = await the_cases(database)
    path, key = f"/v1/cases/{case.id}/actions", alerts.key("cases:write")
    for name in ("now", "before"):
        headers = {**key, "idempotency-key": name}
        body = {"act": "note", "text": name}
        assert (await alerts.client().post(path, json=body, headers=headers)).status_code == 200
    async with database.transaction() as uow:
        (newest,) = await uow.execute("SELECT key FROM timeline ORDER BY seq DESC LIMIT 1")
        for table in ("timeline", "case_request"):
            await uow.execute(
                f"UPDATE {table} SET key = 'note-c-karen' WHERE key = :key", {"key": newest.key}
            )
    await erase(database)
    assert await left(database) == set()
    (kept,) = await rows(database, "SELECT key FROM case_request")
    assert [row.key for row in await rows(database, "SELECT key FROM timeline WHERE key IS NOT NULL")] == [
        kept.key
    ]
