"""The simulated customers behave as deploy/demo/README.md says, and the same each time."""

from collections import Counter

import pytest

from deploy.demo.model import (
    AGENT_SHIFTS,
    NEW_CARRIER_DAYS,
    SCORE_WEIGHTS,
    STORE_SHIFTS,
    TOUCHPOINT_SHIFTS,
    Circumstances,
    Model,
    chances,
    shift,
)
from deploy.demo.sentences import Sentence, Sentences

SENTENCES = Sentences(
    Sentence(sentiment, f"a sentence that was felt to be {sentiment}") for sentiment in (-3.0, -1.0, 0.5, 3.0)
)


def nps(of: list[float]) -> float:
    return 100 * (sum(of[9:]) - sum(of[:7]))


def test_without_a_shift_the_weights_are_those_of_the_manual_and_the_score_is_45() -> None:
    assert chances(0.0) == pytest.approx(SCORE_WEIGHTS)
    assert nps(chances(0.0)) == pytest.approx(45.0)


def test_every_shift_leaves_eleven_chances_that_sum_to_one_and_a_greater_one_a_greater_score() -> None:
    shifts = [-0.5, -0.1, 0.0, 0.1, 0.5]
    assert [sum(chances(t)) for t in shifts] == pytest.approx([1.0] * 5)
    scores = [nps(chances(t)) for t in shifts]
    assert scores == sorted(scores)


def test_the_new_carrier_lowers_home_deliveries_and_nothing_else() -> None:
    before, since = NEW_CARRIER_DAYS + 1, NEW_CARRIER_DAYS - 1
    for touchpoint in TOUCHPOINT_SHIFTS:
        fell = nps(chances(shift(Circumstances(touchpoint, days_ago=before)))) - nps(
            chances(shift(Circumstances(touchpoint, days_ago=since)))
        )
        assert (fell > 15) == (touchpoint == "home delivery"), touchpoint


def test_about_every_fifth_answer_of_today_is_unhappy() -> None:
    shares = {"home delivery": 0.44, "click and collect": 0.2, "checkout": 0.16, "phone support": 0.12}
    unhappy = sum(
        share * sum(chances(shift(Circumstances(touchpoint)))[:7]) for touchpoint, share in shares.items()
    ) / sum(shares.values())
    assert 0.15 < unhappy < 0.25


def test_many_answers_have_the_distribution_of_their_chances() -> None:
    model = Model("a seed", SENTENCES)
    circumstances = Circumstances("phone support", agent="bo")
    counts = Counter(model.intent(circumstances, model.random("answer", n)).score for n in range(20_000))
    assert [counts[score] / 20_000 for score in range(11)] == pytest.approx(
        chances(shift(circumstances)), abs=0.015
    )


def test_the_same_seed_and_name_do_the_same_and_another_seed_does_not() -> None:
    circumstances = Circumstances("checkout", "aarhus")

    def all_of(seed: str) -> list[object]:
        model = Model(seed, SENTENCES)
        return [model.behaviour(circumstances, model.random("mail", n)) for n in range(200)]

    assert all_of("one") == all_of("one")
    assert all_of("one") != all_of("two")


def test_a_good_share_never_answers_and_some_amend() -> None:
    model = Model("a seed", SENTENCES)
    did = [model.behaviour(Circumstances("checkout"), model.random("mail", n)) for n in range(4_000)]
    answered = [behaviour for behaviour in did if behaviour is not None]
    assert 0.5 < len(answered) / len(did) < 0.6
    assert 0.03 < sum(behaviour.amended_intent is not None for behaviour in answered) / len(answered) < 0.07
    assert all(2 <= behaviour.opens_after_s <= 120 for behaviour in answered)


def test_what_a_customer_writes_is_as_glad_or_angry_as_the_score() -> None:
    model = Model("a seed", SENTENCES)
    found = {
        (intent.score <= 6, "-" in intent.comment)
        for n in range(2_000)
        if (intent := model.intent(Circumstances("checkout"), model.random(n))).comment
    }
    assert found == {(True, True), (False, False)}


def test_stores_and_agents_differ_so_that_there_is_something_to_see() -> None:
    for segment in (STORE_SHIFTS, AGENT_SHIFTS):
        assert max(segment.values()) - min(segment.values()) >= 0.04
