"""By SMS every rule holds as by mail: a customer with a number alone is decided as one with an address alone."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace
from support.http_clients import SECRET

from services.dispatcher.decisions.contacts import contact_key_of, contact_of_invitation, quarantine_keys
from services.dispatcher.decisions.counter_events import NOT_COUNTERED, Countered
from services.dispatcher.decisions.hours import STANDARD_SMS_QUIET, ContactHours
from services.dispatcher.decisions.numbers import number_quality
from services.dispatcher.decisions.places import Place
from services.dispatcher.decisions.preferences import Preferences
from services.dispatcher.decisions.values import Number, OpenCase, Person, Verdict
from services.dispatcher.preferences.domain import PreferenceChoice, choices
from services.dispatcher.sms.messages import TextReport
from services.dispatcher.sms.reports import message_of, reported
from services.dispatcher.suppressions.domain import entries_of
from services.dispatcher.surveys.sample_invitations import sample_invitation
from shared.events import ContactRules, Customer, Invitation, QuietHours
from shared.ids import derived, uuid7
from shared.values.addresses import masked

from .test_domain import NOW, a_survey, verdict

PAST = st.integers(0, 120).map(lambda days: NOW - timedelta(days=days))
HOURS = st.sampled_from(
    [
        ContactHours(),
        ContactHours(zone="Europe/Copenhagen", quiet=QuietHours(start="08:00", end="20:00")),
        ContactHours(zone="Asia/Tokyo", sundays=False, quiet=QuietHours(start="21:00", end="07:00")),
    ]
)
PREFERENCES = st.sampled_from(
    [
        Preferences(),
        Preferences(months=6),
        Preferences(paused_until=NOW + timedelta(days=3)),
        Preferences(refused_channels=frozenset({"{}"})),
    ]
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "erased": st.booleans(),
        "opted_out": st.booleans(),
        "suppressed": st.booleans(),
        "invited_at": PAST,
        "cap_hours": st.sampled_from([0, 24, 720]),
        "countered": st.sampled_from(
            [
                NOT_COUNTERED,
                Countered(cancelled_by=derived("x")),
                Countered(held_until=NOW + timedelta(days=2), held_by=derived("x")),
            ]
        ),
        "open_case": st.just(OpenCase(derived("case"), 1)),
    },
)
SURVEYS = st.fixed_dictionaries(
    {
        "delay_minutes": st.integers(0, 20_000),
        "holding_minutes": st.integers(0, 3_000),
        "quarantine_days": st.integers(0, 100),
        "max_age_days": st.integers(1, 20),
        "state": st.sampled_from(["live", "paused"]),
    }
)


def refusing(preferences: Preferences, channel: str) -> Preferences:
    """The same, where it refuses a channel this one."""
    return preferences._replace(refused_channels=frozenset(channel for _ in preferences.refused_channels))


def told(found: Verdict) -> dict[str, Any]:
    """A verdict without what names the channel."""
    facts = asdict(found)
    facts["survey"] = found.survey and replace(found.survey, channels=())
    facts["considered"] = [replace(one, refused_channels=()) for one in found.considered]
    return facts | {"channel": found.channel is not None}


@given(
    facts=FACTS,
    rules=SURVEYS,
    quality=st.sampled_from(["good", "missing", "bad"]),
    test=st.booleans(),
    hours=HOURS,
    preferences=PREFERENCES,
    mode=st.sampled_from(["live", "test"]),
    late=st.integers(-1, 30),
)
def test_a_customer_with_a_number_alone_is_decided_as_one_with_an_address_alone(
    facts: dict[str, Any],
    rules: dict[str, Any],
    quality: Any,
    test: bool,
    hours: ContactHours,
    preferences: Preferences,
    mode: Any,
    late: int,
) -> None:
    by_mail = Person(
        address=quality,
        test_address=test,
        hours=hours,
        preferences=refusing(preferences, "mail"),
        **facts,
    )
    by_text = Person(
        address="missing",
        number=Number(quality=quality, test=test, hours=hours),
        preferences=refusing(preferences, "sms"),
        **facts,
    )
    asked = {"occurred_at": NOW - timedelta(days=late), "mode": mode}
    mailed = verdict(a_survey(channels=("mail",), **rules), person=by_mail, **asked)
    texted = verdict(a_survey(channels=("sms",), **rules), person=by_text, **asked)
    assert told(texted) == told(mailed)
    assert (mailed.channel, texted.channel) in {("mail", "sms"), (None, None)}
    # A survey that asks by both decides alike about who has one of the two.
    both = a_survey(channels=("sms", "mail"), **rules)
    if quality == "good":
        assert told(verdict(both, person=by_mail, **asked)) == told(mailed)
        assert told(verdict(both, person=by_text, **asked)) == told(texted)


BOTH = Person(address="good", number=Number(quality="good"))
NO_MAIL, NO_SMS = (
    Preferences(refused_channels=frozenset({"mail"})),
    Preferences(refused_channels=frozenset({"sms"})),
)


@pytest.mark.parametrize(
    ("channels", "person", "expected"),
    [
        (("mail", "sms"), BOTH, "mail"),
        (("sms", "mail"), BOTH, "sms"),
        (("sms", "mail"), replace(BOTH, preferences=NO_SMS), "mail"),
        (("mail", "sms"), replace(BOTH, preferences=NO_MAIL), "sms"),
        (("mail", "sms"), Person(address="bad", number=Number(quality="good")), "sms"),
        (("sms", "mail"), Person(address="good", number=Number(quality="bad")), "mail"),
        (("mail", "sms"), replace(BOTH, undeliverable=True), "sms"),
        (("mail",), replace(BOTH, undeliverable=True), "undeliverable"),
        (("mail", "sms"), Person(address="good", undeliverable=True), "undeliverable"),
        (("sms",), replace(BOTH, preferences=NO_SMS), "opted_out"),
        (("mail",), Person(address="missing", number=Number(quality="good")), "no_address"),
        (("sms",), Person(address="good"), "no_address"),
        (("sms",), Person(address="good", number=Number(quality="bad")), "bad_address"),
    ],
)
def test_the_first_channel_of_the_survey_that_reaches_the_customer_asks(
    channels: tuple[str, ...], person: Person, expected: str
) -> None:
    found = verdict(a_survey(channels=channels), person=person)
    assert (found.channel or found.reason) == expected


def test_a_text_is_withheld_in_test_mode_unless_its_number_is_listed_whatever_the_address_is() -> None:
    person = Person(address="good", test_address=True, number=Number(quality="good"))
    assert verdict(a_survey(channels=("sms", "mail")), person=person, mode="test").withheld
    listed = replace(person, test_address=False, number=Number(quality="good", test=True))
    assert not verdict(a_survey(channels=("sms", "mail")), person=listed, mode="test").withheld


def test_each_channel_has_its_own_quiet_hours() -> None:
    def quiet(hours: dict[str, QuietHours], channel: str) -> QuietHours | None:
        return ContactHours.of(ContactRules(quiet_hours=hours), Place("UTC", "DK"), channel).quiet

    night, day = QuietHours(start="21:00", end="07:00"), QuietHours(start="12:00", end="13:00")
    assert quiet({"mail": night}, "mail") == night
    assert quiet({"mail": night}, "sms") == STANDARD_SMS_QUIET
    assert quiet({"mail": night, "sms": day}, "sms") == day
    assert quiet({}, "sms") is None


@pytest.mark.parametrize(
    ("number", "quality"),
    [
        (None, "missing"),
        ("+4520123456", "good"),
        ("+12128675309", "good"),
        ("+442079460000", "bad"),  # a landline of London
        ("+447911123456", "good"),
        ("+4520123456;ext=5", "bad"),
        ("+4512", "bad"),
        ("nonsense", "bad"),
    ],
)
def test_only_numbers_of_phones_that_take_texts_are_good(number: str | None, quality: str) -> None:
    assert number_quality(number) == quality


def contact(**of: Any) -> Any:
    return contact_key_of(SECRET, "havnbo", Customer(**of), frozenset())


@pytest.mark.parametrize("id_", ["c-1", "guest"])
def test_a_number_names_a_customer_as_an_address_does(id_: str) -> None:
    by_mail = contact(id=id_, email="kim@example.com")
    by_number = contact(id=id_, phone="+4520123456")
    assert by_number.by_number
    assert by_number.address not in {None, by_mail.address}
    for names in (quarantine_keys, entries_of, lambda one: one.keys, lambda one: one.own_keys):
        assert len(names(by_mail)) == len(names(by_number))
    assert by_number.asked_by("sms") == by_number


def test_who_has_both_is_kept_under_the_number_only_where_it_is_texted() -> None:
    both = contact(id="c-1", email="kim@example.com", phone="+4520123456")
    assert both.number not in both.asked_by("mail").keys
    assert both.number in both.asked_by("sms").keys
    assert both.number in quarantine_keys(both)
    assert both.number in {entry.key for entry in entries_of(both)}
    draft = a_text_invitation(contact_key=both.address, number_key=both.number)
    assert both.number in contact_of_invitation("havnbo", draft).keys


def test_who_refuses_one_channel_after_another_refuses_both() -> None:
    first = PreferenceChoice("channel", channel="mail").preferences(NOW)
    both = PreferenceChoice("channel", channel="sms").preferences(NOW, first)
    assert both.refused_channels == {"mail", "sms"}
    assert choices(6, "sms")[-1] == PreferenceChoice("channel", channel="sms")
    assert masked("+4520123456") == "+45•••56"


def a_text_invitation(**changes: Any) -> Invitation:
    made = sample_invitation(uuid7(), a_survey(), "en", NOW)  # type: ignore[arg-type]
    return replace(made, **{"state": "sent", "channel": "sms", "test": False, "sent_at": NOW, **changes})


REPORTS = st.lists(
    st.tuples(st.sampled_from(["delivered", "undeliverable"]), st.integers(1, 2), st.sampled_from(["", "1"])),
    max_size=6,
)


@pytest.mark.parametrize("state", ["sending", "sent", "unknown"])
@given(reports=REPORTS, seed=st.randoms(use_true_random=False))
def test_reports_say_the_same_in_whatever_order_and_however_often_they_come(
    state: str, reports: list[tuple[Any, int, str]], seed: Any
) -> None:
    """Also of a text of which we do not know yet, or never will, whether the provider took it."""

    def after(order: list[tuple[Any, int, str]]) -> tuple[str, str | None]:
        invitation = a_text_invitation(state=state, sent_at=NOW if state == "sent" else None)
        for outcome, n, code in order:
            said = TextReport(reference=f"{invitation.id}/{n}", state=outcome, code=code)
            invitation = reported(invitation, said, n, NOW) or invitation
        assert (invitation.sent_at is not None) >= (invitation.state == "sent")
        return invitation.state, invitation.report

    shuffled = [*reports, *reports]
    seed.shuffle(shuffled)
    said = {outcome for outcome, _, _ in reports}
    lost = ("undeliverable", 1) in {(outcome, n) for outcome, n, _ in reports} and "delivered" not in said
    expected = "delivered" if "delivered" in said else "undeliverable" if said else None
    assert (
        after(shuffled)
        == after(reports)
        == (
            "bounced" if lost else "sent" if "delivered" in said else state,
            expected,
        )
    )


ID = str(derived("an invitation"))


@pytest.mark.parametrize("reference", ["", "x/1", ID, f"{ID}/", f"{ID}/x", f"{ID}/12", f"{{{ID}}}/1"])
def test_a_reference_that_is_none_of_ours_names_nothing(reference: str) -> None:
    assert message_of(reference) is None


def test_an_erased_invitation_takes_no_report() -> None:
    invitation = a_text_invitation(erased=True)
    said = TextReport(reference=f"{invitation.id}/1", state="delivered")
    assert reported(invitation, said, 1, NOW) is None
