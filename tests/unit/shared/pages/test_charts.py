import itertools
import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pages import svg as charts
from shared.pages.svg import ChartScore, Point

SURE = ChartScore(1277, 27.1, 23.1, 31.0, 25.7, 28.5)
FEW = ChartScore(22, 50.0, 15.0, 73.0, 38.0, 58.0)
EVIL = '"><script>alert(1)</script>'


def parsed(markup: object) -> ET.Element:
    return ET.fromstring(str(markup))


def texts_of(markup: object) -> list[str]:
    return ["".join(node.itertext()) for node in parsed(markup).iter("text")]


def classes_of(markup: object) -> list[str]:
    return [node.get("class", "") for node in parsed(markup).iter()]


def week(n: int, score: ChartScore | None) -> Point:
    first = date(2026, 5, 18) + timedelta(weeks=n)
    return Point(first, first + timedelta(days=6), score)


WEEKS = [week(n, SURE) for n in range(27)]
ALL_CHARTS = [
    charts.main_score(SURE, EVIL),
    charts.second_score(SURE, EVIL),
    charts.unknown_score(EVIL),
    charts.score_row(SURE, 20),
    charts.compared_score(FEW, EVIL, labels=True),
    charts.difference(-8, -14, -2, EVIL),
    charts.contribution(-3.2, -6.0, -0.4, 10),
    charts.histogram(range(11), EVIL),
    charts.trend(WEEKS, EVIL, boxes=[week(20, SURE)], notes=[(date(2026, 11, 2), EVIL)]),
    charts.small_trend(WEEKS, EVIL),
    charts.share_with_interval(0.24, 0.18, 0.31),
    charts.funnel_step(401, 1100, 68),
    charts.score_strip(3),
    charts.score_place(9, EVIL, 2),
    charts.clock(120, late=True),
    charts.big_clock(80, EVIL, EVIL, EVIL),
    charts.single_answers(2, 1, 4),
    charts.glyph("pa"),
    charts.legend_sample("interval"),
    charts.logo(),
]


@pytest.mark.parametrize("chart", ALL_CHARTS)
def test_every_chart_is_valid_svg_and_everything_in_it_is_escaped(chart: str) -> None:
    root = parsed(chart)
    assert root.tag == "svg"
    assert "<script" not in chart
    assert root.get("viewBox") is None
    assert "style=" not in chart


@pytest.mark.parametrize("chart", ALL_CHARTS)
def test_a_chart_has_a_label_or_is_hidden_from_screen_readers(chart: str) -> None:
    root = parsed(chart)
    labelled = root.get("role") == "img" and root.get("aria-label")
    assert bool(labelled) != (root.get("aria-hidden") == "true")


def test_a_score_of_many_answers_is_two_blocks_and_a_line() -> None:
    assert {"b95", "b50", "pt", "cap"} <= set(classes_of(charts.main_score(SURE, "x")))
    assert texts_of(charts.main_score(SURE, "x"))[0] == "+27"
    assert {"+23", "+31"} <= set(texts_of(charts.main_score(SURE, "x")))


def test_few_answers_are_hatched_with_a_hollow_dot_and_no_half_block() -> None:
    chart = classes_of(charts.compared_score(FEW))
    assert {"few", "hollow"} <= set(chart)
    assert not {"b50", "b95", "pt"} & set(chart)
    assert 'fill="url(#few)"' in charts.compared_score(FEW)


def test_a_negative_score_has_a_real_minus() -> None:
    assert "−26" in texts_of(charts.main_score(ChartScore(129, -25.6, -38, -12, -30, -21), "x"))[0]
    assert "-26" not in str(texts_of(charts.main_score(ChartScore(129, -25.6, -38, -12, -30, -21), "x")))


def test_both_labels_are_on_one_side_near_the_end_of_the_ruler() -> None:
    assert "+82 to +100" in texts_of(charts.compared_score(ChartScore(36, 100, 82, 100, 95, 100)))
    assert "−100 to −82" in texts_of(charts.compared_score(ChartScore(36, -100, -100, -82, -100, -95)))


def test_a_margin_is_known_only_where_both_halves_agree() -> None:
    assert SURE.margin == pytest.approx(3.95)
    assert ChartScore(36, 100, 82, 100, 95, 100).margin is None


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(-100, 100), st.integers(10, 10**6))
def test_nothing_is_drawn_outside_the_ruler(a: float, b: float, c: float, n: int) -> None:
    low, nps, high = sorted((a, b, c))
    chart = charts.main_score(ChartScore(n, nps, low, high, low, high), "x")
    for value in re.findall(r'(?:x|x1|x2|cx|width)="(-?[\d.]+)%"', chart):
        assert 0 <= float(value) <= 100


