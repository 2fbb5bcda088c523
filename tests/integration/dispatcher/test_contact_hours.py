"""A company's rules about contacts, at the decision and again when a mail is due: hours, and the cap."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.contact_rules import AT_ANY_TIME
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_sender,
    a_transaction,
    consume,
    decide,
    go_live,
    invitations,
    invite_customer,
    keep_tenant,
    list_test_addresses,
    make_survey,
    published,
    reasons,
    relay_all,
    rows,
    states,
    the_state,
)
from support.dispatcher_erasing import execute
from support.dispatcher_reminders import some_reminders
from support.stack import Mailbox

from services.dispatcher.contact_policies.policy_commands import find_policy, set_policy
from services.dispatcher.decisions.explanation import Explanation, decode_explanation
from services.dispatcher.recovery import policies_page, restore_policies
from services.dispatcher.story.handlers import keep_answers
from shared.db.database import Database
from shared.events import ANSWERS, CONTACT_POLICIES, Answer, ContactRules, QuietHours, TenantContactPolicy
from shared.events.transactions import LINK
from shared.ids import uuid7
from shared.mail import Mailer
from shared.outbound import Sender

EVENING = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
"""21:30 in Copenhagen, where the company is."""
MORNING = datetime(2026, 11, 21, 6, tzinfo=UTC)
NIGHTS = ContactRules(cap_hours=0)
CAP = ContactRules(quiet_hours={}, cap_hours=24)


async def set_rules(database: Database, rules: ContactRules) -> None:
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor(), rules)


@pytest.fixture
async def live(database: Database, clock: Clock) -> Database:
    """A company that asks at once, as often as it likes, on an evening."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, quarantine_days=0, max_age_days=7)
    await go_live(database)
    clock.now = EVENING
    return database


async def an_invited(database: Database, name: str = "late", **changes: Any) -> str:
    """The address of a customer about whose event, of just now, it was decided."""
    customer = a_customer(name, **changes)
    await decide(database, a_transaction(f"order-{uuid7()}", customer, occurred_at=database.clock()))
    await relay_all(database)
    return customer.email or ""


async def the_explanation(database: Database) -> Explanation:
    ((grounds,),) = await rows(database, "SELECT grounds FROM decision")
    return decode_explanation(grounds)


async def due_times(database: Database) -> Sequence[datetime]:
    """When deliveries are due; invitations and deliveries say the same."""
    found = await rows(
        database,
        "SELECT i.next_at, d.due_at FROM invitation i JOIN delivery d ON d.about_id = i.id ORDER BY d.due_at",
    )
    assert [row.next_at for row in found] == [row.due_at for row in found]
    return [row.due_at for row in found]


async def step(database: Database, sender: Sender) -> None:
    """Let the sender take one delivery, and the relay what it published."""
    await sender.step()
    await relay_all(database)


