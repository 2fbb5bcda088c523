"""Scores by brute force, by each choice: from the answers themselves, by rules that are written down anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from support.comparison_model import CountedAnswers, newest

from shared.events import Answer
from shared.events.segments import segments_of

ZONE = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True)
class Chosen:
    """A choice, as the parameters of an address have it."""

    amended: str = "latest"
    per: str = "answer"
    as_of: datetime | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "amended": self.amended,
            "per": self.per,
            **({"as_of": self.as_of.isoformat()} if self.as_of else {}),
        }


def end_of_day(day: date) -> datetime:
    """By the company's clock."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE)


def was_there(answer: Answer, as_of: datetime | None) -> bool:
    """Whether it was given by then; of an anonymous one, whether its day was over."""
    assert answer.answered_at is not None
    assert answer.day is not None
    if as_of is None:
        return True
    return end_of_day(answer.day) <= as_of if answer.anonymous else answer.answered_at <= as_of


def score_of(answer: Answer, chosen: Chosen) -> int:
    """The score by which it counts."""
    assert answer.score is not None
    scores = [each.score for each in answer.earlier_scores] + [answer.score]
    if chosen.amended == "first":
        return scores[0]
    changes = [each.until for each in answer.earlier_scores]
    return scores[sum(at <= chosen.as_of for at in changes)] if chosen.as_of else scores[-1]


def customer_of(answer: Answer, erased: Sequence[str]) -> object:
    """Whose it is; of nobody who is known: itself."""
    if answer.person and answer.person in erased:
        return answer.id
    return answer.person or answer.contact_key or answer.id


def counted_by(
    history: Sequence[Answer],
    chosen: Chosen,
    measurement: str,
    first: date,
    last: date,
    *segments: str,
    erased: Sequence[str] = (),
) -> CountedAnswers:
    """The answers of some days that lie in all of these segments, each with the score by which it counts.

    :param erased: the pseudonyms of customers who were erased since.
    """
    there = [
        answer
        for answer in newest(history)
        if answer.measurement == measurement
        and answer.day is not None
        and first <= answer.day <= last
        and {each for each in segments if each} <= set(segments_of(answer))
        and was_there(answer, chosen.as_of)
    ]
    if chosen.per == "customer":
        latest: dict[object, Answer] = {}
        for answer in sorted(there, key=lambda each: (each.answered_at, each.id)):
            latest[customer_of(answer, erased)] = answer
        there = list(latest.values())
    return CountedAnswers(tuple(score_of(answer, chosen) for answer in there))
