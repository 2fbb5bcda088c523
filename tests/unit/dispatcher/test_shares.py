"""How many of a segment's contacts a survey with adaptive sampling asks."""

from math import exp, factorial, sqrt
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.dispatcher_builders import a_transaction

from services.dispatcher.adaptive_sampling.shares import (
    MIN_AIMED_ANSWERS,
    MIN_ANSWERS,
    MIN_PERCENT,
    ComputedShare,
    SegmentHistory,
    answers_needed,
    compute_shares,
    response_rate,
    share_percent,
    variance,
)
from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.sampling import (
    ALL_PERCENT,
    SegmentShare,
    adaptive_segment,
    draw,
    is_sampled,
    sampling_key,
)
from services.dispatcher.statistics import MIN_RELIED_ON
from services.scorer import domain as scorer
from shared.events.segments import segments_of
from shared.events.surveys import AdaptiveSampling
from shared.values.normal import Z_95, z_value
from shared.values.score_estimates import margin_of

KEY = sampling_key("a secret of the tests")
SURVEY = UUID(int=1)
STORES = AdaptiveSampling(dimension="store", margin=10)
counts = st.integers(0, 2_000)


def history(segment: str = "store:aarhus", **facts: Any) -> SegmentHistory:
    answers = sum(facts.get(group, 0) for group in ("detractors", "passives", "promoters"))
    return SegmentHistory(segment=segment, **{"asked": answers * 5, "eligible": answers * 5.0, **facts})


@st.composite
def histories(draw_: st.DrawFn) -> SegmentHistory:
    groups: dict[str, Any] = {group: draw_(counts) for group in ("detractors", "passives", "promoters")}
    asked = sum(groups.values()) + draw_(st.integers(0, 20_000))
    eligible = asked * draw_(st.floats(1, 10))
    return history(**groups, asked=asked, eligible=eligible)


def share_of(one: SegmentHistory, adaptive: AdaptiveSampling = STORES, *, full: bool = True) -> ComputedShare:
    whole, share = compute_shares(adaptive, [one], has_full_window=full)
    assert whole.segment == ""
    return share


def a_contact(name: str, tenant: str = "havnbo") -> ContactKey:
    return ContactKey(tenant, f"c-{name}", name)


