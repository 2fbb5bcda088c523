"""Times and counts in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.alerts import words

ZONE = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "late", "said"),
    [
        (0, 0, "Nobody is waiting."),
        (1, 0, "One customer is waiting to hear from us."),
        (1, 1, "One customer is waiting to hear from us, and for too long."),
        (9, 2, "Nine customers are waiting to hear from us; two of them too long."),
        (2, 2, "Two customers are waiting to hear from us, all of them too long."),
        (1300, 14, "1,300 customers are waiting to hear from us; 14 of them too long."),
    ],
)
def test_who_waits_is_said_in_a_sentence(count: int, late: int, said: str) -> None:
    assert words.waiting(count, late) == said


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=69), "1 h 9 min"),
        (timedelta(hours=30, minutes=5), "30 h"),
        (timedelta(days=4, hours=3), "4 days"),
    ],
)
def test_spans(length: timedelta, said: str) -> None:
    assert words.span(length).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("ahead", "contact", "said"),
    [
        (timedelta(minutes=-72), True, "1 h 12 min late"),
        (timedelta(minutes=69), True, "in 1 h 9 min"),
        (timedelta(hours=6), True, "today 16:00"),
        (timedelta(hours=23), True, "tomorrow 09:00"),
        (timedelta(days=2), False, "close by Tue 24 Nov 10:00"),
        (timedelta(days=60), False, "close by Thu 21 Jan 2027 10:00"),
    ],
)
def test_deadlines_are_told_in_the_companys_zone(ahead: timedelta, contact: bool, said: str) -> None:
    assert words.due(NOW + ahead, NOW, ZONE, contact=contact).replace("\u00a0", " ") == said


def test_causes_are_words() -> None:
    assert words.cause("delivery.late") == "Delivery: late"
    assert words.cause("contact.no_callback") == "Contact: no call-back"
    assert words.cause("other") == "Other"


def test_a_clock_without_a_way_is_over() -> None:
    assert words.elapsed(NOW, NOW, NOW) == 100
    assert words.elapsed(NOW - timedelta(hours=1), NOW + timedelta(hours=1), NOW) == 50
