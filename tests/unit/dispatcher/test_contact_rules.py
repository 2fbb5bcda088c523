"""A company's own rules about contacts at the decision: hours that hold a mail, and the cap."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import a_transaction

from services.dispatcher.contact_policies.domain import CompanyPolicy
from services.dispatcher.contact_policies.forms import PolicyForm, form_of
from services.dispatcher.contact_policies.schemas import ContactPolicyAnswer, ContactPolicyBody
from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.counter_events import Countered
from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.explanation import decode_explanation, explain
from services.dispatcher.decisions.frequency import is_capped
from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.sampling import NO_DRAW
from services.dispatcher.decisions.values import (
    CandidateSurvey,
    Person,
    Verdict,
)
from shared.conditions.event_fields import EventFields
from shared.events import ContactRules, CounterEvent, CountryRule, QuietHours

EVENING = datetime(2026, 11, 20, 22, tzinfo=UTC)
MORNING = datetime(2026, 11, 21, 7, tzinfo=UTC)
NIGHTS = ContactHours(quiet=QuietHours(start="21:00", end="07:00"))


def a_verdict(now: datetime = EVENING, rules: dict[str, Any] | None = None, **known: Any) -> Verdict:
    survey = CandidateSurvey(
        id=UUID(int=1),
        survey_version=1,
        name="s",
        **{"trigger": "order.delivered", "state": "live", "delay_minutes": 0, **(rules or {})},
    )
    person = Person(**{"address": "good", "hours": NIGHTS, **known})
    return decide(
        event_type="order.delivered",
        occurred_at=now,
        now=now,
        surveys=(survey,),
        person=person,
        mode="live",
        fields=EventFields(a_transaction()),
        draws=lambda _: NO_DRAW,
    )


def test_a_mail_that_would_leave_at_night_is_held_until_the_morning() -> None:
    found = a_verdict()
    assert (found.due_at, found.wanted_at, found.held_by) == (MORNING, EVENING, ("quiet_hours",))
    assert found.expires_at == MORNING + timedelta(days=30)
    by_day = a_verdict(MORNING)
    assert (by_day.due_at, by_day.wanted_at, by_day.held_by) == (MORNING, None, ())


def test_a_test_address_waits_for_nothing() -> None:
    found = a_verdict(test_address=True, invited_at=EVENING, cap_hours=24)
    assert (found.reason, found.due_at, found.held_by) == ("invited", EVENING, ())


def test_what_is_too_old_when_mail_may_leave_again_has_a_reason_of_its_own() -> None:
    late = {"delay_minutes": 7 * 1440 - 60, "max_age_days": 7}
    assert a_verdict(rules=late).reason == "quiet_dropped"
    assert a_verdict(MORNING, rules=late).reason == "invited"
    assert a_verdict(rules={"delay_minutes": 8 * 1440, "max_age_days": 7}).reason == "too_old"


def test_a_mail_that_would_leave_too_late_keeps_until_when_what_held_it_by_whose_clock_and_its_limit() -> (
    None
):
    late = {"delay_minutes": 7 * 1440 - 60, "max_age_days": 7}
    (quiet,) = a_verdict(rules=late).considered
    due_at = MORNING + timedelta(days=7)
    assert (quiet.max_age_days, quiet.due_at, quiet.held_by, quiet.zone) == (
        7,
        due_at,
        ("quiet_hours",),
        "UTC",
    )
    (old,) = a_verdict(rules={"delay_minutes": 8 * 1440, "max_age_days": 7}).considered
    assert (old.max_age_days, old.due_at, old.held_by) == (7, EVENING + timedelta(days=8), ())
    (held,) = a_verdict(rules={"holding_minutes": 5 * 1440, "max_age_days": 3}).considered
    # The quiet hours in which its holding time ends have not made it too old.
    assert (held.due_at, held.held_by, held.zone) == (EVENING + timedelta(days=5), ("holding",), None)
    counter = Countered(held_by=UUID(int=9), held_until=EVENING + timedelta(days=4))
    (countered,) = a_verdict(rules={"max_age_days": 3}, countered=counter).considered
    assert (countered.why, countered.max_age_days) == ("countered", 3)
    assert (countered.due_at, countered.held_by) == (
        MORNING + timedelta(days=4),
        ("counter_event", "quiet_hours"),
    )
    (cancelled,) = a_verdict(countered=Countered(cancelled_by=UUID(int=9))).considered
    (asked,) = a_verdict().considered
    for other in (cancelled, asked):
        assert (other.max_age_days, other.due_at, other.held_by, other.zone) == (None, None, (), None)


@pytest.mark.parametrize(
    ("last", "quarantine_days", "reason"),
    [
        (MORNING - timedelta(hours=24), 0, "invited"),
        (MORNING - timedelta(hours=23, minutes=59), 0, "cap"),
        # By day alone it would be 24 hours; it is the held time that counts.
        (EVENING - timedelta(hours=15, minutes=1), 0, "invited"),
        (MORNING - timedelta(hours=1), 90, "quarantine"),
        (None, 0, "invited"),
    ],
)
def test_b12_the_cap_counts_from_the_time_at_which_the_mail_would_leave(
    last: datetime | None, quarantine_days: int, reason: str
) -> None:
    rules = {"quarantine_days": quarantine_days}
    assert a_verdict(rules=rules, invited_at=last, cap_hours=24).reason == reason
    # Without a cap only the quarantine is left.
    expected = "quarantine" if reason == "quarantine" else "invited"
    assert a_verdict(rules=rules, invited_at=last, cap_hours=0).reason == expected


@given(gap=st.timedeltas(timedelta(days=-40), timedelta(days=40)), cap_hours=st.integers(0, 720))
def test_two_messages_are_capped_whichever_of_them_is_first(gap: timedelta, cap_hours: int) -> None:
    assert is_capped(EVENING, EVENING + gap, cap_hours) is is_capped(EVENING + gap, EVENING, cap_hours)
    assert is_capped(EVENING, EVENING + gap, cap_hours) is (abs(gap) < timedelta(hours=cap_hours))
    assert not is_capped(None, EVENING, cap_hours)


def test_an_explanation_says_until_when_and_why_and_an_earlier_one_is_read_without() -> None:
    person = Person(address="good", hours=NIGHTS, cap_hours=24)
    contact = ContactKey("havnbo", "c-1", None)
    made = explain(
        ContactPolicy(), a_verdict(), contact, person, "live", "en", a_transaction(), company_policy_version=3
    )
    stored = msgspec.json.encode(made)
    found = decode_explanation(stored)
    assert (found.company_policy_version, found.wanted_at, found.due_at) == (3, EVENING, MORNING)
    assert (found.held_by, found.zone, found.cap_hours) == (("quiet_hours",), "UTC", 24)
    earlier = {
        name: value
        for name, value in msgspec.json.decode(stored).items()
        if name not in {"company_policy_version", "wanted_at", "held_by", "zone", "cap_hours"}
    }
    assert decode_explanation(msgspec.json.encode(earlier)).held_by == ()


CLOCK_TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
RULES = st.builds(
    ContactRules,
    quiet_hours=st.one_of(
        st.just({}),
        st.tuples(CLOCK_TIMES, CLOCK_TIMES)
        .filter(lambda times: times[0] != times[1])
        .map(lambda times: {"mail": QuietHours(start=times[0], end=times[1])}),
    ),
    sundays=st.booleans(),
    holidays=st.booleans(),
    sms_sundays=st.booleans(),
    sms_holidays=st.booleans(),
    cap_hours=st.integers(0, 720),
)


@given(rules=RULES)
def test_the_form_and_the_api_say_the_rules_and_read_them_again(rules: ContactRules) -> None:
    policy = CompanyPolicy(rules, 4)
    assert ContactPolicyBody.model_validate(form_of(policy).values()).rules() == rules
    answered = ContactPolicyAnswer.of(policy).model_dump(by_alias=True)
    assert ContactPolicyBody.model_validate(answered).rules() == rules


@pytest.mark.parametrize(
    ("sent", "quiet"),
    [
        ({}, ContactRules().quiet_hours),
        ({"quiet_hours": None}, {}),
        ({"quiet_hours": {}}, {}),
        ({"quiet_hours": {"mail": None}}, {}),
        (
            {"quiet_hours": {"mail": {"from": "20:00", "to": "08:30"}}},
            {"mail": QuietHours(start="20:00", end="08:30")},
        ),
    ],
)
def test_null_is_no_quiet_hours_and_left_out_is_the_default(
    sent: dict[str, Any], quiet: dict[str, QuietHours]
) -> None:
    assert ContactPolicyBody.model_validate(sent).rules().quiet_hours == quiet


SET = ContactRules(
    quiet_hours={},
    sundays=not ContactRules().sundays,
    holidays=not ContactRules().holidays,
    cap_hours=99,
    counter_events=(CounterEvent(event_type="refund", effect="cancel", scope="order"),),
    relational_distance_days=0,
    ask_with_open_case=True,
    countries=(CountryRule(country="DE", needs="evidence"),),
    ids_are_shared=True,
    fewer_months=3,
    sms_sundays=True,
    sms_holidays=True,
)
ALWAYS_STATED = {"quiet_hours", "sundays", "holidays", "cap_hours"}
"""The rules of the first version: every client knows them."""


@pytest.mark.parametrize("name", ContactRules.__struct_fields__)
def test_a_client_of_before_changes_no_rule_that_it_does_not_know(name: str) -> None:
    set_, default = getattr(SET, name), getattr(ContactRules(), name)
    assert set_ != default, "give the rule a value in SET"
    for sent in ({}, {} if name == "quiet_hours" else {name: None}):
        made = ContactPolicyBody.model_validate(sent).rules(SET)
        assert getattr(made, name) == (default if name in ALWAYS_STATED else set_)
    answered = ContactPolicyAnswer.of(CompanyPolicy(SET, 1)).model_dump(by_alias=True)
    stated = ContactPolicyBody.model_validate({name: answered[name]}).rules()
    assert getattr(stated, name) == set_


@pytest.mark.parametrize(
    ("typed", "faulty"),
    [
        ({"quiet_from": "21:00", "quiet_to": ""}, {"quiet_to"}),
        ({"quiet_from": "9 pm", "quiet_to": "24:00"}, {"quiet_from", "quiet_to"}),
        ({"quiet_from": "21:00", "quiet_to": "21:00"}, {"quiet_to"}),
        ({"sundays": "perhaps"}, {"sundays"}),
        ({"holidays": ""}, {"holidays"}),
        ({"sms_sundays": "perhaps"}, {"sms_sundays"}),
        ({"sms_holidays": ""}, {"sms_holidays"}),
        ({"cap": "31", "cap_unit": "days"}, {"cap"}),
        ({"cap": "-1"}, {"cap"}),
        ({"cap": "1", "cap_unit": "fortnights"}, {"cap"}),
    ],
)
def test_each_fault_stands_beside_its_field(typed: dict[str, str], faulty: set[str]) -> None:
    stored = form_of(CompanyPolicy(ContactRules(), 0))
    form = PolicyForm({**stored.fields, **typed})
    with pytest.raises(ValueError) as refused:  # noqa: PT011  (pydantic's own is one)
        ContactPolicyBody.model_validate(form.values())
    found = form.with_faults(refused.value)  # type: ignore[arg-type]
    assert set(found.faults) == faulty
    assert all(found.fault(name) for name in faulty)
    assert found.fields == form.fields