class TestShares:
    @given(histories(), st.integers(1, 50), st.booleans())
    def test_a_share_is_a_whole_percent_within_its_bounds(
        self, one: SegmentHistory, margin: int, full: bool
    ) -> None:
        share = share_of(one, AdaptiveSampling(dimension="store", margin=margin), full=full)
        assert MIN_PERCENT <= share.percent <= ALL_PERCENT

    @given(histories(), st.integers(1, 50), st.integers(1, 50))
    def test_a_wider_margin_never_needs_more(self, one: SegmentHistory, first: int, second: int) -> None:
        wide, narrow = (
            share_of(one, AdaptiveSampling(dimension="store", margin=margin))
            for margin in sorted((first, second), reverse=True)
        )
        assert wide.percent <= narrow.percent
        assert wide.needed <= narrow.needed

    @given(st.floats(0.01, 1), st.floats(0.01, 1), st.integers(1, 50))
    def test_answers_that_differ_more_need_more(self, one: float, other: float, margin: int) -> None:
        alike, apart = sorted((one, other))
        assert answers_needed(alike, margin) <= answers_needed(apart, margin)

    @given(st.integers(1, 5_000), st.floats(0.01, 1), st.floats(1, 1e6), st.floats(1, 1e6))
    def test_more_customers_never_make_a_greater_share(
        self, needed: int, rate: float, one: float, other: float
    ) -> None:
        few, many = sorted((one, other))
        assert share_percent(needed, rate, many) <= share_percent(needed, rate, few)

    @given(histories(), st.integers(1, 50))
    def test_without_a_full_window_or_with_few_answers_everybody_is_asked(
        self, one: SegmentHistory, margin: int
    ) -> None:
        adaptive = AdaptiveSampling(dimension="store", margin=margin)
        assert share_of(one, adaptive, full=False).percent == ALL_PERCENT
        if one.answers < MIN_ANSWERS:
            assert share_of(one, adaptive).percent == ALL_PERCENT

    @given(histories(), st.integers(1, 50))
    def test_it_saves_only_where_the_margin_is_reached(self, one: SegmentHistory, margin: int) -> None:
        share = share_of(one, AdaptiveSampling(dimension="store", margin=margin))
        if share.percent == ALL_PERCENT:
            return
        expected = one.eligible * share.percent / 100 * share.response_rate
        assert expected >= share.needed - 1e-6
        assert margin_of(share.variance, int(expected + 1e-6)) <= margin + 1e-6
        if share.percent > MIN_PERCENT:  # one percent less would not do
            assert one.eligible * (share.percent - 1) / 100 * share.response_rate < share.needed

    @given(histories(), histories())
    def test_a_segment_does_not_hang_on_its_neighbours_once_its_own_rate_is_known(
        self, one: SegmentHistory, other: SegmentHistory
    ) -> None:
        beside = history(
            "store:odense",
            **{
                name: getattr(other, name)
                for name in ("asked", "eligible", "detractors", "passives", "promoters")
            },
        )
        _, together, _ = compute_shares(STORES, [one, beside], has_full_window=True)
        if one.asked >= MIN_RELIED_ON:
            assert together == share_of(one)

    def test_whom_is_of_no_segment_has_no_share_and_counts_for_the_whole(self) -> None:
        blank = history("", detractors=100, promoters=300)
        (whole,) = compute_shares(STORES, [blank], has_full_window=True)
        assert (whole.answers, whole.percent) == (400, ALL_PERCENT)

    def test_the_numbers_of_one_segment(self) -> None:
        # 20 % detractors, 50 % promoters: v = .61, so that ±10 points need 232 answers (MeasuringU).
        one = history(detractors=200, passives=300, promoters=500, asked=5_000, eligible=5_000.0)
        share = share_of(one)
        assert share.needed == pytest.approx(232, abs=1)
        assert share.response_rate == 0.2
        assert share.percent == 24  # 232 / .2 = 1,160 of 5,000
        # The same number of answers at half the share: twice as many could be asked.
        assert share_of(history(detractors=200, passives=300, promoters=500, asked=5_000,
                                eligible=10_000.0)).percent == 12  # fmt: skip

    def test_a_wide_margin_does_not_take_the_answers_by_which_it_is_known(self) -> None:
        wide = AdaptiveSampling(dimension="store", margin=50)
        share = share_of(
            history(detractors=200, passives=300, promoters=500, asked=2_000, eligible=2_000.0), wide
        )
        assert (share.needed, share.percent) == (MIN_AIMED_ANSWERS, MIN_PERCENT)
        few = share_of(history(detractors=20, passives=30, promoters=50, asked=500, eligible=500.0), wide)
        assert few.percent == 45
        below = sum(exp(-45) * 45**n / factorial(n) for n in range(MIN_ANSWERS))
        assert below < 0.01

    @given(st.floats(0.1, 0.9), st.integers(0, 10_000))
    @settings(max_examples=10)
    def test_followed_over_many_windows_a_share_settles_at_what_is_needed(
        self, rate: float, seed: int
    ) -> None:
        """Each window asks by the share of the one before; answers come by chance."""
        chance, eligible, one, before = Random(seed), 2_000, history(), ALL_PERCENT
        percent = ALL_PERCENT
        for _ in range(6):
            asked = eligible * percent // 100
            answers = [chance.choice((-1, 1, 1)) for _ in range(asked) if chance.random() < rate]
            one = history(detractors=answers.count(-1), promoters=answers.count(1), asked=asked)
            before, percent = percent, share_of(replace(one, eligible=1.0 * eligible)).percent
        if before not in (MIN_PERCENT, ALL_PERCENT):
            assert margin_of(variance(one), one.answers) == pytest.approx(STORES.margin, rel=0.35)


class TestFormulas:
    @given(counts, counts, counts)
    def test_variance_and_margin_are_those_by_which_the_scorer_shows_a_score(
        self, detractors: int, passives: int, promoters: int
    ) -> None:
        one = history(detractors=detractors, passives=passives, promoters=promoters)
        groups = scorer.Groups(detractors, passives, promoters)
        low, high = scorer.wald_interval(groups)
        assert margin_of(variance(one), one.answers) == pytest.approx((high - low) / 2)
        assert 0 < variance(one) <= 1

    @pytest.mark.parametrize(
        ("v", "margin", "n"), [(0.61, 10, 232), (0.61, 5, 935), (1, 10, 382), (1, 20, 94)]
    )
    def test_the_needed_answers_are_those_of_the_published_table(self, v: float, margin: int, n: int) -> None:
        assert answers_needed(v, margin) == pytest.approx(n, abs=1)

    @given(st.floats(0.01, 1), st.integers(1, 50))
    def test_so_many_answers_give_the_margin_and_one_less_does_not(self, v: float, margin: int) -> None:
        n = answers_needed(v, margin)
        assert margin_of(v, n) <= margin + 1e-6
        if n > 1:
            assert margin_of(v, n - 1) > margin - 1e-6

    def test_a_rate_is_the_segments_where_enough_were_asked_else_the_surveys_else_a_careful_one(self) -> None:
        few = history(promoters=9, asked=99)
        enough = history(promoters=30, asked=100)
        assert response_rate(enough, few) == 0.3
        assert response_rate(few, enough) == 0.3
        assert response_rate(few, few) == 0.1


