"""A small bucket for each address that guesses keys, so that guessing is slow."""

import time
from collections.abc import Callable
from math import ceil

from shared.http.problems import Problem

RESCAN_SECONDS = 1.0
"""Between two looks for room while all buckets are empty."""


class RateLimit:
    """Counts failed attempts per caller: ``most`` at once, then one more each ``every`` seconds.

    Only failures take from the bucket, so a good key behind the same address is never locked out. In
    process: with N processes a guesser has N buckets, which a key of 256 bits does not mind. (The library
    `limits` has no window that only failures fill and whose empty buckets outlive a flood of other callers.)

    At most ``keep`` buckets are held. Those that have given least are dropped first, and an empty one never:
    a flood of made-up callers frees nobody who is being slowed down. While all of them are empty, who is not
    among them waits too.
    """

    def __init__(
        self,
        most: int = 20,
        every: float = 3.0,
        keep: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._every, self._keep, self._clock = most, every, keep, clock
        self._full_again: dict[str, float] = {}
        self._looked_at = -RESCAN_SECONDS

    def wait(self, caller: str) -> float:
        """The seconds until this caller may fail again, 0 while the bucket still has some left."""
        now = self._clock()
        full_again = self._full_again.get(caller)
        if full_again is None and len(self._full_again) >= self._keep and not self._forget(now):
            return self._every
        begins = max(full_again or now, now)
        return max(begins + self._every - (now + self._most * self._every), 0.0)

    def failed(self, caller: str) -> float:
        """Note a failed attempt. Returns the seconds to wait, 0 while the bucket still had some left."""
        if wait := self.wait(caller):
            return wait
        now = self._clock()
        begins = max(self._full_again.get(caller, now), now)
        self._full_again[caller] = begins + self._every
        return 0.0

    def __len__(self) -> int:
        return len(self._full_again)

    def _forget(self, now: float) -> bool:
        """Drop the full buckets, which say nothing, and if need be a tenth, of those that have given least;
        whether there is room now.
        """
        if now - self._looked_at < RESCAN_SECONDS:
            return False
        empty = now + (self._most - 1) * self._every
        busy = sorted((full, caller) for caller, full in self._full_again.items() if full > now)
        if len(busy) >= self._keep:
            least = max(self._keep // 10, 1)
            busy = [one for place, one in enumerate(busy) if place >= least or one[0] > empty]
        self._full_again = {caller: full for full, caller in busy}
        room = len(busy) < self._keep
        self._looked_at = -RESCAN_SECONDS if room else now
        return room


def attempt(*buckets: tuple[RateLimit, str]) -> None:
    """Take one attempt from each bucket, or from none: who is refused by one uses up nobody else's.

    :raises Problem: 429, when one of them is empty.
    """
    for guesses, caller in buckets:
        too_many_requests(guesses.wait(caller))
    for guesses, caller in buckets:
        guesses.failed(caller)


def too_many_requests(wait: float) -> None:
    """Refuse who has to wait for so many seconds; 0 goes on.

    :raises Problem: 429.
    """
    if wait:
        raise Problem(429, headers={"Retry-After": str(ceil(wait))})
