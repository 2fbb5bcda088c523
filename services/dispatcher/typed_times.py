"""Times that are typed as a whole number and a unit."""

from collections.abc import Mapping

from shared.http.numbers import whole_number
from shared.pages.language import counted
from shared.values.messages import message

MINUTE_UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
"""What a time that is kept in minutes can be written in."""
HOUR_UNITS = {"hours": 1, "days": 24}
"""What a time that is kept in hours can be written in."""
_LABELS = {"minutes": message("Minutes"), "hours": message("Hours"), "days": message("Days")}
MINUTE_UNIT_LABELS = {unit: _LABELS[unit] for unit in MINUTE_UNITS}
HOUR_UNIT_LABELS = {unit: _LABELS[unit] for unit in HOUR_UNITS}


def time_fields(name: str, time: int, units: Mapping[str, int]) -> dict[str, str]:
    """The two fields of a time, in the largest unit in which it is a whole number; none in the smallest."""
    least, *larger = units
    unit = next((each for each in reversed(larger) if time and time % units[each] == 0), least)
    return {name: str(time // units[unit]), f"{name}_unit": unit}


def time_in_words(time: int, units: Mapping[str, int]) -> str:
    """A time as it is kept, such as “2 days”."""
    typed = time_fields("time", time, units)
    number = int(typed["time"])
    match typed["time_unit"]:
        case "minutes":
            words = counted("%(num)s minute", "%(num)s minutes", number)
        case "hours":
            words = counted("%(num)s hour", "%(num)s hours", number)
        case _:
            words = counted("%(num)s day", "%(num)s days", number)
    return words % {"num": number}


def typed_time(fields: Mapping[str, str], name: str, units: Mapping[str, int]) -> int | str:
    """The time that its two fields say, as it is kept; empty where they say none."""
    number, unit = whole_number(fields.get(name, "").strip()), units.get(fields.get(f"{name}_unit", ""))
    return "" if number is None or unit is None else number * unit
