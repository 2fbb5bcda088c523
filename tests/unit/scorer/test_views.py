from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.scorer.domain import Groups
from services.scorer.repository.answers import AnswerRow
from services.scorer.repository.counts import SegmentPart
from services.scorer.views import WindowScore, latest_answer, parts_directly_below, segment_rows
from services.scorer.windows import Window
from shared.pages.filters import bound

ONE_DAY = Window(date(2026, 11, 22), date(2026, 11, 22))


def answer_row(score: int, was: int | None, day: date) -> AnswerRow:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return AnswerRow(UUID(int=1), score, was, day, None, None, None, "survey", at, None, None)


def part(segment: str, now: Groups, before: Groups | None = None) -> SegmentPart:
    return SegmentPart(segment, now, before or Groups(0, 0, 0))


def test_those_that_moved_come_first_then_by_score_and_few_answers_last() -> None:
    steady, fell = Groups(100, 100, 300), Groups(300, 100, 100)
    rows = segment_rows(
        [
            part("t:few", Groups(1, 1, 10)),
            part("t:steady", steady, steady),
            part("t:tiny", Groups(0, 0, 3)),
            part("t:fell", fell, steady),
            part("t:best", Groups(0, 10, 490), Groups(0, 10, 490)),
            part("t:silent", Groups(0, 0, 0), steady),
        ]
    )
    assert [row.name for row in rows] == ["Fell", "Best", "Steady", "Few", "Tiny"]
    assert [row.moved for row in rows] == [True, False, False, False, False]


def test_of_an_organisation_only_the_level_right_below_is_compared() -> None:
    some = Groups(1, 1, 1)
    tree = [part(f"organisation:{path}", some) for path in ("n", "n/a", "n/a/x", "n/b", "nn", "nn/c")]

    def below(*selection: str) -> list[str]:
        return [found.segment.partition(":")[2] for found in parts_directly_below(tree, selection)]

    assert below() == ["n", "nn"]
    assert below("touchpoint:shop", "organisation:n") == ["n/a", "n/b"]
    assert below("organisation:n/a") == ["n/a/x"]
    assert parts_directly_below([part("store:a", some)], ["organisation:n"]) == [part("store:a", some)]


def test_a_level_with_one_part_is_passed_over() -> None:
    some, none = Groups(1, 1, 1), Groups(0, 0, 0)
    tree = [part(f"organisation:{path}", some) for path in ("shops", "shops/a", "shops/b", "shops/a/x")]
    tree.append(part("organisation:service", none))
    assert [found.segment for found in parts_directly_below(tree, ["touchpoint:t"])] == [
        "organisation:shops/a",
        "organisation:shops/b",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-0.3, "\N{MINUS SIGN}0.3"),
        (0.04, "0"),
        (0.26, "+0.3"),
        (-21.2, "\N{MINUS SIGN}21"),
        (0.5, "+1"),
        (0, "0"),
    ],
)
def test_an_end_of_an_interval_is_not_rounded_onto_zero(value: float, words: str) -> None:
    assert bound(value) == words


def test_shares_are_rounded_half_up() -> None:
    assert [share for _, _, share in WindowScore(ONE_DAY, (1, 15, *(0,) * 9)).shares][:2] == [
        "6.3\N{NO-BREAK SPACE}%",
        "93.8\N{NO-BREAK SPACE}%",
    ]


def test_the_score_before_the_last_answer_is_counted_back_from_the_present_one() -> None:
    month = WindowScore(Window(date(2026, 10, 24), date(2026, 11, 22)), (0, 0, 0, 1, 0, 0, 0, 0, 0, 5, 0))
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    new = latest_answer(answer_row(3, None, at.date()), month)
    assert (new.before, new.after) == (Groups(0, 0, 5), Groups(1, 0, 5))
    amended = latest_answer(answer_row(3, 9, at.date()), month)
    assert (amended.before, amended.after) == (Groups(0, 0, 6), Groups(1, 0, 5))
    outside = latest_answer(answer_row(3, None, date(2026, 10, 1)), month)
    assert outside.before == outside.after
