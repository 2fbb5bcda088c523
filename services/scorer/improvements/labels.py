"""Words of actions of improvement: statuses, figures, and what a comparison says."""

from services.scorer.domain import MIN_ANSWERS_SHOWN
from services.scorer.improvements.domain import ImprovementAct
from services.scorer.improvements.figures import ImprovementResult
from services.scorer.improvements.judging import MIN_CASES_SHOWN, CauseCount, ImprovementVerdict
from services.scorer.improvements.update_repository import MIN_UPDATES_SHOWN, UpdateCounts
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
UNSENT_WORDS: dict[str, Message] = {
    "erased": message("erased at their request"),
    "company_closed": message("the company was paused or leaves"),
    "no_address": message("no mail address is known"),
    "bad_address": message("what is known is no mail address"),
    "no_contact_wanted": message("want no contact"),
    "no_basis": message("no longer say that they may be contacted"),
    "complained": message("have reported a mail as spam"),
    "opted_out": message("want no mail"),
    "paused_by_customer": message("have paused mails"),
    "suppressed": message("on the list of those that get no mail"),
    "undeliverable": message("mails to them come back"),
    "test_mode": message("test mode: only test addresses get mail"),
    "too_old": message("could not leave within thirty days"),
    "taken_back": message("the action is gone"),
    "case_changed": message("their case is open again, or has another cause"),
    "failed": message("the mail server refused the mail"),
    "bounced": message("the mail came back"),
    "unknown": message("nobody knows whether the mail was sent"),
}
"""Why customers were not told: by a rule of ours, or by what became of the mail."""
OTHER_REASON = message("for another reason")
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


def update_lines(improvement: Improvement, told: UpdateCounts) -> list[str]:
    """How many customers were told of an action, and why others were not; empty: it tells nobody anything."""
    if not improvement.texts and not told.total:
        return []
    if improvement.cause is None:
        return [translated("Nobody is told by mail: a theme in your own words names no case.")]
    if not told.total:
        return [
            translated(
                "Nobody was told by mail: told are customers whose case was closed with this cause, from the "
                "first day of the figures until the publication, and who said that they may be contacted."
            )
        ]
    if not told.is_shown:
        return [
            translated("Fewer than %(least)s customers are told by mail: too few for numbers.")
            % {"least": MIN_UPDATES_SHOWN}
        ]
    return [_sent_line(told), *_unsent_lines(told)]


def _sent_line(told: UpdateCounts) -> str:
    sent = counted("%(n)s customer was told by mail.", "%(n)s customers were told by mail.", told.sent)
    waiting = counted("%(n)s waits.", "%(n)s wait.", told.waiting)
    lines = [sent % {"n": thousands(told.sent)}]
    if told.waiting:
        lines.append(waiting % {"n": thousands(told.waiting)})
    return " ".join(lines)


def _unsent_lines(told: UpdateCounts) -> list[str]:
    lines = []
    for reason, n in told.unsent:
        words = counted("%(n)s was not: %(reason)s.", "%(n)s were not: %(reason)s.", n)
        lines.append(words % {"n": thousands(n), "reason": spoken(UNSENT_WORDS.get(reason, OTHER_REASON))})
    return lines
