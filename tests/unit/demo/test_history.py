"""The past is the same each time it is made, and ends now."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo.history import HISTORY_DAYS, History
from deploy.demo.model import Model
from deploy.demo.purchases import Purchase
from deploy.demo.sentences import Sentence, Sentences

SENTENCES = Sentences(Sentence(s, f"a sentence that was felt to be {s}") for s in (-3.0, -1.0, 0.5, 3.0))
PURCHASES = [
    Purchase(number, f"{number % 700:05d}", date(1996, 1, 1) + timedelta(days=number // 50), 1, 1000)
    for number in range(45_000)
]
BEGAN = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Copenhagen")


def history(began: datetime = BEGAN) -> list[dict[str, Any]]:
    return History(Model("a seed", SENTENCES), PURCHASES, began, ZONE).answers()


def test_the_past_ends_now_and_begins_400_days_ago() -> None:
    answers = history()
    assert timedelta(0) < BEGAN - answers[-1]["answered_at"] < timedelta(days=1)
    assert timedelta(HISTORY_DAYS - 2) < BEGAN - answers[0]["answered_at"] < timedelta(HISTORY_DAYS)
    assert all(answer["invited_at"] < answer["answered_at"] < BEGAN for answer in answers)


def test_the_same_past_is_made_each_time_and_its_ids_are_unique() -> None:
    once, again = history(), history()
    assert once == again
    assert len({answer["id"] for answer in once}) == len(once)


def test_every_segment_and_both_measurements_have_answers() -> None:
    answers = history()
    touchpoints = Counter(answer["segments"].get("touchpoint") for answer in answers)
    assert set(touchpoints) == {
        *("home delivery", "click and collect", "checkout", "phone support", "chat support"),
        None,
    }
    assert {answer["segments"].get("store") for answer in answers} == {"aarhus", "odense", None}
    assert Counter(answer["measurement"] for answer in answers)["relational"] > 290
    assert {tuple(answer["organisation"][:2]) for answer in answers} == {
        *(("shops", "aarhus"), ("shops", "odense"), ("service", "phone"), ("service", "chat"), ()),
    }


def test_home_delivery_has_fallen_since_the_new_carrier_came() -> None:
    answers = history()

    def nps(first: int, last: int) -> float:
        scores: list[int] = [
            answer["score"]
            for answer in answers
            if answer["segments"].get("touchpoint") == "home delivery"
            and first <= (BEGAN - answer["answered_at"]).days < last
        ]
        return 100 * sum((score >= 9) - (score <= 6) for score in scores) / len(scores)

    assert nps(0, 20) < nps(21, 60) - 15
