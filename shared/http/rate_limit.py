"""A rate limit for failures: each caller has a small bucket of failed attempts, so that guessing is slow."""

import time
from collections.abc import Callable
from math import ceil

from shared.http.problems import Problem

CLEANUP_INTERVAL_S = 1.0
"""Between two attempts to make room while all buckets are empty."""


class RateLimit:
    """Counts failed attempts per caller: ``burst`` at once, then one more each ``interval_s`` seconds.

    Only failures take from a bucket, so a good key behind the same address is never refused. It lives in the
    process: with N processes a guesser has N buckets, which does not matter for keys of 256 bits. (It is our
    own since the library `limits` has no window that only failures fill and whose empty buckets outlive a
    flood.)

    At most ``max_buckets`` are held. The fullest are dropped first and empty ones never, so a flood of
    made-up callers releases no caller from its limit. While all of them are empty, new callers wait, too.
    """

    def __init__(
        self,
        burst: int = 20,
        interval_s: float = 3.0,
        max_buckets: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst, self._interval_s, self._max_buckets, self._clock = burst, interval_s, max_buckets, clock
        self._full_at: dict[str, float] = {}
        """When each caller's bucket will be full again."""
        self._cleanup_failed_at = -CLEANUP_INTERVAL_S

    def wait(self, caller: str) -> float:
        """The seconds until this caller may fail again; 0 while attempts are left."""
        now = self._clock()
        full_at = self._full_at.get(caller)
        if full_at is None and len(self._full_at) >= self._max_buckets and not self._made_room(now):
            return self._interval_s
        begins = max(full_at or now, now)
        return max(begins + self._interval_s - (now + self._burst * self._interval_s), 0.0)

    def failed(self, caller: str) -> float:
        """Count a failed attempt. Returns the seconds to wait; 0 when an attempt was left."""
        if wait := self.wait(caller):
            return wait
        now = self._clock()
        begins = max(self._full_at.get(caller, now), now)
        self._full_at[caller] = begins + self._interval_s
        return 0.0

    def __len__(self) -> int:
        return len(self._full_at)

    def _made_room(self, now: float) -> bool:
        """Drop full buckets and, if need be, the fullest tenth of the others; True if there is room."""
        if now - self._cleanup_failed_at < CLEANUP_INTERVAL_S:
            return False
        empty = now + (self._burst - 1) * self._interval_s
        in_use = sorted((full_at, caller) for caller, full_at in self._full_at.items() if full_at > now)
        if len(in_use) >= self._max_buckets:
            tenth = max(self._max_buckets // 10, 1)
            in_use = [one for rank, one in enumerate(in_use) if rank >= tenth or one[0] > empty]
        self._full_at = {caller: full_at for full_at, caller in in_use}
        room = len(in_use) < self._max_buckets
        self._cleanup_failed_at = -CLEANUP_INTERVAL_S if room else now
        return room


def attempt(*buckets: tuple[RateLimit, str]) -> None:
    """Take one attempt from each bucket, or from none: a caller whom one bucket refuses uses up no other.

    :raises Problem: 429, when one of them is empty.
    """
    for rate_limit, caller in buckets:
        too_many_requests(rate_limit.wait(caller))
    for rate_limit, caller in buckets:
        rate_limit.failed(caller)


def too_many_requests(wait_s: float) -> None:
    """Refuse a request whose caller must wait; 0 lets it pass.

    :raises Problem: 429.
    """
    if wait_s:
        raise Problem(429, headers={"Retry-After": str(ceil(wait_s))})
