"""The choices that an address has, and the days that it names."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import Query

from services.scorer.amendments.domain import AmendedScore, AnswerChoice, CountedPer, Moment
from services.scorer.parameters import fault_of, read_asked_window
from services.scorer.windows import EARLIEST_DAY, Window
from shared.values.messages import message

FromParameter = Annotated[
    str, Query(alias="from", description="Instead of `window`: the first day, by the company's clock.")
]
ToParameter = Annotated[str, Query(alias="to", description="The last day of those from `from` on, included.")]

_EARLIEST = datetime.combine(EARLIEST_DAY, time(), UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceParameters:
    """The choices as they are written."""

    amended: AmendedScore = "latest"
    per: CountedPer = "answer"
    as_of: str = ""
    """Empty: now."""


def choice_parameters(
    amended: Annotated[
        AmendedScore,
        Query(description="Of an answer that was amended: the score that it has, or the first that it had."),
    ] = "latest",
    per: Annotated[
        CountedPer,
        Query(
            description="`customer`: of each customer only the latest answer of the window and segments. "
            "Whose an answer is, is told by the company's customer id, else by the address; where neither is "
            "known any more, and of anonymous answers, each counts."
        ),
    ] = "answer",
    as_of: Annotated[
        str,
        Query(
            description="A time with its offset: the answers that were there then, each with the score that "
            "it had, by the times at which customers gave and changed them. Anonymous answers count from the "
            "end of their day on."
        ),
    ] = "",
) -> ChoiceParameters:
    """What the query says of how answers are counted."""
    return ChoiceParameters(amended=amended, per=per, as_of=as_of)


def read_choice(given: ChoiceParameters, zone: str, now: datetime) -> AnswerChoice:
    """How the answers are counted.

    :param zone: the time zone of the company.
    :raises Problem: 422, naming the parameter and its remedy.
    """
    moment = Moment(_read_instant(given.as_of, now), zone) if given.as_of else None
    return AnswerChoice(given.amended, given.per, moment)


def _read_instant(written: str, now: datetime) -> datetime:
    try:
        at: datetime | None = datetime.fromisoformat(written)
    except ValueError:
        at = None
    # Compared without conversion: in UTC the first and last times would leave the calendar.
    if at is not None and at.tzinfo is not None and _EARLIEST <= at <= now:
        return at.astimezone(UTC)
    raise fault_of(
        "as_of",
        message(
            "Write a time with its offset, such as %(example)s, from %(earliest)s until now.",
            example="2026-11-22T05:00:00Z",
            earliest=EARLIEST_DAY.isoformat(),
        ),
    )


def read_chosen_window(
    window: str, until: str, first: str, last: str, choice: AnswerChoice, today: date
) -> Window:
    """The days of an address: where it names no last one, up to the day of the moment, or today.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    return read_asked_window(window, until, first, last, today, choice.moment.day if choice.moment else None)
