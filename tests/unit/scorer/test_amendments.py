"""Which days lie before a moment, whatever the zone, and which choices an address may have."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.amendments.domain import AnswerChoice, Moment
from services.scorer.amendments.reading import ChoiceParameters, read_choice, read_chosen_window
from services.scorer.domain import Groups, answers_for_margin, more_answers_for_margin, wald_interval
from services.scorer.parameters import lowest_of, read_asked_window
from services.scorer.windows import Window
from shared.http.instants import MAX_INSTANT, MIN_INSTANT
from shared.http.problems import Problem

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
ZONES = ("Pacific/Kiritimati", "Etc/GMT+12", "Europe/Copenhagen", "America/St_Johns", "Pacific/Chatham")
times = st.integers(0, 6 * 365 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes))


@given(times, st.integers(-4 * 24 * 60, 4 * 24 * 60), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_days_are_told_before_a_moment_only_where_they_are_in_every_zone(
    at: datetime, minutes: int, zone: str, company_zone: str
) -> None:
    moment, given_at = Moment(at, company_zone), at + timedelta(minutes=minutes)
    day = given_at.astimezone(ZoneInfo(zone)).date()
    if day <= moment.last_whole:
        assert given_at <= at
    if given_at <= at:
        assert day <= moment.last
    assert (moment.last - moment.last_whole).days <= 3
    assert moment.last_whole <= moment.last_ended < moment.day


@given(times, st.integers(-20, 20), st.integers(0, 30))
def test_a_window_is_divided_into_whole_days_and_at_most_three_others(
    at: datetime, ahead: int, days: int
) -> None:
    first = at.date() + timedelta(days=ahead)
    window = Window(first, first + timedelta(days=days))
    moment = Moment(at, "Europe/Copenhagen")
    choice = AnswerChoice(moment=moment)
    whole, single = choice.divided(window)
    found = [*(whole or ()), *(single or ())]
    assert found == [day for day in window if day <= moment.last]
    assert list(whole or ()) == [day for day in window if day <= moment.last_whole]
    assert single is None or single.days <= 3
    assert AnswerChoice(amended="first").divided(window) == (window, None)


def test_only_all_answers_as_they_are_now_are_usual() -> None:
    moment = Moment(NOW, "UTC")
    assert AnswerChoice().is_usual
    assert not any(
        choice.is_usual
        for choice in (
            AnswerChoice(amended="first"),
            AnswerChoice(per="customer"),
            AnswerChoice(moment=moment),
        )
    )


@pytest.mark.parametrize(
    "at", [NOW + timedelta(seconds=1), datetime(1989, 12, 31, tzinfo=UTC), MIN_INSTANT, MAX_INSTANT]
)
def test_a_moment_to_come_or_before_the_calendar_of_scores_is_refused(at: datetime) -> None:
    with pytest.raises(Problem) as refused:
        read_choice(ChoiceParameters(as_of=at), "Europe/Copenhagen", NOW)
    (fault,) = refused.value.errors
    assert fault["field"] == "as_of"
    assert "until now" in str(fault["detail"])


def test_a_window_without_a_last_day_ends_on_the_day_of_the_moment() -> None:
    given_ = ChoiceParameters(as_of=datetime(2026, 10, 1, 23, 30, tzinfo=UTC))
    choice = read_choice(given_, "Europe/Copenhagen", NOW)
    assert read_chosen_window("7d", "", "", "", choice, TODAY) == Window(date(2026, 9, 26), date(2026, 10, 2))
    own = read_chosen_window("", "", "2026-10-01", "2026-11-20", choice, TODAY)
    assert own == Window(date(2026, 10, 1), date(2026, 11, 20))
    assert read_chosen_window("", "", "", "", AnswerChoice(), TODAY).last == TODAY


@pytest.mark.parametrize(
    ("window", "until", "first", "last", "field"),
    [
        ("7d", "", "2026-11-01", "2026-11-02", "window"),
        ("", "2026-11-02", "2026-11-01", "", "until"),
        ("", "", "2026-11-01", "", "to"),
        ("", "", "", "2026-11-01", "from"),
        ("", "", "2026-11-02", "2026-11-01", "from"),
        ("", "", "1999-01-01", "2026-11-01", "from"),
        ("", "", "soon", "2026-11-01", "from"),
        ("x", "", "", "", "window"),
    ],
)
def test_days_that_contradict_each_other_are_refused_by_name(
    window: str, until: str, first: str, last: str, field: str
) -> None:
    with pytest.raises(Problem) as refused:
        read_asked_window(window, until, first, last, TODAY)
    (fault,) = refused.value.errors
    assert fault["field"] == field
    assert str(fault["detail"])


def test_of_a_path_its_lowest_level_says_all() -> None:
    named = ["", "organisation:north", "store:x", "organisation:north/sales", "store:x"]
    assert lowest_of(named) == ("store:x", "organisation:north/sales")


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(1, 60))
def test_with_the_answers_that_are_needed_the_margin_is_no_wider(
    detractors: int, passives: int, promoters: int, margin: int
) -> None:
    groups = Groups(detractors, passives, promoters)
    more = more_answers_for_margin(groups, margin)
    if not groups.n:
        assert more == 0
        return
    assert more == max(0, answers_for_margin(margin, float(groups.variance or 0)) - groups.n)
    # So many answers in the same shares; the interval adds three of its own, which narrow or widen it a little.
    times_as_many = -(-(groups.n + more) // groups.n)
    low, high = wald_interval(
        Groups(detractors * times_as_many, passives * times_as_many, promoters * times_as_many), pseudo=0
    )
    assert (high - low) / 2 <= margin * (1 + 3 / (groups.n + more)) ** 0.5 + 1e-9
