"""Words of the choices."""

from services.scorer.amendments.domain import AnswerChoice, Moment
from shared.pages.filters import clock_time, day
from shared.pages.language import translated


def moment_in_words(moment: Moment) -> str:
    """The day and the time of a moment, by the company's clock."""
    return translated("%(day)s at %(time)s") % {
        "day": day(moment.at),
        "time": clock_time(moment.at),
    }


def how_counted(choice: AnswerChoice) -> str:
    """By which score each answer counts, and which answers do: in whole sentences."""
    if choice.amended == "first":
        words = [translated("Each answer counts with the first score that it had.")]
    elif choice.moment is None:
        words = [translated("Each answer counts with its latest score.")]
    else:
        words = [translated("Each answer counts with the score that it had then.")]
    if choice.moment is not None:
        words.insert(
            0,
            translated("Counted are the answers that were there on %(moment)s.")
            % {"moment": moment_in_words(choice.moment)},
        )
    if choice.per == "customer":
        words.append(
            translated("Of each customer only the latest answer counts, as far as is known whose it is.")
        )
    return " ".join(words)
