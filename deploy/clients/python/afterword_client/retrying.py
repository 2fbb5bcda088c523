"""When a request is tried again. Pure: no clock, no network."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after which waits."""

    tries: int = 8
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    patience_s: float = 300.0
    """No wait begins that would end later than this after the first try."""

    def wait_s(self, failed: int, retry_after_s: float | None, chance: Callable[[], float]) -> float:
        """How long to wait after so many failed tries.

        A random part of a wait that doubles, so that many clients do not come back at the same time, and
        never less than the server asks for.

        :param chance: gives a number from 0 to 1.
        """
        longest = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(failed - 1, 60))
        return max(longest * chance(), retry_after_s or 0.0)


def retry_after_of(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, written as a number or as a date; None: it does not."""
    if header is None:
        return None
    if header.strip().isdecimal() and header.isascii():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (at - now).total_seconds()) if at.tzinfo is not None else None
