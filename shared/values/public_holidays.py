"""The public holidays of countries, as the package ``holidays`` knows them."""

from datetime import date
from functools import cache, lru_cache

MAX_YEARS_KEPT = 500
"""Calendars in memory, each of one country and one year."""


def is_public_holiday(day: date, country: str) -> bool:
    """Whether the whole country (two letters) has this day off; False where the country is not known.

    Holidays of a part of a country are left out, since nobody tells in which part a customer lives.
    """
    return day in _holidays_of(country, day.year)


@cache
def countries_with_holidays() -> frozenset[str]:
    """The countries (two letters) whose public holidays are known."""
    import holidays  # noqa: PLC0415  (as below)

    return frozenset(holidays.list_supported_countries(include_aliases=False))


@lru_cache(maxsize=MAX_YEARS_KEPT)
def _holidays_of(country: str, year: int) -> frozenset[date]:
    # A quarter of a second: only processes that need it take it.
    import holidays  # noqa: PLC0415

    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:  # so the package says that it does not know the country
        return frozenset()