@pytest.mark.parametrize(
    ("points", "low", "high", "bar", "interval"),
    [
        (-5.0, -8.0, -2.0, (25, 25), (10, 30)),
        (2.0, -2.0, 6.0, (50, 10), (40, 40)),
        (0.0, -1.0, 1.0, (50, 0), (45, 10)),
        (30.0, -40.0, 90.0, (50, 50), (0, 100)),
    ],
)
def test_the_bar_of_a_contribution_begins_at_the_middle_and_stays_on_the_ruler(
    points: float, low: float, high: float, bar: tuple[int, int], interval: tuple[int, int]
) -> None:
    found = {
        node.get("class"): tuple(float(node.get(name, "").rstrip("%")) for name in ("x", "width"))
        for node in parsed(charts.contribution(points, low, high, 10)).iter("rect")
    }
    assert found == {"b95": interval, "b50": bar}


def test_a_difference_beyond_the_ruler_stays_on_it() -> None:
    chart = charts.difference(-150, -190, -110)
    assert all(0 <= float(value) <= 100 for value in re.findall(r'="(-?[\d.]+)%"', chart))


def test_a_histogram_counts_eleven_scores_in_three_groups() -> None:
    chart = charts.histogram([5, 0, 0, 0, 0, 0, 0, 2, 1, 4, 10], "x")
    assert classes_of(chart).count("d") == 7
    assert (classes_of(chart).count("pa"), classes_of(chart).count("p")) == (2, 2)
    assert [kind for kind in classes_of(chart) if kind.startswith("brk")] == ["brk d", "brk pa", "brk p"]
    with pytest.raises(ValueError, match="eleven"):
        charts.histogram([1] * 10, "x")


def test_an_empty_histogram_is_flat() -> None:
    assert 'height="148"' not in charts.histogram([0] * 11, "x")


def test_a_trend_shows_half_the_scale_only_where_every_band_lies_in_it() -> None:
    assert charts.range_of(WEEKS) == charts.range_of([]).__class__(0, 100)
    below = ChartScore(50, -20, -40, -1, -30, -10)
    across = ChartScore(50, 5, -5, 15, 1, 9)
    assert (charts.range_of([week(0, below)]).low, charts.range_of([week(0, below)]).high) == (-100, 0)
    assert charts.range_of([*WEEKS, week(30, across)]).low == -100
    assert charts.range_of([]).low == -100


def test_a_week_without_a_score_is_a_gap_in_the_line() -> None:
    gap = [
        week(0, SURE),
        week(1, SURE),
        week(2, None),
        week(3, ChartScore(9, 50, 0, 90, 30, 70)),
        week(4, SURE),
    ]
    assert len(list(parsed(charts.trend(gap, "x")).iter("polyline"))) == 2


def test_a_trend_without_any_score_is_an_empty_frame() -> None:
    assert not list(parsed(charts.trend([week(0, None)], "x")).iter("polyline"))


def test_months_are_named_across_a_new_year_and_years_over_a_decade() -> None:
    start = date(2025, 10, 6)
    half_year = [
        Point(start + timedelta(weeks=n), start + timedelta(weeks=n, days=6), SURE) for n in range(26)
    ]
    assert {"Dec", "Jan", "Feb"} <= set(texts_of(charts.trend(half_year, "x")))
    decade = [Point(start + timedelta(weeks=n), start + timedelta(weeks=n, days=6), SURE) for n in range(520)]
    labels = set(texts_of(charts.trend(decade, "x")))
    assert {"2026", "2030"} <= labels
    assert "Jan" not in labels


def test_the_window_that_is_compared_wears_its_score() -> None:
    boxes = [week(10, ChartScore(300, 35, 31, 39, 34, 36)), week(20, SURE)]
    chart = charts.trend(WEEKS, "x", boxes=boxes)
    assert classes_of(chart).count("win") == 2
    assert {"+35", "+27"} <= set(texts_of(chart))


def test_an_amended_answer_shows_both_scores() -> None:
    chart = charts.score_place(9, "x", 2)
    assert {"num p", "wasn"} <= set(classes_of(chart))
    assert "wasn" not in classes_of(charts.score_place(9, "x", 9))


def test_a_clock_never_runs_past_its_end() -> None:
    assert 'x2="120%"' not in charts.clock(120, late=True)
    assert "late" in classes_of(charts.clock(120, late=True))
    assert charts.clock(-5)


def test_each_of_a_few_answers_is_drawn_by_its_shape() -> None:
    chart = parsed(charts.single_answers(2, 1, 4))
    assert [len(list(chart.iter("rect"))), len(list(chart.iter("circle")))] == [2, 5]


def test_the_eleven_places_have_the_class_of_their_group() -> None:
    assert [charts.group_of(score) for score in range(11)] == list(
        itertools.chain(["d"] * 7, ["pa"] * 2, ["p"] * 2)
    )
