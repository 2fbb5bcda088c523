"""Times, counts and causes as pages and mails write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.alerts.cases import labels, sentences, times
from services.alerts.cases.timeline_lines import _by_rule
from shared.pages.cause_labels import cause_label
from shared.pages.filters import segment_words
from shared.values.causes import CAUSE_CODES
from shared.values.display_names import showing_names

ZONE = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "late", "text"),
    [
        (0, 0, "Nobody is waiting."),
        (1, 0, "One customer is waiting to hear from us."),
        (1, 1, "One customer is waiting to hear from us, and for too long."),
        (3, 1, "Three customers are waiting to hear from us; one of them too long."),
        (9, 2, "Nine customers are waiting to hear from us; two of them too long."),
        (2, 2, "Two customers are waiting to hear from us, all of them too long."),
        (1300, 14, "1,300 customers are waiting to hear from us; 14 of them too long."),
    ],
)
def test_who_waits_is_said_in_a_sentence(count: int, late: int, text: str) -> None:
    assert sentences.waiting_sentence(count, late) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=69), "1 h 9 min"),
        (timedelta(hours=30, minutes=5), "30 h"),
        (timedelta(days=4, hours=3), "4 days"),
        (timedelta(days=6, hours=23, minutes=59), "7 days"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_spans(length: timedelta, text: str) -> None:
    assert times.duration(length).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("ahead", "contact", "text"),
    [
        (timedelta(minutes=-72), True, "1 h 12 min late"),
        (timedelta(minutes=69), True, "in 1 h 9 min"),
        (timedelta(hours=6), True, "today 16:00"),
        (timedelta(hours=23), True, "tomorrow 09:00"),
        (timedelta(days=2), False, "close by Tue 24 Nov 10:00"),
        (timedelta(days=60), False, "close by Thu 21 Jan 2027 10:00"),
    ],
)
def test_deadlines_are_told_in_the_companys_zone(ahead: timedelta, contact: bool, text: str) -> None:
    assert times.deadline(NOW + ahead, NOW, ZONE, contact=contact).replace("\u00a0", " ") == text


def test_causes_are_words() -> None:
    assert cause_label("delivery.late") == "Delivery: late"
    assert cause_label("contact.no_callback") == "Contact: no call-back"
    assert cause_label("other") == "Other"


def test_a_clock_without_a_way_is_over() -> None:
    assert times.elapsed_percent(NOW, NOW, NOW) == 100
    assert times.elapsed_percent(NOW - timedelta(hours=1), NOW + timedelta(hours=1), NOW) == 50


@pytest.mark.parametrize(
    ("state", "count", "about", "owner", "text"),
    [
        ("open", 0, "", "everybody", "Nobody is waiting."),
        ("late", 0, "", "everybody", "Nobody is waiting too long."),
        ("closed", 0, "", "everybody", "Nothing is closed yet."),
        ("closed", 0, " about checkout", "nobody", "No closed case about checkout is nobody’s."),
        ("open", 0, "", "me", "No open case is yours."),
        ("all", 0, " about checkout", "everybody", "There is no case about checkout."),
        ("closed", 1, "", "everybody", "One closed case."),
        ("closed", 122, "", "everybody", "122 closed cases."),
        ("closed", 10_000, "", "everybody", "More than 10,000 closed cases."),
        ("open", 2, " about checkout", "me", "Two open cases of yours about checkout."),
        ("open", 2, "", "everybody", "Two customers are waiting to hear from us."),
    ],
)
def test_a_list_says_what_it_was_asked_for(state: str, count: int, about: str, owner: str, text: str) -> None:
    assert sentences.list_sentence(state, count, 0, about, owner, max_counted=10_000) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("order_id", "Order id"),
        ("orderId", "Order id"),
        ("order-total", "Order total"),
        ("VAT", "VAT"),
        ("SKU_no", "SKU no"),
        ("x", "X"),
        ("", ""),
    ],
)
def test_an_attributes_name_is_written_as_people_write(name: str, text: str) -> None:
    assert labels.attribute_label(name) == text


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ({}, ""),
        ({"sent": 3, "dropped": 1}, ""),
        ({"sent": 3, "failed": 1}, "One mail to a colleague was refused."),
        (
            {"unknown": 2, "waiting": 1},
            "Nobody knows whether two mails to colleagues have left. One mail to a colleague waits.",
        ),
    ],
)
def test_mails_to_colleagues_are_told_where_they_did_not_arrive(states: dict[str, int], text: str) -> None:
    assert sentences.mails_sentence(states) == text


def test_every_cause_is_said_by_its_theme() -> None:
    text = [cause_label(code) for code in CAUSE_CODES]
    assert len(set(text)) == len(text)
    assert all(one[0].isupper() for one in text)


def test_the_timeline_and_sentences_show_a_segment_as_the_company_calls_it() -> None:
    facts = {"rule": "Harbour", "lowest": 0, "highest": 6, "segment": "touchpoint:hbr-1"}
    with showing_names({"touchpoint:hbr-1": "The harbour"}):
        assert "the segment The harbour" in _by_rule(facts)
        assert segment_words("touchpoint:hbr-1") == "The harbour"
    assert segment_words("country:DK") == "country: DK"
