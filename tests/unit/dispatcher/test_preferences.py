"""What customers choose about further questions, as rules: alone, and beside those of the company."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import a_transaction

from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences, months_later
from services.dispatcher.decisions.sampling import NO_DRAW
from services.dispatcher.decisions.scopes import Asked
from services.dispatcher.decisions.sending_rules import reason_not_to_send
from services.dispatcher.decisions.values import CandidateSurvey, Person, Verdict
from services.dispatcher.preferences.domain import PreferenceChoice, choices, current
from services.dispatcher.preferences.views import options_of
from shared.conditions.event_fields import EventFields
from shared.values.addresses import masked

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FEWER = Preferences(months=6)
NO_MAIL = Preferences(refused_channels=frozenset({"mail"}))
BEFORE = months_later(NOW, -6)


def a_survey(**changes: Any) -> CandidateSurvey:
    facts = {"id": UUID(int=1), "survey_version": 1, "name": "s", "trigger": "x", "state": "live"}
    return CandidateSurvey(**{**facts, "delay_minutes": 0, **changes})


def a_person(preferences: Preferences, **changes: Any) -> Person:
    return Person(**{"address": "good", "preferences": preferences, **changes})


def verdict(survey: CandidateSurvey, person: Person) -> Verdict:
    return decide(
        event_type="x",
        occurred_at=NOW,
        now=NOW,
        surveys=[survey],
        person=person,
        mode="live",
        fields=EventFields(a_transaction()),
        draws=lambda _: NO_DRAW,
    )


def when_due(survey: CandidateSurvey, person: Person) -> object:
    return reason_not_to_send(
        now=NOW, leaves_at=NOW, occurred_at=NOW, expires_at=NOW + DAY, test=False, survey=survey,
        person=person, mode="live",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("preferences", "asked_at", "changes", "reason"),
    [
        (NO_PREFERENCES, BEFORE + DAY, {}, "invited"),
        (FEWER, None, {}, "invited"),
        (FEWER, BEFORE, {}, "invited"),
        (FEWER, BEFORE + timedelta(microseconds=1), {}, "quarantine"),
        (FEWER, BEFORE + 2 * DAY, {"test_address": True}, "quarantine"),
        (Preferences(paused_until=NOW), None, {}, "invited"),
        (Preferences(paused_until=NOW + timedelta(microseconds=1)), None, {}, "paused_by_customer"),
        (Preferences(paused_until=NOW + DAY), None, {"test_address": True}, "paused_by_customer"),
        (Preferences(paused_until=NOW + DAY), None, {"opted_out": True}, "opted_out"),
        (Preferences(paused_until=NOW + DAY), None, {"suppressed": True}, "suppressed"),
        (NO_MAIL, None, {}, "opted_out"),
        (NO_MAIL, None, {"test_address": True}, "opted_out"),
        (Preferences(refused_channels=frozenset({"pigeon"})), None, {}, "invited"),
    ],
)
def test_a_choice_holds_at_the_decision_and_for_test_addresses_too(
    preferences: Preferences, asked_at: datetime | None, changes: dict[str, Any], reason: str
) -> None:
    survey = a_survey(quarantine_days=30)
    assert verdict(survey, a_person(preferences, invited_at=asked_at, **changes)).reason == reason
    if reason == "invited":
        return
    if preferences is NO_MAIL:  # the sender knows by which channel the mail would leave
        changes = {**changes, "opted_out": True}
    left = a_person(preferences, left_at=asked_at, **changes)
    assert when_due(survey, left) == ("dropped", reason)


@given(days=st.integers(0, 365), months=st.integers(0, 24), since=st.integers(0, 800))
def test_the_larger_of_both_counts_keeps_the_customer_from_being_asked(
    days: int, months: int, since: int
) -> None:
    asked_at = NOW - timedelta(days=since)
    own, wished = asked_at + timedelta(days=days), months_later(asked_at, months)
    found = verdict(a_survey(quarantine_days=days), a_person(Preferences(months=months), invited_at=asked_at))
    assert (found.reason == "quarantine") is (max(own, wished) > NOW)
    if found.reason == "quarantine":
        (considered,) = found.considered
        assert considered.asked_at == asked_at
        assert considered.wished_months == (months if wished > own else None)


@pytest.mark.parametrize("scope", ["measurement", "touchpoint", "survey"])
def test_a_wish_counts_every_question_whatever_the_scope_of_the_quarantine_is(scope: str) -> None:
    elsewhere = Asked(NOW - 2 * DAY, measurement="transactional", touchpoint="b", survey_id=UUID(int=2))
    person = a_person(FEWER, invited_at=elsewhere.at, asked=(elsewhere,))
    survey = a_survey(quarantine_days=10, quarantine_scope=scope, touchpoint="a", measurement="relational")
    (considered,) = verdict(survey, person).considered
    assert (considered.why, considered.wished_months, considered.asked_at) == ("quarantine", 6, elsewhere.at)


def test_what_waits_in_holding_time_gives_way_also_where_the_wish_alone_forbids_two() -> None:
    first, second = (
        a_survey(quarantine_days=0),
        a_survey(id=UUID(int=2), quarantine_days=0, holding_minutes=60),
    )
    waits = Asked(NOW + DAY, False, "transactional", None, second.id, UUID(int=9))
    person = a_person(FEWER, invited_at=waits.at, asked=(waits,))
    found = decide(
        event_type="x", occurred_at=NOW, now=NOW, surveys=[first, second], person=person, mode="live",
        fields=EventFields(a_transaction()), draws=lambda _: NO_DRAW,
    )  # fmt: skip
    assert found.reason == "invited"
    assert [each.event_id for each in found.replaces] == [UUID(int=9)]


class Row(NamedTuple):
    paused_until: datetime | None = None
    months: int | None = None
    channel: str | None = None


def test_of_an_address_and_an_id_that_asks_least_holds() -> None:
    both = Preferences.of([Row(months=3), Row(months=6), Row(NOW), Row(NOW + DAY), Row(channel="mail")])
    assert both == Preferences(NOW + DAY, 6, frozenset({"mail"}))
    assert Preferences.of([]) == NO_PREFERENCES


@given(st.integers(0, 36_500).map(lambda days: NOW + timedelta(days=days)), st.integers(0, 60))
def test_so_many_months_later_is_the_same_day_or_the_last_one_of_its_month(at: datetime, months: int) -> None:
    later = months_later(at, months)
    assert (later.year * 12 + later.month) - (at.year * 12 + at.month) == months
    assert later.time() == at.time()
    assert later.day == at.day or (later.day < at.day and (later + DAY).day == 1)


def test_the_page_offers_what_the_company_offers_and_has_checked_what_holds() -> None:
    codes = [each.code for each in choices(6, "mail")]
    assert codes == ["usual", "fewer", "pause-1", "pause-3", "pause-6", "channel"]
    assert [each.code for each in choices(0, "mail")] == [each for each in codes if each != "fewer"]
    for preferences, checked in (
        (NO_PREFERENCES, "usual"),
        (FEWER, "fewer"),
        (NO_MAIL, "channel"),
        (Preferences(months=12), "keep"),
        (Preferences(paused_until=NOW), "keep"),
        (Preferences(NOW, 6), "keep"),
    ):
        options = options_of(choices(6, "mail"), preferences)
        assert [each.code for each in options if each.checked] == [checked]


CHOICES = [*choices(6, "mail"), *choices(3, "sms")]


@given(st.lists(st.sampled_from(CHOICES), max_size=6))
def test_only_as_usual_takes_back_what_was_chosen_before(made: list[PreferenceChoice]) -> None:
    holds = NO_PREFERENCES
    for choice in made:
        holds = choice.preferences(NOW, holds)
    kept = list(made)
    while any(each.kind == "usual" for each in kept):
        kept = kept[[each.kind for each in kept].index("usual") + 1 :]
    assert holds.refused_channels == {each.channel for each in kept if each.kind == "channel"}
    months = [each.months for each in kept if each.kind == "fewer"]
    assert holds.months == (months[-1] if months else 0)
    pauses = [each.months for each in kept if each.kind == "pause"]
    assert holds.paused_until == (months_later(NOW, pauses[-1] or 0) if pauses else None)


@pytest.mark.parametrize("choice", choices(6, "mail"))
def test_a_choice_is_one_of_the_three_and_a_pause_is_over_at_its_end(choice: PreferenceChoice) -> None:
    chosen = choice.preferences(NOW)
    assert sum(bool(each) for each in chosen) == (choice.kind != "usual")
    if choice.kind == "pause" and chosen.paused_until is not None:
        assert current(chosen, chosen.paused_until) == NO_PREFERENCES
        assert current(chosen, chosen.paused_until - timedelta(microseconds=1)) == chosen


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("kim.hansen@example.co.uk", "k•••@e•••.uk"),
        ("søren@bøger.dk", "s•••@b•••.dk"),
        ("a@b.c", "a•••@b•••.c"),
        ("nobody", ""),
        ("@example.com", ""),
        ("", ""),
    ],
)
def test_a_hint_of_an_address_tells_its_first_letters_alone(address: str, hint: str) -> None:
    assert masked(address) == hint


def test_what_a_choice_was_judged_by_is_kept_with_the_decision() -> None:
    (paused,) = verdict(a_survey(), a_person(Preferences(paused_until=NOW + DAY))).considered
    (refused,) = verdict(a_survey(), a_person(NO_MAIL)).considered
    assert (paused.why, paused.paused_until) == ("paused_by_customer", NOW + DAY)
    assert (refused.why, refused.refused_channels) == ("opted_out", ("mail",))
    (unsubscribed,) = verdict(a_survey(), a_person(NO_MAIL, opted_out=True)).considered
    assert unsubscribed.refused_channels == ()
    assert msgspec.json.decode(msgspec.json.encode(paused), type=type(paused)) == paused
