"""Every rule about contacting a person, alone."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import a_transaction

from services.dispatcher.decisions.addresses import address_quality, has_plain_form, is_valid_address
from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.domain import decide, language_of, matches
from services.dispatcher.decisions.explanation import decode_explanation, explain
from services.dispatcher.decisions.forbidding import first_channel
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.sampling import Draw
from services.dispatcher.decisions.sending_rules import reason_not_to_send
from services.dispatcher.decisions.values import (
    CandidateSurvey,
    Person,
    Verdict,
)
from services.dispatcher.sending.domain import Sending
from shared.conditions.event_fields import EventFields
from shared.events import SendingMode, Transaction

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOOD = Person(address="good")
AN_EVENT = a_transaction()


def a_survey(number: int = 1, **changes: Any) -> CandidateSurvey:
    facts = {"id": UUID(int=number), "survey_version": 1, "name": f"s{number}"}
    rules = {"trigger": "order.delivered", "state": "live"}
    return CandidateSurvey(**{**facts, **rules, **changes})


def verdict(
    *surveys: CandidateSurvey,
    person: Person = GOOD,
    occurred_at: datetime = NOW,
    mode: SendingMode = "live",
    now: datetime = NOW,
    transaction: Transaction = AN_EVENT,
    undrawn: Collection[str] = (),
) -> Verdict:
    return decide(
        event_type="order.delivered",
        occurred_at=occurred_at,
        now=now,
        surveys=surveys,
        person=person,
        mode=mode,
        fields=EventFields(transaction),
        draws=lambda survey: Draw(drawn=survey.name not in undrawn),
    )


@pytest.mark.parametrize(
    ("trigger", "event_type", "asks"),
    [
        ("order.delivered", "order.delivered", True),
        ("order.delivered", "order.delivered.late", False),
        ("order.*", "order.delivered", True),
        ("order.*", "order", False),
        ("*", "anything", True),
        ("order.delivered*", "order.delivered", True),
        ("Order.delivered", "order.delivered", False),
    ],
)
def test_a_trigger_is_exact_or_a_beginning(trigger: str, event_type: str, asks: bool) -> None:
    assert matches(trigger, event_type) is asks


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (GOOD, "invited"),
        (Person(address="missing"), "no_address"),
        (Person(address="bad"), "bad_address"),
        (Person(address="good", opted_out=True, suppressed=True), "opted_out"),
        (Person(address="good", suppressed=True), "suppressed"),
        (Person(address="good", invited_at=NOW - timedelta(days=89)), "quarantine"),
        (Person(address="good", invited_at=NOW + timedelta(days=1)), "quarantine"),
        (Person(address="good", invited_at=NOW - timedelta(days=90)), "invited"),
        (Person(address="good", test_address=True, invited_at=NOW), "invited"),
        (Person(address="good", test_address=True, opted_out=True), "opted_out"),
    ],
)
def test_what_is_known_of_a_person_decides(person: Person, reason: str) -> None:
    assert verdict(a_survey(delay_minutes=0), person=person).reason == reason


def test_the_first_channel_that_can_reach_the_customer_asks() -> None:
    assert first_channel(("mail",), Person(address="good")) == "mail"
    assert first_channel(("pigeon", "mail"), Person(address="good")) == "mail"
    assert first_channel(("mail",), Person(address="bad")) is None


def test_the_mail_leaves_after_the_delay_and_never_in_the_past() -> None:
    late = verdict(a_survey(delay_minutes=60), occurred_at=NOW - timedelta(hours=3))
    assert late.due_at == NOW
    assert verdict(a_survey(delay_minutes=60)).due_at == NOW + timedelta(hours=1)
    tester = Person(address="good", test_address=True)
    assert verdict(a_survey(delay_minutes=60), person=tester).due_at == NOW


def test_the_age_is_that_of_the_day_the_mail_would_leave() -> None:
    survey = a_survey(delay_minutes=6 * 1440, max_age_days=7)
    assert verdict(survey, occurred_at=NOW - timedelta(days=7)).reason == "invited"
    assert verdict(survey, occurred_at=NOW - timedelta(days=7, microseconds=1)).reason == "too_old"


def test_each_matching_survey_says_why_it_lost_and_the_reason_is_the_first_that_was_not_a_pause() -> None:
    person = Person(address="good", invited_at=NOW - timedelta(days=40))
    surveys = (
        a_survey(1, state="paused"),
        a_survey(2, trigger="contact.*"),
        a_survey(3, quarantine_days=60),
        a_survey(4, quarantine_days=30),
        a_survey(5),
    )
    found = verdict(*surveys, person=person)
    assert found.reason == "invited"
    assert found.survey is surveys[3]
    assert [(one.name, one.why) for one in found.considered] == [
        ("s1", "paused"), ("s3", "quarantine"), ("s4", "invited"), ("s5", "order"),
    ]  # fmt: skip
    assert verdict(*surveys[:3], person=person).reason == "quarantine"
    assert verdict(surveys[0]).reason == "paused"
    assert verdict(surveys[1]).reason == "no_survey"


@pytest.mark.parametrize(
    ("mode", "test_address", "test", "withheld"),
    [
        ("test", False, True, True),
        ("test", True, True, False),
        ("live", True, True, False),
        ("live", False, False, False),
    ],
)
def test_who_is_a_test_and_who_is_withheld(
    mode: SendingMode, test_address: bool, test: bool, withheld: bool
) -> None:
    found = verdict(a_survey(), person=Person(address="good", test_address=test_address), mode=mode)
    assert (found.test, found.withheld, found.starts_quarantine) == (test, withheld, not test)


def test_nothing_holds_back_what_is_allowed_and_every_rule_holds_back_alone() -> None:
    allowed: dict[str, Any] = {
        "now": NOW, "leaves_at": NOW, "occurred_at": NOW, "expires_at": NOW + timedelta(days=1), "test": False,
        "survey": a_survey(), "person": GOOD, "mode": "live",
    }  # fmt: skip
    assert reason_not_to_send(**allowed) is None
    tester = Person(address="good", test_address=True, invited_at=NOW)
    assert reason_not_to_send(**{**allowed, "mode": "test", "test": True, "person": tester}) is None
    for change, expected in (
        ({"mode": "test"}, ("withheld", "test_mode")),
        ({"test": True}, ("withheld", "test_mode")),
        ({"person": Person(address="missing")}, ("dropped", "no_address")),
        ({"person": Person(address="bad")}, ("dropped", "bad_address")),
        ({"person": Person(address="good", invited_at=NOW - timedelta(days=89))}, ("dropped", "quarantine")),
        ({"person": Person(address="good", invited_at=NOW - timedelta(days=90))}, None),
        ({"person": Person(address="good", opted_out=True)}, ("dropped", "opted_out")),
        ({"person": Person(address="good", suppressed=True)}, ("dropped", "suppressed")),
        ({"survey": a_survey(state="paused")}, ("dropped", "paused")),
        ({"survey": None}, ("dropped", "paused")),
        ({"occurred_at": NOW - timedelta(days=7, seconds=1)}, ("dropped", "too_old")),
        ({"now": NOW + timedelta(seconds=1), "occurred_at": NOW - timedelta(days=7)}, None),
        ({"expires_at": NOW}, ("dropped", "expired")),
    ):
        assert reason_not_to_send(**{**allowed, **change}) == expected


@pytest.mark.parametrize(
    ("locale", "own", "tenant", "language"),
    [
        ("da", (), ("en",), "da"),
        ("da_DK", (), ("en",), "da"),
        ("NL-be", (), ("en",), "nl"),
        ("pl", (), ("da", "en"), "da"),
        ("de-AT", (), ("da",), "de"),
        ("pl", ("pl",), ("da",), "pl"),
        (None, (), ("nl",), "nl"),
        (None, (), (), "en"),
        ("not a locale", (), ("xx",), "en"),
    ],
)
def test_the_customers_language_goes_before_the_companys(
    locale: str | None, own: tuple[str, ...], tenant: tuple[str, ...], language: str
) -> None:
    assert language_of(locale, ContactPolicy(), a_survey(languages=own), tenant) == language


def test_the_policy_says_which_languages_have_words_and_which_is_the_last() -> None:
    other = ContactPolicy(standard_languages=("nl", "fr"), last_language="fr")
    assert [language_of(locale, other, a_survey(), ()) for locale in ("da", "nl", "en")] == ["fr", "nl", "fr"]


def test_an_explanation_names_the_policy_and_one_of_an_earlier_version_is_read_without() -> None:
    contact = ContactKey("havnbo", "c-1", None)
    explanation = explain(
        ContactPolicy(version=7), verdict(a_survey()), contact, GOOD, "live", "en", a_transaction()
    )
    stored = msgspec.json.encode(explanation)
    assert decode_explanation(stored).policy_version == 7
    facts = msgspec.json.decode(stored)
    assert facts.pop("policy_version") == 7
    assert decode_explanation(msgspec.json.encode(facts)) == msgspec.structs.replace(
        explanation, policy_version=None
    )


def test_a_test_address_is_one_however_it_is_written() -> None:
    sending = Sending(test_addresses=frozenset({"me@example.com"}))
    assert sending.is_test(" Me@EXAMPLE.com ")
    abroad = Sending(test_addresses=frozenset({"me@xn--bcher-kva.de"}))
    assert abroad.is_test("Me@BÜCHER.de")
    assert not abroad.is_test("me@bucher.de")
    assert not sending.is_test("you@example.com")
    assert not sending.is_test(None)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("a@example.com", "good"),
        ("A.Hansen+shop@mail.example.co.uk", "good"),
        ("søren@bøger.dk", "good"),
        ("a@localhost", "bad"),
        ("a@x.test", "bad"),
        ("a b@example.com", "bad"),
        ("a@@example.com", "bad"),
        ("a@example.com\nBcc: b@example.com", "bad"),
        ("a" * 65 + "@example.com", "bad"),
        ("", "missing"),
        (None, "missing"),
    ],
)
def test_an_address_is_judged_by_its_form(address: str | None, kind: str) -> None:
    assert address_quality(address) == kind


words = st.text("abz09-_.+@A", min_size=1, max_size=20)


@given(
    st.builds(
        lambda a, b, c: f"{a}@{b}.{c}", words, words, st.sampled_from(["com", "dk", "co.uk", "test", "x.nl"])
    )
)
def test_what_needs_no_closer_look_would_have_passed_it(address: str) -> None:
    assert not has_plain_form(address) or is_valid_address(address)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=30), st.integers(1, 365))
def test_a_customer_is_asked_when_first_seen_or_after_exactly_so_many_days(
    days: list[int], quarantine: int
) -> None:
    """Of each customer's purchases: the first, then whichever is the days of the quarantine from the last asked."""
    invited: datetime | None = None
    last: int | None = None
    survey = a_survey(delay_minutes=0, quarantine_days=quarantine)
    for day in sorted(days):
        at = NOW + timedelta(days=day)
        found = verdict(survey, person=Person(address="good", invited_at=invited), occurred_at=at, now=at)
        expected = last is None or day - last >= quarantine
        assert (found.reason == "invited") is expected
        if expected:
            last, invited = day, found.due_at
