"""Time zones by name, as far as this machine's tzdata knows them."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_NOWHERE = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside the zones that name no place: what one says is each machine's own, or nothing."""


@cache
def zone_names() -> frozenset[str]:
    """The names of all time zones that this machine knows, and that mean the same on every other."""
    return frozenset(available_timezones()) - _NOWHERE


def known_zone(*wished: str | None) -> str:
    """The first of these names that this machine knows, else UTC.

    A zone that one machine's tzdata has and another's lacks must not stop the other for all companies.
    """
    return next((name for name in wished if name in zone_names()), "UTC")


def zone_of(*wished: str | None) -> ZoneInfo:
    """The time zone of that name."""
    return ZoneInfo(known_zone(*wished))
