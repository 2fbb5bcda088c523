"""No handler of any service gets what is personal of an erased customer: held for every subscription."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.http_clients import context_on
from support.personal_events import PERSONAL_TOPICS, event_about
from support.privacy_service import NoteService

from services import SERVICES
from services.command import service
from services.dispatcher.decisions.handlers import decide_transactions
from shared.db.database import UnitOfWork
from shared.events import CUSTOMERS, TENANTS, TRANSACTIONS, Event, Topic
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Recovery
from shared.privacy.erased import CONFIRMING_SERVICES, keep_erased
from shared.privacy.subjects import erase_event

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STORING = [name for name in SERVICES if service(name).personal_data is not None]
"""The services that store something of customers."""
CONSUMED = [
    (name, topic)
    for name in SERVICES
    for topic in service(name).consumes
    if topic in PERSONAL_TOPICS and topic is not TRANSACTIONS
]


class Recorder:
    """A handler that keeps what it gets."""

    def __init__(self) -> None:
        self.events: list[Event[Any]] = []

    async def __call__(self, _: UnitOfWork, events: Sequence[Event[Any]]) -> None:
        self.events += events


async def handled(notes: NoteService, subscription: Subscription[Any], *events: Event[Any]) -> None:
    async with notes.database.transaction() as uow:
        await subscription.handle(uow, list(events))


def test_the_services_that_store_something_of_customers_are_those_that_confirm() -> None:
    assert set(STORING) == set(CONFIRMING_SERVICES)
    for name in SERVICES:
        stores = any("person" in table.columns for table in service(name).metadata.tables.values())
        assert stores == (name in STORING)


@pytest.mark.parametrize("name", STORING)
def test_every_table_with_a_person_is_declared_and_the_service_knows_who_is_erased(name: str) -> None:
    one = service(name)
    assert one.personal_data is not None
    declared = {each.table.name for each in one.personal_data.tables}
    with_person = {table.name for table in one.metadata.tables.values() if "person" in table.columns}
    # Those of a later version: each of their rows came with the pseudonym.
    born_with_it = {"counter_event", "customer_profile", "contact_preference", "case_mail"}
    assert with_person - declared <= {"erased", "erasure", "known_customer", "export_link"} | born_with_it
    assert declared <= with_person
    assert "erased" in one.metadata.tables
    assert CUSTOMERS in one.consumes or CUSTOMERS in one.owns


@pytest.mark.parametrize("name", SERVICES)
async def test_the_declared_topics_are_those_of_the_handlers(notes: NoteService, name: str) -> None:
    context = context_on(service(name), notes.database)
    assert [each.topic for each in service(name).consumed(context)] == [
        each.topic for each in service(name).subscriptions(context)
    ]
    assert {each.topic.name for each in service(name).consumed(context)} == set(service(name).consumed_topics)


@pytest.mark.parametrize(("name", "topic"), CONSUMED, ids=lambda each: getattr(each, "name", each))
async def test_events_of_erased_customers_come_without_what_is_personal(
    notes: NoteService, name: str, topic: Topic[Any]
) -> None:
    recorder = Recorder()
    one = replace(service(name), subscriptions=lambda _: [Subscription(topic, recorder, prompt=True)])
    (subscription,) = one.consumed(context_on(one, notes.database))
    assert subscription.prompt
    mine, theirs = event_about(topic, "c-1"), event_about(topic, "c-2")
    elsewhere = event_about(topic, "c-1", tenant="zenith")
    unnamed = event_about(topic, "c-1", person=None)
    await handled(notes, subscription, mine, theirs)
    assert recorder.events == [mine, theirs]
    recorder.events.clear()
    await notes.note_erased("c-1")
    await handled(notes, subscription, mine, theirs, elsewhere, unnamed)
    gone, kept, other, gone_too = recorder.events
    assert (kept, other) == (theirs, elsewhere)
    for before, after in ((mine, gone), (unnamed, gone_too)):
        assert after.data == erase_event(before.data) != before.data
        assert (after.id, after.time, after.tenant) == (before.id, before.time, before.tenant)


@pytest.mark.parametrize("name", STORING)
async def test_what_is_read_again_after_a_restore_is_stripped_too(notes: NoteService, name: str) -> None:
    recorder = Recorder()
    topics = [topic for topic in PERSONAL_TOPICS if topic is not TRANSACTIONS]
    reads = [Subscription(topic, recorder) for topic in topics]
    one = replace(service(name), recovery=lambda _: Recovery(reads=reads))
    first, companies, *others = one.restored(context_on(one, notes.database)).reads
    assert companies.topic is TENANTS
    assert (first.topic, first.handle) == (CUSTOMERS, keep_erased)
    await notes.note_erased("c-1")
    for subscription in others:
        await handled(notes, subscription, event_about(subscription.topic, "c-1"))
    assert [event.data for event in recorder.events] == [
        erase_event(event_about(topic, "c-1").data) for topic in topics
    ]


@pytest.mark.parametrize("name", STORING)
async def test_every_service_learns_first_who_was_erased_when_it_is_restored(
    notes: NoteService, name: str
) -> None:
    reads = service(name).restored(context_on(service(name), notes.database)).reads
    assert reads[0].topic is CUSTOMERS


async def test_the_one_handler_that_gets_everything_looks_for_erased_customers_itself(
    notes: NoteService,
) -> None:
    found = {
        (name, getattr(getattr(subscription.handle, "__wrapped__", None), "func", None))
        for name in SERVICES
        for subscription in service(name).consumed(context_on(service(name), notes.database))
        if subscription.topic is TRANSACTIONS
    }
    # tests/integration/dispatcher/test_erasing.py holds what it does with them.
    assert found == {("dispatcher", decide_transactions)}


async def test_events_of_nobody_and_erased_ones_lock_nothing(notes: NoteService) -> None:
    recorder = Recorder()
    (name, topic), *_ = CONSUMED
    one = replace(service(name), subscriptions=lambda _: [Subscription(topic, recorder)])
    (subscription,) = one.consumed(context_on(one, notes.database))
    mine = event_about(topic, "c-1")
    erased = topic.event("acme", erase_event(mine.data), NOW)
    await notes.note_erased("c-1")
    await handled(notes, subscription, erased)
    assert recorder.events == [erased]
    assert (await notes.rows("SELECT count(*) AS n FROM erased"))[0].n == 1
