"""What is told of customers who were asked again: nothing of fewer than ten, and a difference only of two groups."""

import pytest

from services.alerts.re_asks.domain import ReAskCounts, RecoveryFigures
from services.alerts.re_asks.views import comparison_of, finding_of, lines_of
from shared.pages.language import ReaderLocale, rendering_for


def counts(asked: int, answered: int, better: int, promoters: int = 0, change: int = 0) -> ReAskCounts:
    return ReAskCounts(asked=asked, answered=answered, better=better, promoters=promoters, change=change)


def figures(reached: ReAskCounts, others: ReAskCounts) -> RecoveryFigures:
    return RecoveryFigures.of(reached, others, {"recovered": reached, "lost": ReAskCounts()})


def test_of_two_groups_of_ten_answers_the_difference_is_told() -> None:
    found = figures(counts(100, 70, 56, 30, 210), counts(120, 80, 48, 8, 160))
    assert (found.reached.mean_change, found.not_reached.mean_change) == (3.0, 2.0)
    assert found.reached.response.percent == 70.0
    assert found.better is not None
    told = found.better.points, found.better.low, found.better.high
    assert told == pytest.approx((20.0, 5.24, 33.39), abs=0.01)
    assert found.promoters is not None
    assert found.promoters.points == pytest.approx(100 * (30 / 70 - 8 / 80))


@pytest.mark.parametrize(
    ("reached", "others"), [(counts(30, 9, 9), counts(30, 30, 3)), (counts(30, 30, 3), counts(30, 9, 9))]
)
def test_of_nine_answers_nothing_is_told_and_nothing_is_compared(
    reached: ReAskCounts, others: ReAskCounts
) -> None:
    found = figures(reached, others)
    few = found.reached if reached.answered == 9 else found.not_reached
    assert (few.better.percent, few.better.low, few.promoters.percent, few.mean_change) == (None,) * 4
    assert few.response.percent == 30.0
    assert (found.better, found.promoters) == (None, None)


def test_the_words_say_whether_a_difference_may_be_chance() -> None:
    with rendering_for(ReaderLocale("en")):
        sure = figures(counts(100, 70, 56), counts(120, 80, 48))
        assert finding_of(sure).startswith("80.0")
        assert "+20 points" in comparison_of(sure)
        assert comparison_of(sure).endswith("more than chance.")
        unsure = figures(counts(100, 70, 50), counts(120, 80, 55))
        assert comparison_of(unsure).endswith("it may be chance.")
        few = figures(counts(20, 9, 3), counts(120, 80, 55))
        assert "nothing to compare" in comparison_of(few)
        assert "asked again" in finding_of(few)


def test_only_outcomes_of_whom_somebody_was_asked_have_a_row() -> None:
    with rendering_for(ReaderLocale("en")):
        lines = lines_of(figures(counts(100, 70, 56), counts(1, 0, 0)))
    assert [line.is_part for line in lines] == [False, True, False]
    assert [cell.value for cell in lines[-1].cells] == ["\N{EN DASH}"] * 4
    assert lines[0].cells[1].note.endswith("of 70")
