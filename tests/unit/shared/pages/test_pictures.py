"""The picture of a trend in a mail: its line is where the scores are, and it needs no font."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.png import read_png

from shared.pages.pictures import TREND_HEIGHT, TREND_WIDTH, trend_picture, trend_place
from shared.pages.svg import ChartScore, Point

FIRST = date(2026, 6, 1)
LINE, GROUND = (0x0B, 0x5A, 0x60), (255, 255, 255)
MOST_BYTES = 60_000


def a_point(week: int, score: float, n: int = 60) -> Point:
    first = FIRST + timedelta(days=7 * week)
    low, high = max(-100.0, score - 12), min(100.0, score + 12)
    return Point(first, first + timedelta(days=6), ChartScore(n, score, low, high, score - 4, score + 4))


def is_line(pixel: tuple[int, int, int]) -> bool:
    return max(abs(part - of) for part, of in zip(pixel, LINE, strict=True)) < 60


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-90, 90), min_size=2, max_size=27))
def test_the_line_is_where_the_scores_are(scores: list[int]) -> None:
    points = [a_point(week, score) for week, score in enumerate(scores)]
    body = trend_picture(points)
    picture = read_png(body)
    assert (picture.width, picture.height) == (TREND_WIDTH, TREND_HEIGHT)
    assert len(body) < MOST_BYTES
    for point in points[:-1]:
        assert is_line(picture.at(*trend_place(points, [], point))), point
    x, y = trend_place(points, [], points[-1])
    assert picture.at(x, y) == GROUND  # a hollow dot: it may still change
    assert is_line(picture.at(x, y - 5))


def test_a_higher_score_stands_higher_and_the_scale_is_that_of_the_page() -> None:
    points = [a_point(0, 20), a_point(1, 80)]
    assert trend_place(points, [], points[1])[1] < trend_place(points, [], points[0])[1]
    whole = [a_point(0, -20), a_point(1, 20)]
    middle = sum(trend_place(whole, [], point)[1] for point in whole) / 2
    assert abs(middle - TREND_HEIGHT / 2) < 0.01


def test_a_point_of_too_few_answers_is_a_gap() -> None:
    points = [a_point(0, 40), a_point(1, 40, n=9), a_point(2, 40)]
    picture = read_png(trend_picture(points))
    assert not is_line(picture.at(*trend_place(points, [], points[1])))


def test_the_ground_is_painted_for_dark_programs() -> None:
    picture = read_png(trend_picture([a_point(0, 40), a_point(1, 50)]))
    assert picture.at(1, 1) == GROUND
    assert picture.at(TREND_WIDTH - 1, TREND_HEIGHT - 1) == GROUND