class TestDraw:
    @given(st.text(min_size=1, max_size=20), st.integers(1, 100), st.integers(1, 100), st.booleans())
    def test_the_draws_nest_and_the_lower_percent_decides(
        self, name: str, own: int, percent: int, is_detractor: bool
    ) -> None:
        share = SegmentShare(segment="store:aarhus", percent=percent, margin=5, answers=100)
        found = draw(KEY, a_contact(name), SURVEY, own, share, is_detractor=is_detractor)
        assert found.percent == min(own, percent)
        assert found.drawn is is_sampled(KEY, a_contact(name), SURVEY, min(own, percent))
        assert (found.share is not None) is (percent < own)
        # Nobody is asked whom the survey's own percent does not draw, and no detractor is spared by a share.
        allowed = is_sampled(KEY, a_contact(name), SURVEY, own)
        assert found.asks is (allowed if is_detractor else found.drawn)
        assert not (found.drawn and found.beyond)

    @given(st.text(min_size=1, max_size=20), st.integers(1, 100), st.integers(1, 100))
    def test_a_greater_share_only_adds_people(self, name: str, one: int, other: int) -> None:
        few, many = (
            draw(
                KEY, a_contact(name), SURVEY, 100, SegmentShare(segment="", percent=p, margin=5, answers=1)
            ).drawn
            for p in sorted((one, other))
        )
        assert few <= many

    def test_the_mean_of_those_drawn_is_that_of_all_and_their_number_tells_how_many_there_are(self) -> None:
        """By the real draw, over 20,000 contacts of three kinds: an estimate within four standard errors."""
        n = 20_000
        scores = [(-1, 0, 0, 1, 1, 1, 1, -1, 1, 0)[number % 10] for number in range(n)]
        mean = sum(scores) / n
        square = sum(score * score for score in scores) / n - mean * mean
        for percent in (10, 37, 80):
            share = SegmentShare(segment="store:aarhus", percent=percent, margin=5, answers=100)
            drawn = [
                score
                for number, score in enumerate(scores)
                if draw(KEY, a_contact(f"{number}"), SURVEY, 100, share).drawn
            ]
            error = sqrt(square / len(drawn) * (1 - len(drawn) / n))
            assert abs(sum(drawn) / len(drawn) - mean) < 4 * error, percent
            eligible = len(drawn) * 100 / percent
            of_estimate = sqrt(n * (1 - percent / 100) / (percent / 100))
            assert abs(eligible - n) < 4 * of_estimate, percent

    def test_who_is_asked_beyond_the_draw_would_move_the_mean_so_it_is_marked(self) -> None:
        share = SegmentShare(segment="store:aarhus", percent=20, margin=5, answers=100)
        found = [
            draw(KEY, a_contact(f"{number}"), SURVEY, 100, share, is_detractor=number % 4 == 0)
            for number in range(4_000)
        ]
        assert sum(one.beyond for one in found) == pytest.approx(800, abs=4 * sqrt(1000 * 0.2 * 0.8))
        assert all(one.asks for one in found[::4])
        drawn = [number for number, one in enumerate(found) if one.drawn]
        share_of_detractors = sum(number % 4 == 0 for number in drawn) / len(drawn)
        assert share_of_detractors == pytest.approx(0.25, abs=4 * sqrt(0.25 * 0.75 / len(drawn)))


class TestSegments:
    texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)

    @given(texts)
    def test_a_segment_is_named_as_the_rows_of_decisions_have_it(self, value: str) -> None:
        event = a_transaction(segments={"store": value, "touchpoint": "checkout"}, organisation=())
        stored = [segment.replace("\x1f", " ") for segment in segments_of(event)]
        assert adaptive_segment(STORES, event, None) in stored

    def test_the_surveys_touchpoint_stands_where_the_event_names_none(self) -> None:
        by_touchpoint = AdaptiveSampling(dimension="touchpoint", margin=5)
        named, unnamed = a_transaction(), a_transaction(segments={"store": "aarhus"})
        assert adaptive_segment(by_touchpoint, named, "delivery") == "touchpoint:checkout"
        assert adaptive_segment(by_touchpoint, unnamed, "delivery") == "touchpoint:delivery"
        assert adaptive_segment(by_touchpoint, unnamed, None) is None
        assert adaptive_segment(None, named, None) is None


def test_the_interval_holds_19_times_in_20() -> None:
    assert z_value(scorer.CONFIDENCE) == Z_95
