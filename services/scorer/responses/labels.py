"""Words of the page of responses."""

from datetime import date

from babel.dates import format_date

from services.scorer.responses.domain import AskedShare, ResponseCounts, Silence, SilenceReason, UnitKind
from services.scorer.responses.reading import ResponsesRead
from shared.pages.filters import day, decimal, signed, thousands
from shared.pages.language import counted, reader_locale, spoken, translated
from shared.values.messages import Message, message
from shared.values.rounding import half_up

_A_MONDAY = date(2026, 11, 2)
CHANNEL_LABELS: dict[str, Message] = {
    "mail": message("By mail"),
    "sms": message("By text message"),
    "": message("Not known how"),
}
_NO_RANGE: dict[SilenceReason, Message] = {
    "few_answers": message("Fewer than ten have answered: nothing can be said of the others."),
    "few_parts": message("Fewer than two parts and days have ten answers: none is unhappier than another."),
}


def percent_words(share: AskedShare | None) -> str:
    """Such as 41.3 %; a dash of too few."""
    return "\N{EN DASH}" if share is None else _percent(share.percent)


def interval_words(share: AskedShare | None) -> str:
    """Such as 38.1 to 44.6 %; empty of too few."""
    if share is None:
        return ""
    return translated("%(low)s to %(high)s") % {"low": _percent(share.low), "high": _percent(share.high)}


def _percent(value: float) -> str:
    tenths = half_up(10 * value)
    return decimal(f"{tenths // 10}.{tenths % 10}\N{NO-BREAK SPACE}%")


def finding(total: ResponseCounts) -> str:
    """How many did not answer."""
    if not total.asked:
        return translated("Nobody was asked on these days.")
    values = {"silent": thousands(total.silent), "asked": thousands(total.asked)}
    words = counted(
        "%(silent)s of %(asked)s customer has not answered.",
        "%(silent)s of %(asked)s customers have not answered.",
        total.asked,
    )
    return words % values


def maturity(read: ResponsesRead) -> str:
    """Until when more answers may come; empty: none can."""
    ends = read.total.open_until
    if read.is_over:
        return ""
    if ends is None or ends <= read.now:
        return translated("These days are not over yet.")
    return translated("Not final: answers may come until the last link ends, on %(day)s.") % {
        "day": day(ends)
    }


def channel_name(channel: str) -> str:
    """By which channel they were asked."""
    return spoken(CHANNEL_LABELS[channel]) if channel in CHANNEL_LABELS else channel


def hour_name(hour: int) -> str:
    """Such as 09:00 to 10:00."""
    return translated("%(low)s to %(high)s") % {"low": f"{hour:02}:00", "high": f"{(hour + 1) % 24:02}:00"}


def weekday_name(number: int) -> str:
    """The name of a day of the week; 1 is Monday."""
    a_day = _A_MONDAY.replace(day=_A_MONDAY.day + number - 1)
    return format_date(a_day, "EEEE", reader_locale().locale)


def silence_finding(silence: Silence | SilenceReason) -> str:
    """Where the score could stand."""
    if not isinstance(silence, Silence):
        return spoken(_NO_RANGE[silence])
    if half_up(silence.low) == half_up(silence.high):
        return translated("Even if they were like the unhappiest tenth, the score would be %(score)s.") % {
            "score": signed(silence.score)
        }
    return translated("If all had answered, the score could be anywhere from %(low)s to %(high)s.") % {
        "low": signed(silence.low),
        "high": signed(silence.high),
    }


def silence_explained(silence: Silence, silent: int, units: UnitKind) -> str:
    """What the range is made of."""
    made_of = (
        translated(
            "Those who answered stand at %(score)s; the unhappiest tenth of %(units)s days with ten answers "
            "or more stands at %(unhappiest)s."
        )
        if units == "day"
        else translated(
            "Those who answered stand at %(score)s; the unhappiest tenth of %(units)s parts with ten answers "
            "or more stands at %(unhappiest)s."
        )
    )
    mixed = counted(
        "If the %(silent)s customer who has not answered were like these, all would stand at %(mixed)s.",
        "If the %(silent)s customers who have not answered were like these, all would stand at %(mixed)s.",
        silent,
    )
    values = {
        "score": signed(silence.score),
        "units": silence.units,
        "unhappiest": signed(silence.unhappiest),
        "silent": thousands(silent),
        "mixed": signed(silence.if_unhappy),
    }
    return f"{made_of % values} {mixed % values}"
