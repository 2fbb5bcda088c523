"""Words of what the dashboard finds."""

from services.scorer.dashboard.domain import LeastAnswered, Ranking, WeekStandingOut
from services.scorer.dashboard.reading import AskedFigures, CaseFigures
from services.scorer.labels import capitalized, count_in_words
from services.scorer.repository.cases import CaseCounts
from services.scorer.responses.labels import finding, interval_words, percent_words
from shared.pages.filters import bound, day, percent, segment_name, signed, thousands
from shared.pages.language import counted, translated


def week_finding(week: WeekStandingOut) -> str:
    """Which week stands out."""
    return translated("The week from %(day)s stands out.") % {"day": day(week.window.first)}


def week_details(week: WeekStandingOut) -> str:
    """By how much, and beside what."""
    own = week.compared.groups
    words = counted(
        "%(score)s of %(n)s answer, against %(rest)s in the other weeks.",
        "%(score)s of %(n)s answers, against %(rest)s in the other weeks.",
        own.n,
    )
    values = {"score": signed(own.points), "rest": signed(week.compared.rest.points), "n": thousands(own.n)}
    return words % values


def asked_finding(asked: AskedFigures) -> str:
    """How many did not answer, and where the fewest did."""
    silent = finding(asked.total)
    if asked.least is None:
        return silent
    least = translated("%(name)s is answered least.") % {
        "name": capitalized(segment_name(asked.least.segment))
    }
    return f"{silent} {least}"


def least_details(least: LeastAnswered) -> str:
    """The share that answered there, and that of the others."""
    own, rest = least.counts, least.rest
    words = translated(
        "%(share)s answered there (%(range)s), against %(rest)s of the others. Chance alone seldom does that."
    )
    share = own.share(own.answered)
    values = {
        "share": percent_words(share),
        "range": interval_words(share),
        "rest": percent_words(rest.share(rest.answered)),
    }
    return words % values


def cases_finding(counts: CaseCounts) -> str:
    """Who waits for us."""
    if not counts.open:
        return translated("Nobody is waiting.")
    if counts.open == 1:
        if counts.late:
            return translated("One customer is waiting for us, too long.")
        return translated("One customer is waiting for us.")
    values = {"open": count_in_words(counts.open), "late": count_in_words(counts.late).lower()}
    if counts.late:
        return translated("%(open)s customers are waiting for us; %(late)s of them too long.") % values
    return translated("%(open)s customers are waiting for us.") % values


def kept_words(cases: CaseFigures) -> str:
    """How many of the cases that were closed were closed in time; a share from ten on."""
    counts = cases.counts
    if not counts.closed:
        return translated("No case was closed in these days.")
    values = {"closed": thousands(counts.closed), "kept": thousands(counts.in_time)}
    share = cases.share_in_time
    if share is None:
        words = counted(
            "%(closed)s case was closed in these days, %(kept)s of them in time.",
            "%(closed)s cases were closed in these days, %(kept)s of them in time.",
            counts.closed,
        )
        return words % values
    words = counted(
        "%(closed)s case was closed in these days, %(kept)s of them in time: %(share)s (%(range)s).",
        "%(closed)s cases were closed in these days, %(kept)s of them in time: %(share)s (%(range)s).",
        counts.closed,
    )
    return words % {**values, "share": percent_words(share), "range": interval_words(share)}


def cause_share(cases: int, whole: int) -> str:
    """24.1 %."""
    return percent(cases, whole)


def ranking_finding(ranking: Ranking) -> str:
    """Which segment is lowest, and whether that is more than chance."""
    lowest = ranking.lowest
    if lowest is not None:
        return translated("%(name)s is lowest: %(score)s. Chance alone seldom does that.") % {
            "name": capitalized(segment_name(lowest.segment)),
            "score": signed(lowest.compared.groups.points),
        }
    if ranking.tests:
        return translated("None is lower than the others beyond chance.")
    if ranking.ranked or ranking.few:
        return translated("There are too few answers to say which is lowest.")
    return translated("No answers on these days.")


def beside_words(row_change_points: float, low: float, high: float) -> str:
    """A score less that of the others, with its range."""
    words = translated("%(points)s, %(low)s to %(high)s")
    return words % {"points": signed(row_change_points), "low": bound(low), "high": bound(high)}
