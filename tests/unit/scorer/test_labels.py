from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.scorer.domain import Groups, ScoreChange
from services.scorer.labels import change_finding, due_time, missing_answers, one_decimal, score_finding
from services.scorer.views import drawing_of
from shared.pages.language import ReaderLocale, rendering_for

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "words"),
    [(41.25, "+41.3"), (-0.5, "\N{MINUS SIGN}0.5"), (0.04, "0.0"), (-0.04, "0.0"), (100, "+100.0")],
)
def test_a_score_with_one_decimal_is_rounded_away_from_zero_and_never_minus_zero(
    value: float, words: str
) -> None:
    assert one_decimal(value) == words


@pytest.mark.parametrize(
    ("points", "p", "words"),
    [
        (-28.2, 0.0001, "It fell by 28 points. Chance would almost never do that."),
        (31, 0.0001, "It rose by 31 points. Chance would almost never do that."),
        (-8, 0.006, "It fell by 8 points. Chance alone seldom does that."),
        (1, 0.01, "It rose by 1 point. Chance alone seldom does that."),
        (-3, 0.3, "It is 3 points lower. That could be chance."),
        (3, 0.05, "It is 3 points higher. That could be chance."),
        (0.4, 0.9, "It stands where it stood."),
    ],
)
def test_a_change_is_named_with_what_chance_would_do(points: float, p: float, words: str) -> None:
    assert change_finding(ScoreChange(points, points, points - 1, points + 1, 0.01, p)) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Groups(0, 0, 0), "Nobody answered in this window."),
        (Groups(0, 0, 1), "1 answer: too few for a score."),
        (Groups(2, 5, 15), "22 answers: somewhere from +25 to +79."),
        (Groups(249, 433, 595), "Acme stands at +27, give or take 4."),
        (Groups(0, 0, 40), "Acme stands at +100, somewhere from +84 to +100."),
    ],
)
def test_where_a_score_stands_is_named_as_far_as_it_is_known(found: Groups, words: str) -> None:
    assert score_finding("acme", drawing_of(found)) == words


def test_a_few_answers_are_named_one_by_one() -> None:
    assert missing_answers(Groups(2, 1, 4)) == "2 detractors, 1 passive, 4 promoters; 3 more needed"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-267, "4 h 27 min late"),
        (69, "in 1 h 9 min"),
        (4 * 60, "today 17:00"),
        (20 * 60, "tomorrow 09:00"),
        (72 * 60, "23 November 13:00"),
    ],
)
def test_when_something_is_due_is_named_from_now(minutes: int, words: str) -> None:
    with rendering_for(ReaderLocale(zone=ZoneInfo("Europe/Copenhagen"), now=NOW)):
        assert due_time(NOW + timedelta(minutes=minutes)) == words
