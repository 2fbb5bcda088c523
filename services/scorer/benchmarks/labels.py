"""Words of the pages about benchmarks."""

from services.scorer.benchmarks.domain import Benchmark, Beside, BesideKind, BesideReason, BesideVerdict
from services.scorer.labels import p_value_words
from shared.events.segments import ORGANISATION, dimension_of
from shared.pages.filters import bound, day, dimension_name, segment_name, signed, thousands
from shared.pages.language import spoken, translated
from shared.values.messages import Message, message

NOT_SHOWN = "\N{EN DASH}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_REASONS: dict[BesideReason, Message] = {
    "no_number": message("No number of answers is known, so nothing can be said of the difference."),
    "few_answers": message("Too few answers to compare: it takes 30 of yours."),
    "few_published": message("Too few answers to compare: it takes 30 of the other score."),
}
_VERDICTS: dict[BesideVerdict, Message] = {
    "higher": message("Your score is higher, beyond chance."),
    "lower": message("Your score is lower, beyond chance."),
    "chance": message("The difference could be chance."),
}
_OWN: dict[BesideKind, Message] = {
    "last_year": message("The same days last year"),
    "others": message("All others of the same kind"),
}


def beside_name(row: Beside, segment: str) -> str:
    """What a score is of."""
    if row.benchmark is not None:
        return row.benchmark.name
    if row.kind == "others" and dimension_of(segment) == ORGANISATION:
        return translated("The other parts of the same level together")
    return spoken(_OWN[row.kind])


def about_words(benchmark: Benchmark) -> str:
    """What a published benchmark stands beside."""
    if benchmark.dimension:
        return translated("Each: %(dimension)s") % {"dimension": dimension_name(benchmark.dimension)}
    return segment_name(benchmark.segment) if benchmark.segment else translated("The whole company")


def days_of(benchmark: Benchmark) -> str:
    """The days that a published benchmark is of."""
    if benchmark.first is None:
        return day(benchmark.last)
    return translated("%(low)s to %(high)s") % {"low": day(benchmark.first), "high": day(benchmark.last)}


def range_words(interval: tuple[float, float] | None) -> str:
    """Such as +31 to +45; empty: there is none."""
    if interval is None:
        return ""
    return translated("%(low)s to %(high)s") % {"low": signed(interval[0]), "high": signed(interval[1])}


def answers_words(n: int | None) -> str:
    """How many answers a score is of."""
    return translated("No number of answers is known.") if n is None else thousands(n)


def difference_words(row: Beside) -> str:
    """By how much a score differs from the one beside it, or why that is not told."""
    if row.change is None or row.verdict is None:
        return spoken(_REASONS[row.reason]) if row.reason else ""
    ends = translated("%(low)s to %(high)s, %(p)s") % {
        "low": bound(row.change.low),
        "high": bound(row.change.high),
        "p": p_value_words(row.change.p).replace(" ", NO_BREAK_SPACE),
    }
    return f"{spoken(_VERDICTS[row.verdict])} {signed(row.change.points)} ({ends})"
