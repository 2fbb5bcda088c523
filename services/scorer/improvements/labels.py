"""Words of actions of improvement: statuses, figures, and what a comparison says."""

from services.scorer.domain import MIN_ANSWERS_SHOWN
from services.scorer.improvements.domain import ImprovementAct
from services.scorer.improvements.figures import ImprovementResult
from services.scorer.improvements.judging import MIN_CASES_SHOWN, CauseCount, ImprovementVerdict
from services.scorer.labels import p_value_words
from shared.events import Improvement, ImprovementBaseline, ImprovementStatus
from shared.pages.cause_labels import cause_label
from shared.pages.filters import day, percent, segment_name, signed, thousands
from shared.pages.language import counted, spoken, translated
from shared.values.messages import Message, message
from shared.values.rounding import half_up

STATUS_LABELS: dict[ImprovementStatus, Message] = {
    "proposed": message("Proposed"),
    "accepted": message("Accepted"),
    "doing": message("Under way"),
    "done": message("Done"),
    "dropped": message("Dropped"),
}
STEP_LABELS: dict[ImprovementStatus, Message] = {
    "proposed": message("It was proposed."),
    "accepted": message("It was accepted."),
    "doing": message("The work began."),
    "done": message("It was done."),
    "dropped": message("It was dropped."),
}
ACT_LABELS: dict[ImprovementAct, Message] = {
    "accept": message("Accept"),
    "begin": message("Begin the work"),
    "finish": message("It is done"),
    "drop": message("Drop it"),
    "reopen": message("Open it again"),
}
_UNDECIDED: dict[ImprovementVerdict, Message] = {
    "running": message("The days after it are not over yet: nothing can be said before."),
    "too_few": message("There are too few answers to say whether it helped."),
    "no_change": message("There is no change that can be told from chance."),
}
_SHARES: dict[ImprovementVerdict, Message] = {
    "running": message("The days after it are not over yet."),
    "too_few": message("These are too few cases to compare."),
    "no_change": message("That can be chance."),
    "improved": message("It is named more seldom now: chance alone seldom does that."),
    "worse": message("It is named more often now: chance alone seldom does that."),
}
CAUTION = message(
    "Other things may have changed, too, and a score that was unusually low often comes back by itself "
    "(regression to the mean): two windows are no experiment."
)


def status_label(status: ImprovementStatus) -> str:
    """proposed: Proposed."""
    return spoken(STATUS_LABELS[status])


def theme_of(improvement: Improvement) -> str:
    """What customers complain of: a cause, or words."""
    return cause_label(improvement.cause) if improvement.cause else improvement.theme or ""


def place_of(improvement: Improvement) -> str:
    """The segment's name; the whole company."""
    return segment_name(improvement.segment) if improvement.segment else translated("The whole company")


def result_finding(result: ImprovementResult) -> str:
    """What the two windows say of the score. Only a change beyond chance is called one."""
    scores = result.scores
    if scores.verdict in _UNDECIDED or scores.change is None:
        return spoken(_UNDECIDED[scores.verdict])
    points = half_up(abs(scores.change.points))
    if scores.verdict == "improved":
        words = counted(
            "The score rose by %(n)s point: chance alone seldom does that.",
            "The score rose by %(n)s points: chance alone seldom does that.",
            points,
        )
    else:
        words = counted(
            "The score fell by %(n)s point: chance alone seldom does that.",
            "The score fell by %(n)s points: chance alone seldom does that.",
            points,
        )
    return words % {"n": points}


def case_count(count: CauseCount) -> str:
    """How many cases have the cause, as far as that may be told."""
    if not count.is_shown:
        return translated("fewer than %(least)s cases") % {"least": MIN_CASES_SHOWN}
    facts = {"some": thousands(count.with_cause), "n": thousands(count.cases)}
    if not count.has_share:
        return counted("%(some)s of %(n)s case", "%(some)s of %(n)s cases", count.cases) % facts
    facts["share"] = percent(count.with_cause, count.cases)
    return (
        counted("%(some)s of %(n)s case (%(share)s)", "%(some)s of %(n)s cases (%(share)s)", count.cases)
        % facts
    )


def shares_sentence(result: ImprovementResult) -> str:
    """How often the cause was the reason before and after; empty where the theme is no cause."""
    shares = result.shares
    if shares is None:
        return ""
    words = translated("Before, the cause was the reason of %(before)s; after, of %(after)s.")
    sentence = words % {"before": case_count(shares.before), "after": case_count(shares.after)}
    return f"{sentence} {spoken(_SHARES[shares.verdict])}"


def shares_p(result: ImprovementResult) -> str:
    """The p-value of that; empty without one."""
    shares = result.shares
    return p_value_words(shares.p) if shares is not None and shares.p is not None else ""


def baseline_cases(baseline: ImprovementBaseline) -> str:
    """How often the cause was the reason when the action was opened."""
    if baseline.cases is None or baseline.with_cause is None:
        return translated(
            "Too few cases were closed in the 90 days before to tell how often this was the cause."
        )
    words = translated("In the 90 days before, this was the cause of %(cases)s that were closed.")
    return words % {"cases": case_count(CauseCount(baseline.with_cause, baseline.cases))}


def baseline_score(baseline: ImprovementBaseline) -> str:
    """How the segment stood when the action was opened."""
    if baseline.nps is None or baseline.low is None or baseline.high is None:
        return translated("Fewer than %(least)s customers had answered: too few for a score.") % {
            "least": MIN_ANSWERS_SHOWN
        }
    words = counted(
        "The score stood at %(score)s, somewhere from %(low)s to %(high)s: %(n)s answer.",
        "The score stood at %(score)s, somewhere from %(low)s to %(high)s: %(n)s answers.",
        baseline.n,
    )
    return words % {
        "score": signed(baseline.nps),
        "low": signed(baseline.low),
        "high": signed(baseline.high),
        "n": thousands(baseline.n),
    }


def expected_words(improvement: Improvement) -> str:
    """By how much the score is to rise; empty: nobody said."""
    if improvement.expected is None:
        return ""
    words = counted("%(n)s point", "%(n)s points", improvement.expected)
    return words % {"n": improvement.expected}


def window_words(result: ImprovementResult) -> tuple[str, str]:
    """The days of the two windows."""
    words = translated("%(first)s to %(last)s")
    before, after = (
        words % {"first": day(window.first), "last": day(window.last)}
        for window in (result.before, result.after)
    )
    return before, after
