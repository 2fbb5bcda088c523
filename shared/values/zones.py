"""Time zones by name, as far as this machine has data of them."""

from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

_NOT_ZONES = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside the zones that are no places: machine-specific, or without meaning."""


@cache
def zone_names() -> frozenset[str]:
    """The names of the time zones known here that mean the same on every machine."""
    return frozenset(available_timezones()) - _NOT_ZONES


def known_zone(*wished: str | None) -> str:
    """The first of these names that this machine knows, else UTC.

    A zone that is missing from one machine's data must not stop its processes, which serve all companies.
    """
    return next((name for name in wished if name in zone_names()), "UTC")


@lru_cache(maxsize=10_000)
def zone_of(*wished: str | None) -> ZoneInfo:
    """The time zone of the first known name, else UTC."""
    return ZoneInfo(known_zone(*wished))
