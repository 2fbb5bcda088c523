"""A link that a company shows itself: the rules of mails without what only a mail waits for."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.decisions.counter_events import Countered
from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.places import Place
from services.dispatcher.decisions.values import OpenCase, Person
from shared.events import ContactRules, QuietHours
from shared.ids import derived

from .test_domain import NOW, a_survey, verdict

LINK = ("mail", "link")
ALL_DAY = ContactRules(quiet_hours={"mail": QuietHours(start="00:00", end="23:59")})


def a_guest(**changes: Any) -> Person:
    return Person(**{"address": "missing", "has_link": True, **changes})


@given(delay=st.integers(0, 1000), holding=st.integers(0, 1000), late=st.integers(-5, 1000))
def test_no_delay_holding_time_or_hour_holds_a_link(delay: int, holding: int, late: int) -> None:
    person = a_guest(hours=ContactHours.of(ALL_DAY, Place("Europe/Copenhagen", "DK")))
    survey = a_survey(channels=LINK, delay_minutes=delay, holding_minutes=holding, link_days=3)
    found = verdict(survey, person=person, occurred_at=NOW - timedelta(minutes=late))
    assert (found.reason, found.channel, found.due_at, found.held_by) == ("invited", "link", NOW, ())
    assert (found.expires_at, found.hands_out_link) == (NOW + timedelta(days=3), True)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (a_guest(is_nobody=True), "nobody"),
        (a_guest(opted_out=True), "opted_out"),
        (a_guest(suppressed=True), "suppressed"),
        (a_guest(open_case=OpenCase(derived("case"), 1)), "case_open"),
        (a_guest(erased=True), "erased"),
        (a_guest(invited_at=NOW - timedelta(days=5)), "quarantine"),
        (a_guest(last_message_at=NOW - timedelta(hours=23), cap_hours=24), "cap"),
        (a_guest(last_message_at=NOW - timedelta(hours=24), cap_hours=24), "invited"),
        (
            a_guest(countered=Countered(held_until=NOW + timedelta(hours=1), held_by=derived("x"))),
            "countered",
        ),
        (a_guest(countered=Countered(held_until=NOW, held_by=derived("x"))), "invited"),
        (a_guest(countered=Countered(cancelled_by=derived("x"))), "countered"),
    ],
)
def test_every_rule_about_the_person_forbids_a_link_too(person: Person, reason: str) -> None:
    assert verdict(a_survey(channels=LINK), person=person).reason == reason


@pytest.mark.parametrize(
    ("channels", "has_link", "reason"),
    [
        (("mail",), True, "channel"),
        (("link",), False, "channel"),
        (("link",), True, "invited"),
        (("mail", "link"), False, "invited"),
        (("pigeon", "link"), True, "invited"),
    ],
)
def test_a_survey_asks_only_by_the_channels_that_it_has(
    channels: tuple[str, ...], has_link: bool, reason: str
) -> None:
    person = Person(address="good", has_link=has_link)
    assert verdict(a_survey(channels=channels), person=person).reason == reason


def test_a_survey_of_another_channel_hides_no_stronger_reason() -> None:
    person = a_guest(opted_out=True)
    by_mail, by_link = a_survey(1), a_survey(2, channels=LINK)
    assert verdict(by_mail, by_link, person=person).reason == "opted_out"
    paused = a_survey(3, channels=LINK, state="paused")
    assert verdict(by_mail, paused, person=a_guest()).reason == "paused"


def test_in_test_mode_nobody_but_a_test_address_gets_a_link() -> None:
    withheld = verdict(a_survey(channels=LINK), person=a_guest(), mode="test")
    assert (withheld.withheld, withheld.hands_out_link) == (True, False)
    tester = verdict(a_survey(channels=LINK), person=a_guest(test_address=True), mode="test")
    assert (tester.test, tester.hands_out_link, tester.starts_quarantine) == (True, True, False)
