"""Spans of time by their number: each decision needs several, and making one takes as long as three rules."""

from datetime import timedelta
from functools import lru_cache

_KEPT = 10_000


@lru_cache(maxsize=_KEPT)
def minutes(count: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)


@lru_cache(maxsize=_KEPT)
def hours(count: int) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)


@lru_cache(maxsize=_KEPT)
def days(count: int) -> timedelta:
    """So many days of 24 hours."""
    return timedelta(days=count)