async def test_an_event_at_night_is_asked_about_in_the_morning(
    live: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    await set_rules(live, NIGHTS)
    address = await an_invited(live)
    assert await due_times(live) == [MORNING]
    why = await the_explanation(live)
    assert (why.wanted_at, why.due_at, why.held_by) == (EVENING, MORNING, ("quiet_hours",))
    assert (why.zone, why.company_policy_version) == ("Europe/Copenhagen", 2)
    await step(live, sender)
    assert await mailbox.mails(to=address) == []
    clock.now = MORNING
    await step(live, sender)
    assert len(await mailbox.mails(to=address)) == 1
    assert await the_state(live) == ("sent", None)


async def test_the_customers_own_zone_counts_before_the_companys(live: Database) -> None:
    await set_rules(live, NIGHTS)
    await an_invited(live, "in-new-york", time_zone="America/New_York")
    await an_invited(live, "in-tokyo", country="JP")
    # 15:30 in New York, and 05:30 in Tokyo.
    assert await due_times(live) == [EVENING, EVENING + timedelta(hours=1, minutes=30)]


async def test_rules_that_were_changed_while_a_mail_waited_postpone_it_when_it_is_due(
    live: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    address = await an_invited(live, "rules-changed")
    await set_rules(live, NIGHTS)
    await sender.step()
    assert await the_state(live) == ("waiting", "quiet_hours")
    assert await due_times(live) == [MORNING]
    *_, told = await invitations(live)
    assert (told.state, told.reason, told.due_at) == ("waiting", "quiet_hours", MORNING)
    ((asked_at,),) = await rows(live, "SELECT DISTINCT invited_at FROM customer WHERE invited_at IS NOT NULL")
    assert asked_at == MORNING
    assert [row.asked_at for row in await rows(live, "SELECT DISTINCT asked_at FROM asked")] == [MORNING]
    await relay_all(live)
    clock.now = MORNING - timedelta(seconds=1)
    await step(live, sender)
    assert await mailbox.mails(to=address) == []
    clock.now = MORNING
    await step(live, sender)
    assert len(await mailbox.mails(to=address)) == 1
    assert await the_state(live) == ("sent", None)
    assert [row.attempts for row in await rows(live, "SELECT attempts FROM delivery")] == [1]


async def test_a_mail_that_the_server_refused_until_the_night_waits_for_the_morning(
    live: Database, sender: Sender, clock: Clock
) -> None:
    clock.now = EVENING - timedelta(hours=1)
    await set_rules(live, NIGHTS)
    await an_invited(live, "defer-451-x")
    await step(live, sender)
    assert (await the_state(live))[0] == "waiting"
    clock.now = EVENING
    await step(live, sender)
    assert await the_state(live) == ("waiting", "quiet_hours")
    assert await due_times(live) == [MORNING]


async def test_what_would_be_too_old_by_the_morning_is_dropped_and_forbids_nothing(
    live: Database, sender: Sender, clock: Clock
) -> None:
    customer = a_customer("late")
    occurred_at = EVENING - timedelta(days=6, hours=23)
    await decide(live, a_transaction("order-late", customer, occurred_at=occurred_at))
    await relay_all(live)
    await set_rules(live, NIGHTS)
    await step(live, sender)
    assert await the_state(live) == ("dropped", "quiet_dropped")
    assert await rows(live, "SELECT 1 FROM customer WHERE invited_at IS NOT NULL") == []


async def test_what_waited_as_long_as_its_link_was_to_live_leaves_in_the_morning_with_a_link_as_long(
    live: Database, sender: Sender, clock: Clock
) -> None:
    await execute(live, "UPDATE survey SET max_age_days = 365")
    await an_invited(live)
    await set_rules(live, NIGHTS)
    clock.now = EVENING + timedelta(days=29, hours=23, minutes=55)
    await step(live, sender)
    assert await the_state(live) == ("waiting", "quiet_hours")
    clock.now = MORNING + timedelta(days=30)
    await step(live, sender)
    assert await the_state(live) == ("sent", None)
    (row,) = await rows(live, "SELECT expires_at FROM invitation")
    assert row.expires_at == clock.now + timedelta(days=30)


async def test_a_test_address_waits_for_nothing(live: Database, sender: Sender, mailbox: Mailbox) -> None:
    await set_rules(live, ContactRules(sundays=False, holidays=False))
    await list_test_addresses(live, "night-tester@example.com")
    for _ in range(2):
        await an_invited(live, "night-tester")
        await step(live, sender)
    assert len(await mailbox.mails(to="night-tester@example.com")) == 2


async def test_b12_a_contact_gets_one_mail_within_the_cap_over_all_surveys_and_customer_ids(
    live: Database, clock: Clock
) -> None:
    await make_survey(live, name="Calls", trigger="call.ended", delay_minutes=0, quarantine_days=0)
    await set_rules(live, CAP)
    same = {"email": "same@example.com"}
    first = a_transaction("first", a_customer("one", **same), occurred_at=EVENING)
    together = a_transaction(
        "together", a_customer("two", **same), type="call.ended", occurred_at=EVENING + timedelta(seconds=1)
    )
    await decide(live, first, together)
    clock.on(hours=23, minutes=59)
    await decide(live, a_transaction("too-soon", a_customer("three", **same), occurred_at=clock.now))
    clock.on(minutes=1)
    await decide(live, a_transaction("in-time", a_customer("three", **same), occurred_at=clock.now))
    assert await reasons(live) == {
        "first": "invited",
        "together": "cap",
        "too-soon": "cap",
        "in-time": "invited",
    }


async def test_b12_who_was_asked_elsewhere_counts_for_the_cap(
    live: Database, sender: Sender, clock: Clock
) -> None:
    await set_rules(live, CAP)
    await an_invited(live, "moved-in")
    imported = Answer(
        id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id="moved-in",
        invited_at=EVENING - timedelta(hours=4), changed_at=EVENING,
    )  # fmt: skip
    await consume(live, keep_answers, ANSWERS, imported)
    await step(live, sender)
    assert await the_state(live) == ("waiting", "cap")
    assert await due_times(live) == [EVENING + timedelta(hours=20)]
    clock.on(hours=21)
    await decide(live, a_transaction("another", a_customer("moved-in"), occurred_at=clock.now))
    assert (await reasons(live))["another"] == "cap"


@pytest.mark.parametrize("shared", [False, True])
async def test_b12_the_cap_holds_for_a_person_under_every_address_unless_ids_are_shared(
    live: Database, sender: Sender, mailbox: Mailbox, clock: Clock, shared: bool
) -> None:
    """At the decision, and at sending for what was decided under another rule."""
    at_work = {"email": "kim@work.example"}
    await an_invited(live, "kim")
    await an_invited(live, "kim", **at_work)
    await set_rules(live, replace(CAP, ids_are_shared=shared))
    for _ in range(2):
        await step(live, sender)
    found = sorted((await states(live)).values())
    assert found == ([("sent", None)] * 2 if shared else [("sent", None), ("waiting", "cap")])
    clock.on(hours=1)
    other = a_customer("kim", email="kim@new.example")
    await decide(live, a_transaction("another", other, occurred_at=clock.now))
    assert (await reasons(live))["another"] == ("invited" if shared else "cap")


@pytest.mark.parametrize("channel", [None, LINK])
async def test_b12_a_mail_that_is_put_off_by_the_server_leaves_the_turn_to_what_left_before_it(
    live: Database, sender: Sender, clock: Clock, channel: str | None
) -> None:
    calls: dict[str, Any] = {"trigger": "call.ended", "delay_minutes": 0, "quarantine_days": 0}
    await make_survey(live, name="Calls", channels=("mail", "link"), **calls)
    await set_rules(live, CAP)
    first = a_transaction("first", a_customer("kim-turn"), type="call.ended", occurred_at=clock.now)
    await decide(live, replace(first, channel=channel))
    await relay_all(live)
    await step(live, sender)
    left_at = clock.now
    clock.on(hours=25)
    away = a_customer("kim-turn", email=f"defer-451-turn-{channel}@example.com")
    await decide(live, a_transaction("put-off", away, type="call.ended", occurred_at=clock.now))
    await relay_all(live)
    await step(live, sender)
    turns = await rows(live, "SELECT DISTINCT last_mail_at FROM customer WHERE id = 'kim-turn'")
    assert [tuple(each) for each in turns] == [(left_at,)]
    await set_rules(live, replace(CAP, cap_hours=48))
    clock.on(minutes=30)
    await step(live, sender)
    waiting = await rows(live, "SELECT reason, next_at FROM invitation WHERE state = 'waiting'")
    assert [tuple(each) for each in waiting] == [("cap", left_at + timedelta(hours=48))]


async def test_b12_a_mail_that_waits_for_the_cap_of_the_person_takes_nothing_of_its_address(
    live: Database, sender: Sender, clock: Clock
) -> None:
    """The turn is taken under the address and the id together, or not at all."""
    for name, changes in (
        ("kim", {}),
        ("kim", {"email": "both@example.com"}),
        ("bo", {"email": "both@example.com"}),
    ):
        await an_invited(live, name, **changes)
        clock.on(seconds=1)
    await set_rules(live, CAP)
    for _ in range(3):
        await step(live, sender)
    found = await rows(live, "SELECT customer_id, state FROM invitation ORDER BY next_at, customer_id DESC")
    assert [tuple(row) for row in found] == [("kim", "sent"), ("bo", "sent"), ("kim", "waiting")]


@pytest.mark.parametrize(
    ("first", "second"), [({}, {}), ({"email": "k@work.example"}, {"email": "k@home.example"})]
)
async def test_b12_of_two_mails_to_one_contact_that_are_due_at_once_one_leaves(
    live: Database, mailbox: Mailbox, clock: Clock, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """They were decided under other rules; two senders claim them at the same moment."""
    addresses = [await an_invited(live, "twice", **each) for each in (first, second)]
    await set_rules(live, CAP)
    mailers = [Mailer(mailbox.smtp_url, seconds=5) for _ in range(2)]
    await asyncio.gather(*(a_sender(live, mailer, clock).step() for mailer in mailers))
    await relay_all(live)
    assert sorted((await states(live)).values()) == [("sent", None), ("waiting", "cap")]
    assert (await due_times(live))[-1] == EVENING + timedelta(days=1)

    async def arrived() -> int:
        return sum([len(await mailbox.mails(to=address)) for address in set(addresses)])

    assert await arrived() == 1
    clock.on(days=1)
    await step(live, a_sender(live, mailers[0], clock))
    assert await arrived() == 2
    for mailer in mailers:
        await mailer.close()


async def test_b12_a_mail_that_was_refused_keeps_no_other_one_from_leaving(
    live: Database, sender: Sender, mailbox: Mailbox
) -> None:
    address = await an_invited(live, "defer-451-first")
    await step(live, sender)
    assert (await the_state(live))[0] == "waiting"
    assert await mailbox.mails(to=address) == []
    ((last_mail,),) = await rows(live, "SELECT last_mail FROM customer WHERE id <> 'defer-451-first'")
    assert last_mail is None


async def test_a_company_that_has_set_nothing_has_the_defaults_and_a_change_is_published(
    live: Database,
) -> None:
    async with live.reading() as uow:
        assert (await find_policy(uow, "another")).rules == ContactRules()
        assert (await find_policy(uow, TENANT)).rules == AT_ANY_TIME
    await set_rules(live, NIGHTS)
    await set_rules(live, NIGHTS)  # the same again is nothing new
    assert [event.version for event in await published(live, CONTACT_POLICIES)] == [1, 2]


async def test_a_restored_dispatcher_gets_the_rules_back_and_keeps_what_was_set_since(
    live: Database,
) -> None:
    later = NOON + timedelta(days=30)
    told = TenantContactPolicy(version=7, changed_at=later, sundays=False)
    own = TenantContactPolicy(
        version=3, changed_at=NOON, quiet_hours={"mail": QuietHours(start="20:00", end="08:00")}
    )
    async with live.transaction() as uow:
        events = [CONTACT_POLICIES.event(TENANT, told, NOON), CONTACT_POLICIES.event("fresh", own, NOON)]
        await restore_policies(uow, events)
    async with live.reading() as uow:
        restored, fresh = await find_policy(uow, TENANT), await find_policy(uow, "fresh")
    assert (restored.version, restored.rules.sundays, restored.rules.cap_hours) == (7, False, 24)
    assert (fresh.version, fresh.rules.quiet_hours["mail"].start) == (3, "20:00")
    # What was changed here after the event was published stands, under a version that nobody has.
    async with live.transaction() as uow:
        await uow.execute("UPDATE contact_policy SET version = 7, changed_at = :at", {"at": later})
        earlier = TenantContactPolicy(version=9, changed_at=NOON, sundays=True)
        await restore_policies(uow, [CONTACT_POLICIES.event(TENANT, earlier, NOON)])
    async with live.transaction() as uow:
        kept = await find_policy(uow, TENANT)
        page, following = await policies_page(uow, None, 10)
    assert (kept.version, kept.rules.sundays) == (10, False)
    assert ([tenant for tenant, _ in page], following) == (["fresh", TENANT], None)


async def test_a_mail_by_day_is_not_touched(live: Database, sender: Sender, clock: Clock) -> None:
    clock.now = NOON
    await set_rules(live, ContactRules())
    await invite_customer(live, "by-day")
    await step(live, sender)
    assert await the_state(live) == ("sent", None)


async def send_all(database: Database, sender: Sender) -> None:
    """What is due has left, and its outcome is recorded and published."""
    while await sender.step() == 0:
        pass
    await relay_all(database)


REMINDER = "SELECT state, reason, due_at FROM delivery WHERE kind = 'reminder' ORDER BY due_at LIMIT 1"


@pytest.fixture
async def reminding(database: Database, clock: Clock, sender: Sender) -> str:
    """The address of a customer who was asked at noon, and is reminded after three days."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, quarantine_days=0, reminders=some_reminders(3))
    await go_live(database)
    clock.now = NOON
    address = await an_invited(database, f"reminded-{uuid7()}")
    await send_all(database, sender)
    return address


async def test_b12_a_reminder_waits_for_the_morning_and_leaves_then(
    reminding: str, database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    await set_rules(database, NIGHTS)
    clock.now = EVENING + timedelta(days=3)
    await send_all(database, sender)
    ((state, reason, due_at),) = await rows(database, REMINDER)
    assert (state, reason, due_at) == ("waiting", "quiet_hours", MORNING + timedelta(days=3))
    assert await the_state(database) == ("sent", None)
    clock.now = due_at
    await send_all(database, sender)
    assert [row.state for row in await rows(database, REMINDER)] == ["sent"]
    assert len(await mailbox.mails(to=reminding)) == 2


async def test_b12_the_cap_holds_a_reminder_back_after_another_mail_to_the_contact(
    reminding: str, database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    await set_rules(database, CAP)
    clock.now = NOON + timedelta(days=2, hours=12)
    other = a_customer("other-id", email=reminding)
    await decide(database, a_transaction(f"order-{uuid7()}", other, occurred_at=clock.now))
    await relay_all(database)
    await send_all(database, sender)
    assert len(await mailbox.mails(to=reminding)) == 2
    clock.now = NOON + timedelta(days=3)
    await send_all(database, sender)
    reminder = (await rows(database, REMINDER))[0]
    assert (reminder.state, reminder.reason) == ("waiting", "cap")
    assert reminder.due_at == NOON + timedelta(days=3, hours=12)


async def test_a_reminder_that_would_leave_when_the_link_is_about_to_end_is_dropped(
    reminding: str, database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    assert reminding
    afternoons = {"mail": QuietHours(start="12:00", end="20:00")}
    await set_rules(database, ContactRules(quiet_hours=afternoons, cap_hours=0))
    clock.now = NOON + timedelta(days=29, minutes=-30)
    await send_all(database, sender)
    ((state, reason, _),) = await rows(database, REMINDER)
    assert (state, reason) == ("dropped", "expired")
    assert len(await mailbox.mails(to=reminding)) == 1
