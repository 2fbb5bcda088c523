"""You said, we did: who raised it is told once, by mail, and nobody else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.case_mails import REFERENCES, REPLY_HOST, a_reply, a_reply_sender
from support.dispatcher_builders import (
    CONTACT_POLICY,
    NOON,
    TENANT,
    Clock,
    a_customer,
    choose_preference,
    consume,
    list_test_addresses,
    published,
    relay_all,
    rows,
    say_no,
)
from support.dispatcher_erasing import erase
from support.http_clients import SECRET
from support.stack import Mailbox
from support.updates import (
    CLOSED_AT,
    a_raising_case,
    an_action,
    ends,
    event_of_customer,
    hear,
    person,
    plan,
    publish,
    raised,
    send_all,
)

from services.dispatcher.bounces.bounce_commands import apply_report
from services.dispatcher.bounces.failures import MailReport
from services.dispatcher.contact_policies.policy_commands import find_policy, set_policy
from services.dispatcher.preferences.domain import PreferenceChoice
from services.dispatcher.replies.handlers import take_replies
from services.dispatcher.replies.restoring import restore_case_mails, settle_restored
from services.dispatcher.retention.rules import RETENTION
from services.dispatcher.sending import sending_commands
from services.dispatcher.updates.handlers import keep_improvements
from services.dispatcher.updates.publishing import advance_updates
from shared.db.database import Database
from shared.events import CASE_MAILS, IMPROVEMENTS, REPLIES, QuietHours, RetentionRules
from shared.mail import Mailer
from shared.mail.references import MailReference
from shared.outbound import Sender
from shared.privacy.persons import NOBODY
from shared.privacy.retention import Cutoffs

pytestmark = pytest.mark.usefixtures("survey")


@pytest.fixture
async def update_sender(database: Database, mailbox: Mailbox, clock: Clock) -> AsyncIterator[Sender]:
    mailer = Mailer(mailbox.smtp_url, seconds=5)
    yield a_reply_sender(database, mailer, clock)
    await mailer.close()


async def told(database: Database, update_sender: Sender) -> dict[str, tuple[str, str | None]]:
    """What became of the mails, once all that is due has left."""
    await plan(database)
    await send_all(database, update_sender)
    return await ends(database)


async def test_who_raised_it_gets_one_mail_of_the_company_in_their_language(
    database: Database, update_sender: Sender, sender: Sender, mailbox: Mailbox
) -> None:
    case = await raised(database, "ursula")
    await sender.step()  # the mail that asks
    await relay_all(database)
    action = an_action()
    await publish(database, action)
    for _ in range(2):
        assert await told(database, update_sender) == {person("ursula"): ("sent", None)}
    found = [await mailbox.mail(each["id"]) for each in await mailbox.mails(to="ursula@example.com")]
    question, update = found[-2:]
    asked, headers = (
        {name.lower(): value for name, value in mail["headers"].items()} for mail in (question, update)
    )
    assert "Vi kører nu med en bil mere." in update["text"]
    assert "I sagde, vi gjorde" in update["text"]
    assert "I sagde, vi gjorde" in update["html"]
    assert headers["in-reply-to"] == headers["references"] == asked["message-id"]
    assert headers["list-unsubscribe"] == asked["list-unsubscribe"]
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert headers["from"].startswith("Havnbo ")
    (row,) = await rows(database, "SELECT id, case_id, improvement_id, body FROM case_mail")
    assert (row.case_id, row.improvement_id, row.body) == (case.id, action.id, None)
    assert REFERENCES.read_reply_address(headers["reply-to"], REPLY_HOST) == MailReference(row.id)
    assert REFERENCES.read_message_id(headers["message-id"]) == MailReference(row.id)


async def test_what_became_of_it_is_told_with_its_action(database: Database, update_sender: Sender) -> None:
    case, action = await raised(database, "viggo"), an_action()
    await publish(database, action)
    await advance_updates(database, SECRET, CONTACT_POLICY)
    (waits,) = await published(database, CASE_MAILS)
    assert (waits.kind, waits.state, waits.case_id, waits.improvement_id) == (
        "update",
        "waiting",
        case.id,
        action.id,
    )
    assert (waits.customer_id, waits.person, waits.text) == ("viggo", person("viggo"), None)
    await update_sender.step()
    assert [mail.state for mail in await published(database, CASE_MAILS)] == ["waiting"], "not on its topic"
    await relay_all(database)
    await update_sender.step()
    (sent,) = await published(database, CASE_MAILS)
    assert (sent.state, sent.version, sent.id, sent.improvement_id) == ("sent", 2, waits.id, action.id)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"may_contact": None},
        {"may_contact": False},
        {"cause": "delivery.damaged"},
        {"cause": None},
        {"anonymous": True},
        {"stage": "duplicate"},
        {"stage": "withdrawn"},
        {"person": NOBODY},
        {"person": None},
        {"state": "assigned", "stage": "reopened", "closed_at": None},
        {"closed_at": NOON + timedelta(seconds=1)},
        {"closed_at": datetime(2026, 6, 3, 21, 59, tzinfo=UTC)},
    ],
    ids=str,
)
async def test_b40_only_those_with_a_basis_are_told_and_each_once(
    database: Database, update_sender: Sender, changes: dict[str, Any]
) -> None:
    await raised(database, "wanda")
    await raised(database, "xenia", **changes)
    await publish(database, an_action())
    assert await told(database, update_sender) == {person("wanda"): ("sent", None)}


async def test_the_first_day_and_the_moment_of_the_publication_count(
    database: Database, update_sender: Sender
) -> None:
    await raised(database, "abel", closed_at=datetime(2026, 6, 3, 22, tzinfo=UTC))
    await raised(database, "berit", closed_at=NOON)
    await publish(database, an_action())
    assert set(await told(database, update_sender)) == {person("abel"), person("berit")}


@pytest.mark.parametrize(
    ("segment", "is_told"),
    [
        ("", True),
        ("touchpoint:checkout", True),
        ("touchpoint:returns", False),
        ("region:checkout", False),
        ("organisation:north", True),
        ("organisation:north/sales", True),
        ("organisation:north/service", False),
        ("organisation:north/sales/team", False),
    ],
)
async def test_only_customers_of_the_segment_are_told(
    database: Database, update_sender: Sender, segment: str, is_told: bool
) -> None:
    await raised(database, "carla")
    await publish(database, an_action(segment=segment))
    assert bool(await told(database, update_sender)) is is_told


async def test_a_case_without_an_organisation_is_of_the_company(
    database: Database, update_sender: Sender
) -> None:
    await raised(database, "dora", organisation=(), segments={})
    await publish(database, an_action(), an_action(segment="organisation:north"))
    assert await told(database, update_sender) == {person("dora"): ("sent", None)}
    assert len(await rows(database, "SELECT 1 FROM case_mail")) == 1


async def test_two_cases_of_one_person_are_told_once_and_on_the_last_one(
    database: Database, update_sender: Sender
) -> None:
    first = await raised(database, "emil")
    event = await event_of_customer(database, "emil")
    last = a_raising_case(event, "emil", closed_at=CLOSED_AT + DAY)
    await hear(database, last)
    await publish(database, an_action())
    await told(database, update_sender)
    assert [row.case_id for row in await rows(database, "SELECT case_id FROM case_mail")] == [last.id]
    assert first.id != last.id


async def test_a_later_no_of_the_person_is_a_no_in_every_case(
    database: Database, update_sender: Sender
) -> None:
    await raised(database, "frida")
    event = await event_of_customer(database, "frida")
    no = a_raising_case(event, "frida", cause="other", may_contact=False, opened_at=CLOSED_AT)
    await hear(database, no)
    await publish(database, an_action())
    assert await told(database, update_sender) == {}
    await hear(database, replace(no, version=3, may_contact=True))
    assert await told(database, update_sender) == {person("frida"): ("sent", None)}


async def test_a_no_after_it_was_planned_holds(database: Database, update_sender: Sender) -> None:
    cases = {name: await raised(database, name) for name in ("gerd", "hugo", "iben", "jan", "kaj", "lis")}
    await publish(database, an_action())
    await plan(database)
    await say_no(database, a_customer("gerd"))
    await choose_preference(database, a_customer("hugo"), PreferenceChoice("pause", 3))
    await choose_preference(database, a_customer("iben"), PreferenceChoice("channel", channel="mail"))
    await hear(database, replace(cases["jan"], version=3, may_contact=False))
    await hear(database, replace(cases["kaj"], version=3, may_contact=None))
    again = {"state": "assigned", "stage": "reopened", "closed_at": None}
    await hear(database, replace(cases["lis"], version=3, **again))
    await send_all(database, update_sender)
    assert await ends(database) == {
        person("gerd"): ("refused", "opted_out"),
        person("hugo"): ("refused", "paused_by_customer"),
        person("iben"): ("refused", "opted_out"),
        person("jan"): ("refused", "no_contact_wanted"),
        person("kaj"): ("refused", "no_basis"),
        person("lis"): ("refused", "case_changed"),
    }


async def test_a_no_before_it_was_planned_holds_and_is_counted(
    database: Database, update_sender: Sender
) -> None:
    for name in ("mia", "nis"):
        await raised(database, name)
    await say_no(database, a_customer("mia"))
    await choose_preference(database, a_customer("nis"), PreferenceChoice("fewer", 6))
    await publish(database, an_action())
    assert await told(database, update_sender) == {
        person("mia"): ("refused", "opted_out"),
        person("nis"): ("sent", None),
    }


async def test_in_test_mode_only_test_addresses_are_told(database: Database, update_sender: Sender) -> None:
    for name in ("ole", "pia"):
        await raised(database, name)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "test")
    await list_test_addresses(database, "pia@example.com")
    await publish(database, an_action())
    assert await told(database, update_sender) == {
        person("ole"): ("refused", "test_mode"),
        person("pia"): ("sent", None),
    }


@pytest.mark.parametrize("changes", [{"texts": {}, "published_at": None}, {"status": "doing", "texts": {}}])
async def test_what_is_taken_back_before_it_left_is_told_to_nobody_until_it_is_published_again(
    database: Database, update_sender: Sender, clock: Clock, changes: dict[str, Any]
) -> None:
    await raised(database, "rosa")
    action = an_action()
    await publish(database, action)
    await plan(database)
    await publish(database, replace(action, version=6, **changes))
    await send_all(database, update_sender)
    assert await ends(database) == {person("rosa"): ("waiting", None)}
    texts = {"da": "Nu er der to biler mere."}
    await publish(database, replace(action, version=7, texts=texts, published_at=clock.now))
    clock.on(hours=1)
    assert await told(database, update_sender) == {person("rosa"): ("sent", None)}
    await publish(database, replace(action, version=8, texts={}, published_at=None))
    await publish(database, replace(action, version=9, published_at=clock.now))
    assert await told(database, update_sender) == {person("rosa"): ("sent", None)}
    clock.on(days=20)
    await told(database, update_sender)
    assert len(await rows(database, "SELECT 1 FROM delivery WHERE kind = 'update'")) == 1


async def test_what_stays_taken_back_is_given_up(
    database: Database, update_sender: Sender, clock: Clock
) -> None:
    await raised(database, "sara")
    action = an_action()
    await publish(database, action)
    await plan(database)
    await publish(database, replace(action, version=6, texts={}, published_at=None))
    clock.on(days=31)
    assert await told(database, update_sender) == {person("sara"): ("refused", "too_old")}


async def test_an_old_version_read_again_changes_nothing(database: Database, update_sender: Sender) -> None:
    await raised(database, "tove")
    action = an_action()
    await publish(database, replace(action, version=6, texts={}, published_at=None))
    await publish(database, action)
    assert await told(database, update_sender) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"cause": None, "theme": "Vans"},
        {"texts": {}, "published_at": None},
        {"status": "dropped"},
        {"published_at": NOON - timedelta(days=31)},
    ],
)
async def test_of_some_actions_nobody_is_told(
    database: Database, update_sender: Sender, changes: dict[str, Any]
) -> None:
    await raised(database, "ulf")
    await publish(database, an_action(**changes))
    assert await told(database, update_sender) == {}


async def test_of_two_actions_within_fourteen_days_the_later_one_waits(
    database: Database, update_sender: Sender, clock: Clock
) -> None:
    await raised(database, "vera")
    await publish(database, an_action(), an_action())
    await told(database, update_sender)

    async def states() -> list[str]:
        return sorted(row.state for row in await rows(database, "SELECT state FROM case_mail"))

    assert await states() == ["sent", "waiting"]
    clock.on(days=13, hours=23)
    await told(database, update_sender)
    assert await states() == ["sent", "waiting"]
    clock.on(hours=2)
    await told(database, update_sender)
    assert await states() == ["sent", "sent"]


async def test_a_mail_leaves_at_an_hour_that_the_company_allows(
    database: Database, update_sender: Sender, clock: Clock
) -> None:
    async with database.transaction() as uow:
        rules = (await find_policy(uow, TENANT)).rules
        quiet = {"mail": QuietHours(start="12:00", end="18:00")}
        await set_policy(uow, TENANT, an_actor("the test"), replace(rules, quiet_hours=quiet))
    await raised(database, "willy")
    await publish(database, an_action())
    assert await told(database, update_sender) == {person("willy"): ("waiting", None)}
    clock.on(hours=5)  # 18:00 in Copenhagen
    assert await told(database, update_sender) == {person("willy"): ("sent", None)}


async def test_two_workers_plan_and_send_it_once(database: Database, mailbox: Mailbox, clock: Clock) -> None:
    for n in range(5):
        await raised(database, f"xaver-{n}")
    await publish(database, an_action(), an_action())
    await asyncio.gather(*(advance_updates(database, SECRET, CONTACT_POLICY) for _ in range(2)))
    waiting = [mail.id for mail in await published(database, CASE_MAILS)]
    assert len(waiting) == len(set(waiting)) == 10
    await relay_all(database)
    mailers = [Mailer(mailbox.smtp_url, seconds=5) for _ in range(2)]

    async def work(mailer: Mailer) -> None:
        sender = a_reply_sender(database, mailer, clock)
        for _ in range(12):
            await sender.step()
        await mailer.close()

    await asyncio.gather(*map(work, mailers))
    found = await rows(
        database, "SELECT person, array_agg(state ORDER BY state) AS states FROM case_mail GROUP BY person"
    )
    assert [row.states for row in found] == [["sent", "waiting"]] * 5


async def test_what_a_colleague_wrote_leaves_first(
    database: Database, update_sender: Sender, clock: Clock
) -> None:
    for name in ("yrsa", "zita"):
        await raised(database, name)
    await publish(database, an_action())
    await plan(database)
    clock.on(minutes=1)
    (row,) = await rows(database, "SELECT id FROM invitation WHERE customer_id = 'yrsa'")
    await consume(database, lambda uow, events: take_replies(SECRET, uow, events), REPLIES, a_reply(row.id))
    await relay_all(database)
    for _ in range(3):
        await update_sender.step()
    kinds = [mail.kind for mail in await published(database, CASE_MAILS) if mail.state == "sent"]
    assert kinds == ["reply", "update", "update"]


async def test_a_mail_that_comes_back_is_told_so(database: Database, update_sender: Sender) -> None:
    await raised(database, "anker")
    await publish(database, an_action())
    await told(database, update_sender)
    (row,) = await rows(database, "SELECT id FROM case_mail")
    async with database.transaction() as uow:
        report = MailReport(MailReference(row.id), "hard", "5.1.1")
        assert await apply_report(uow, SECRET, report, "smtp") == "stored"
    (mail,) = await published(database, CASE_MAILS)
    assert (mail.state, mail.kind, mail.improvement_id is not None) == ("bounced", "update", True)


async def test_of_an_erased_customer_it_stays_known_only_what_became_of_the_mail(
    database: Database, update_sender: Sender
) -> None:
    for name in ("bodil", "claus"):
        await raised(database, name)
    action = an_action()
    await publish(database, action)
    await plan(database)
    await erase(database, customer_id="bodil")
    (left,) = await published(database, CASE_MAILS)
    assert (left.state, left.erased, left.person, left.customer_id, left.contact_key) == (
        "refused",
        True,
        NOBODY,
        None,
        None,
    )
    assert (left.version, left.improvement_id) == (2, action.id)
    await relay_all(database)
    assert await told(database, update_sender) == {
        NOBODY: ("refused", "erased"),
        person("claus"): ("sent", None),
    }


async def test_a_restored_dispatcher_tells_nobody_twice(
    database: Database, update_sender: Sender, clock: Clock
) -> None:
    """By what the topic holds: one was sent since the backup, one waited, one was not planned yet."""
    for name in ("dagny", "edith", "fie"):
        await raised(database, name)
    await publish(database, an_action())
    await advance_updates(database, SECRET, CONTACT_POLICY)
    sent, waited, _ = sorted(await published(database, CASE_MAILS), key=lambda mail: mail.customer_id)
    await relay_all(database)
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM delivery WHERE kind = 'update'")
        await uow.execute("DELETE FROM case_mail")
    on_topic = [replace(sent, version=2, state="sent"), waited]
    await consume(database, restore_case_mails, CASE_MAILS, *on_topic)
    async with database.transaction() as uow:
        assert await settle_restored(uow, 100) == 1
    clock.on(minutes=1)
    ended = await told(database, update_sender)
    assert {name: ended[person(name)][0] for name in ("dagny", "edith", "fie")} == {
        "dagny": "sent",
        "edith": "unknown",
        "fie": "sent",
    }
    assert len(await rows(database, "SELECT 1 FROM delivery WHERE kind = 'update'")) == 1


async def test_that_somebody_was_told_is_known_for_ever_without_them(
    database: Database, update_sender: Sender, clock: Clock
) -> None:
    await raised(database, "gry")
    action = an_action()
    await publish(database, action)
    await told(database, update_sender)
    clock.on(days=200)
    async with database.transaction() as uow:
        for rule in RETENTION:
            if rule.table.name == "case_mail":
                await rule.apply(uow, Cutoffs(TENANT, clock.now, RetentionRules(contacts=90)), 100)
    assert [row.person for row in await rows(database, "SELECT person FROM case_mail")] == [NOBODY]
    await publish(database, replace(action, version=9, published_at=clock.now))
    await told(database, update_sender)
    assert len(await rows(database, "SELECT 1 FROM case_mail")) == 1


async def test_no_company_tells_the_customers_of_another(database: Database, update_sender: Sender) -> None:
    await raised(database, "hedda")
    await consume(database, keep_improvements, IMPROVEMENTS, an_action(), tenant="other")
    assert await told(database, update_sender) == {}
