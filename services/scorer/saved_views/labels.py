"""Words of the pages of saved views and of screens."""

from datetime import datetime

from services.scorer import labels
from services.scorer.asked.domain import AskedCounts
from services.scorer.domain import MIN_ANSWERS_COMPARED, MIN_ANSWERS_SHOWN, ScoreChange
from services.scorer.responses.domain import ResponseCounts
from services.scorer.responses.labels import interval_words, percent_words
from services.scorer.saved_views.addresses import path_of
from services.scorer.saved_views.domain import Screen
from services.scorer.score_page import Standing
from services.scorer.views import WindowScore
from shared.pages.filters import bound, clock_time, day, signed, thousands
from shared.pages.language import counted, spoken, translated
from shared.pages.svg.primitives import ChartScore
from shared.values.messages import Message, message

PAGE_LABELS: dict[str, Message] = {
    "/": message("Scores"),
    "/segments": message("Segments and answers"),
    "/compare": message("Comparison"),
    "/responses": message("Who answered"),
    "/themes": message("Themes"),
    "/drivers": message("What moved it"),
    "/gap": message("After a contact and at any time"),
    "/unbegged": message("Who is asked"),
}


def page_name(address: str) -> str:
    """Which page a saved view opens."""
    return spoken(PAGE_LABELS[path_of(address)])


def screen_state(screen: Screen, now: datetime) -> str:
    """Until when a screen shows its view, and when it last did."""
    if screen.has_ended(now):
        return translated("Ended on %(day)s") % {"day": day(screen.expires_at)}
    until = translated("Until %(day)s") % {"day": day(screen.expires_at)}
    if screen.used_at is None:
        return translated("%(until)s, not opened yet") % {"until": until}
    last = {"day": day(screen.used_at), "time": clock_time(screen.used_at)}
    return translated("%(until)s, last open on %(day)s at %(time)s") % {"until": until, **last}


def days_offered(days: int) -> str:
    """For how long a screen's link opens."""
    return counted("%(num)s day", "%(num)s days", days) % {"num": days}


def big_score(score: WindowScore) -> str:
    """The score; from 10 to 29 answers only where it lies, below that nothing."""
    drawing = score.drawing
    if drawing is None or score.n < MIN_ANSWERS_SHOWN:
        return ""
    if score.n < MIN_ANSWERS_COMPARED:
        return range_words(score)
    return signed(drawing.nps)


def range_words(score: WindowScore) -> str:
    """Where the score lies 19 times in 20; empty of too few answers."""
    drawing = score.drawing
    if drawing is None or score.n < MIN_ANSWERS_SHOWN:
        return ""
    ends = {"low": signed(drawing.low95), "high": signed(drawing.high95)}
    return translated("%(low)s to %(high)s") % ends


def signed_score(score: ChartScore) -> str:
    """A score as it is written."""
    return signed(score.nps)


def answers_of(n: int) -> str:
    """How many answers a score is of."""
    return counted("%(answers)s answer", "%(answers)s answers", n) % {"answers": thousands(n)}


def days_words(standing: Standing) -> str:
    """The days of the window."""
    window = standing.now.window
    if standing.until_today:
        return translated("%(first)s to today, so far.") % {"first": day(window.first)}
    return translated("%(first)s to %(last)s.") % {"first": day(window.first), "last": day(window.last)}


def measurement_words(standing: Standing) -> str:
    """Which answers are counted."""
    if standing.measurement == "transactional":
        return translated("after a purchase or a contact")
    return translated("asked at any time")


def change_words(standing: Standing) -> str:
    """Whether the score moved against the window before."""
    if standing.shared_days:
        return counted(
            "These windows share %(num)s day, so their difference means nothing. Choose windows that do not "
            "touch.",
            "These windows share %(num)s days, so their difference means nothing. Choose windows that do not "
            "touch.",
            standing.shared_days,
        ) % {"num": standing.shared_days}
    if standing.change is None:
        before, now = thousands(standing.before.n), thousands(standing.now.n)
        words = translated(
            "There is too little to compare: %(before)s answers before, %(now)s now. It takes 30 in each."
        )
        return words % {"before": before, "now": now}
    return labels.change_finding(standing.change)


def change_range(change: ScoreChange) -> str:
    """The difference with its interval."""
    ends = {"low": bound(change.low), "high": bound(change.high)}
    words = translated("%(points)s, %(low)s to %(high)s")
    return words % {"points": signed(change.points), **ends}


def response_words(invited: AskedCounts) -> str:
    """How many of those who were asked have answered; a share from ten on. Empty: nobody was asked."""
    if not invited.asked:
        return ""
    values = {"answered": thousands(invited.answered), "asked": thousands(invited.asked)}
    words = counted(
        "%(answered)s of %(asked)s customer who was asked has answered so far",
        "%(answered)s of %(asked)s customers who were asked have answered so far",
        invited.asked,
    )
    share = ResponseCounts(asked=invited.asked, answered=invited.answered).share(invited.answered)
    if share is None:
        return words % values
    told = {"words": words % values, "share": percent_words(share), "range": interval_words(share)}
    return translated("%(words)s: %(share)s (%(range)s)") % told
