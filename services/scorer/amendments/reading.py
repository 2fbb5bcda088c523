"""The choices that an address has, and the days that it names."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import Query

from services.scorer.amendments.domain import AmendedScore, AnswerChoice, CountedPer, Moment
from services.scorer.parameters import fault_of, read_asked_window
from services.scorer.windows import EARLIEST_DAY, Window
from shared.http.instants import Instant
from shared.values.messages import message

_EARLIEST = datetime.combine(EARLIEST_DAY, time(), UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceParameters:
    """The choices as they are written."""

    amended: AmendedScore = "latest"
    per: CountedPer = "answer"
    as_of: datetime | None = None
    """None: now."""


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
        Instant | None,
        Query(
            description="A time with its offset: the answers that were there then, each with the score that "
            "it had, by the times at which customers gave and changed them. Anonymous answers count from the "
            "end of their day on."
        ),
    ] = None,
) -> ChoiceParameters:
    """What the query says of how answers are counted."""
    return ChoiceParameters(amended=amended, per=per, as_of=as_of)


def read_choice(given: ChoiceParameters, zone: str, now: datetime) -> AnswerChoice:
    """How the answers are counted.

    :param zone: the time zone of the company.
    :raises Problem: 422, naming the parameter and its remedy.
    """
    if given.as_of is None:
        return AnswerChoice(given.amended, given.per)
    if not _EARLIEST <= given.as_of <= now:
        remedy = message(
            "Write a time from %(earliest)s until now: what is to come is not known.",
            earliest=EARLIEST_DAY.isoformat(),
        )
        raise fault_of("as_of", remedy)
    return AnswerChoice(given.amended, given.per, Moment(given.as_of.astimezone(UTC), zone))


def read_chosen_window(
    window: str, until: str, first: str, last: str, choice: AnswerChoice, today: date
) -> Window:
    """The days of an address: where it names no last one, up to the day of the moment, or today.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    return read_asked_window(window, until, first, last, today, choice.moment.day if choice.moment else None)
