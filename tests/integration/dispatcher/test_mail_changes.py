"""What postpones or ends a mail after its decision is kept with its values, and judges the mail that is sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
    say_no,
    states,
)
from support.dispatcher_erasing import erase
from support.dispatcher_reminders import some_reminders

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.invitations.changes import MailChange, are_all_kept, list_changes, note_change
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.repository.changes import MAX_CHANGES
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey, find_survey
from shared.db.database import Database
from shared.events import ContactRules, CountryRule, QuietHours, SurveyTexts
from shared.ids import derived
from shared.outbound import Sender

MORNING = datetime(2026, 11, 21, 6, tzinfo=UTC)
"""07:00 in Copenhagen, where the company is."""
AT_ANY_TIME = ContactRules(quiet_hours={}, cap_hours=0)
NIGHTS = ContactRules(quiet_hours={"mail": QuietHours(start="21:00", end="07:00")}, cap_hours=0)
PROMOTING = SurveyTexts(intro="20% rabat hos den bedste butik!")
CLEAN = SurveyTexts(intro="Hvordan var leveringen?")


async def set_rules(database: Database, rules: ContactRules) -> None:
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor(), rules)


async def start(database: Database, rules: ContactRules = AT_ANY_TIME, **survey: Any) -> StoredSurvey:
    await keep_tenant(database)
    made = await make_survey(database, **{"quarantine_days": 0, "delay_minutes": 0, **survey})
    await go_live(database)
    await set_rules(database, rules)
    return made


async def an_invited(database: Database, name: str, **changes: Any) -> None:
    await decide(
        database, a_transaction(f"of {name}", a_customer(name), occurred_at=database.clock(), **changes)
    )
    await relay_all(database)


async def send_all(database: Database, sender: Sender) -> None:
    while await sender.step() == 0:
        pass
    await relay_all(database)


async def changes_of(database: Database, name: str) -> list[MailChange]:
    async with database.reading() as uow:
        (row,) = await uow.execute(
            "SELECT id FROM invitation WHERE event_id = :id", {"id": a_transaction(f"of {name}").event_id}
        )
        return await list_changes(uow, TENANT, row.id)


def told(changes: list[MailChange]) -> list[tuple[int, str, str, datetime | None]]:
    return [(each.n, each.what, each.reason, each.until) for each in changes]


async def test_each_postponement_stays_known_when_the_next_one_comes_and_when_the_mail_has_left(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await start(database)
    clock.now = MORNING - timedelta(hours=9, minutes=30)
    await an_invited(database, "kim")
    await set_rules(database, NIGHTS)
    await send_all(database, sender)
    clock.now = MORNING - timedelta(minutes=1)
    await set_rules(database, AT_ANY_TIME)
    await decide(database, a_transaction("other", a_customer("kim"), occurred_at=clock.now))
    await relay_all(database)
    await send_all(database, sender)
    clock.now = MORNING
    await set_rules(database, ContactRules(quiet_hours={}, cap_hours=2))
    await send_all(database, sender)
    by_cap = MORNING - timedelta(minutes=1) + timedelta(hours=2)
    expected = [(1, "postponed", "quiet_hours", MORNING), (1, "postponed", "cap", by_cap)]
    changes = await changes_of(database, "kim")
    assert told(changes) == expected
    assert (changes[0].values.zone, changes[1].values.zone) == ("Europe/Copenhagen", None)
    assert changes[1].values.cap_hours == 2
    assert changes[1].values.last_message_at == MORNING - timedelta(minutes=1)
    clock.now = by_cap
    await send_all(database, sender)
    assert set((await states(database)).values()) == {("sent", None)}
    assert told(await changes_of(database, "kim")) == expected


async def test_a_reminder_has_its_own_changes_beside_those_of_the_first_mail(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await start(database, reminders=some_reminders(3))
    await an_invited(database, "kim")
    await send_all(database, sender)
    clock.now = MORNING + timedelta(days=3, hours=-1)
    await set_rules(database, NIGHTS)
    await send_all(database, sender)
    await say_no(database, a_customer("kim"))
    clock.now = MORNING + timedelta(days=3)
    await send_all(database, sender)
    assert told(await changes_of(database, "kim")) == [
        (2, "postponed", "quiet_hours", MORNING + timedelta(days=3)),
        (2, "dropped", "opted_out", None),
    ]


async def test_a_mail_that_the_law_stops_keeps_what_it_misses(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await start(database, delay_minutes=60)
    await an_invited(database, "kim")
    countries = (CountryRule(country="DK", needs="evidence"),)
    await set_rules(database, msgspec.structs.replace(AT_ANY_TIME, countries=countries))
    clock.on(minutes=60)
    await send_all(database, sender)
    (change,) = await changes_of(database, "kim")
    assert (change.what, change.reason, change.at) == ("dropped", "no_basis", clock.now)
    assert change.values.considered is not None
    assert change.values.considered.basis is not None
    assert (change.values.considered.basis.country, change.values.considered.basis.fault) == (
        "DK",
        "evidence",
    )


async def test_only_the_newest_changes_of_an_invitation_are_kept(database: Database) -> None:
    invitation_id, other = derived("an", "invitation"), derived("another", "invitation")
    for minute in range(MAX_CHANGES + 2):
        database.clock = Clock(NOON + timedelta(minutes=minute))
        async with database.transaction() as uow:
            for each in (invitation_id, *([other] if minute == 0 else [])):
                await note_change(uow, TENANT, each, 1, "postponed", "cap", until=NOON)
    async with database.reading() as uow:
        kept = await list_changes(uow, TENANT, invitation_id)
        untouched = await list_changes(uow, TENANT, other)
        strangers = await list_changes(uow, "another", invitation_id)
    assert [each.at for each in kept] == [
        NOON + timedelta(minutes=minute) for minute in range(2, MAX_CHANGES + 2)
    ]
    assert (are_all_kept(kept), are_all_kept(untouched)) == (False, True)
    assert (len(untouched), strangers) == (1, [])


async def test_an_erasure_removes_the_changes_of_its_customer_alone(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await start(database)
    clock.now = MORNING - timedelta(hours=3)
    for name in ("kim", "kit"):
        await an_invited(database, name)
    await set_rules(database, NIGHTS)
    await send_all(database, sender)
    await erase(database, customer_id="kim")
    left = await rows(database, "SELECT invitation_id FROM invitation_change")
    (kit,) = await rows(
        database,
        "SELECT id FROM invitation WHERE event_id = :event_id",
        event_id=a_transaction("of kit").event_id,
    )
    assert [row.invitation_id for row in left] == [kit.id]


@pytest.mark.parametrize("late", [timedelta(hours=3), timedelta(hours=23)])
async def test_a_link_lives_as_long_as_ever_from_whenever_its_mail_leaves(
    late: timedelta, database: Database, sender: Sender, clock: Clock
) -> None:
    """Postponed by the cap, then late since no sender ran."""
    await start(database, link_days=1, max_age_days=30)
    await an_invited(database, "kim")
    await decide(database, a_transaction("second", a_customer("kim"), occurred_at=clock.now))
    await relay_all(database)
    await set_rules(database, ContactRules(quiet_hours={}, cap_hours=24))
    await send_all(database, sender)
    clock.on(days=1)
    clock.now += late
    await send_all(database, sender)
    assert set((await states(database)).values()) == {("sent", None)}
    found = await rows(database, "SELECT *, expires_at AS ends_at FROM invitation")
    assert {row.ends_at - row.sent_at for row in found} == {timedelta(days=1)}
    assert [read_invitation(row).expires_at for row in found] == [row.ends_at for row in found]


class TestTheWordsThatAreSent:
    """The law judges them, and not those that an editor has written since."""

    @pytest.mark.parametrize(
        ("before", "since", "left"),
        [
            ({"texts": {"da": PROMOTING}}, {"texts": {"da": CLEAN}, "neutral": True}, False),
            ({"texts": {"da": CLEAN}, "neutral": True}, {"texts": {"da": PROMOTING}, "neutral": False}, True),
            # The same words, which were found to be neutral since.
            ({"texts": {"da": CLEAN}}, {"neutral": True}, True),
            # The name in From is today's.
            ({"texts": {"da": CLEAN}, "neutral": True}, {"neutral": False, "sender_name": "Rabat"}, False),
            (
                {"texts": {"da": CLEAN}, "neutral": True},
                {"texts": {"da": PROMOTING}, "neutral": False, "sender_name": "Rabat"},
                False,
            ),
        ],
    )
    @pytest.mark.parametrize("reminder", [False, True])
    async def test_first_mails_and_reminders_are_judged_by_their_own_version(
        self,
        before: dict[str, Any],
        since: dict[str, Any],
        left: bool,
        reminder: bool,
        database: Database,
        sender: Sender,
        clock: Clock,
    ) -> None:
        made = await start(database, delay_minutes=60, reminders=some_reminders(3), **before)
        await an_invited(database, "kim")
        if reminder:
            clock.on(minutes=60)
            await send_all(database, sender)
        await self.change(database, made, since)
        await self.ask_for_neutral(database)
        clock.on(days=3 if reminder else 0, minutes=60)
        await send_all(database, sender)
        n = 2 if reminder else 1
        (row,) = await rows(database, "SELECT state, reason FROM delivery WHERE n = :n", n=n)
        assert tuple(row) == (("sent", None) if left else ("dropped", "no_basis"))

    async def test_words_of_which_it_was_not_kept_are_judged_as_the_survey_is_today(
        self, database: Database, sender: Sender, clock: Clock
    ) -> None:
        made = await start(database, delay_minutes=60, texts={"da": CLEAN})
        await an_invited(database, "kim")
        await self.change(database, made, {"texts": {"da": PROMOTING}, "neutral": True})
        async with database.transaction() as uow:
            await uow.execute("UPDATE survey_words SET neutral = NULL, incentive = NULL")
        await self.ask_for_neutral(database)
        clock.on(minutes=60)
        await send_all(database, sender)
        assert list((await states(database)).values()) == [("sent", None)]

    async def change(self, database: Database, made: StoredSurvey, changes: dict[str, Any]) -> None:
        async with database.transaction() as uow:
            draft = (await find_survey(uow, TENANT, made.id)).draft
            await change_survey(uow, TENANT, made.id, msgspec.structs.replace(draft, **changes))

    async def ask_for_neutral(self, database: Database) -> None:
        countries = (CountryRule(country="DK", needs="neutral"),)
        await set_rules(database, msgspec.structs.replace(AT_ANY_TIME, countries=countries))


class TestAsOldAsItMayBe:
    """What is due exactly when an event is as old as it may be leaves then, moments after it was due."""

    @pytest.mark.parametrize("seconds", [0, 1, 59])
    @pytest.mark.parametrize("by", ["survey", "event", "country", "hours"])
    async def test_it_leaves(
        self, by: str, seconds: int, database: Database, sender: Sender, clock: Clock
    ) -> None:
        day = 1440
        countries = (CountryRule(country="DK", needs="nothing", max_age_days=1),) if by == "country" else ()
        await start(
            database,
            msgspec.structs.replace(AT_ANY_TIME, countries=countries),
            delay_minutes={"survey": day, "country": day}.get(by, 0),
            max_age_days=3 if by == "country" else 1,
        )
        clock.now = MORNING - timedelta(days=1)
        await an_invited(database, "kim", **({"delay_minutes": day} if by == "event" else {}))
        if by == "hours":
            clock.now = MORNING - timedelta(seconds=30)
            await set_rules(database, NIGHTS)
            await send_all(database, sender)
        clock.now = MORNING + timedelta(seconds=seconds)
        await send_all(database, sender)
        assert list((await states(database)).values()) == [("sent", None)]

    async def test_one_that_is_late_is_dropped(
        self, database: Database, sender: Sender, clock: Clock
    ) -> None:
        await start(database, delay_minutes=1440, max_age_days=1)
        await an_invited(database, "kim")
        clock.on(days=1, minutes=1)
        await send_all(database, sender)
        assert list((await states(database)).values()) == [("dropped", "too_old")]
        (change,) = await changes_of(database, "kim")
        assert change.values.max_age_days == 1
