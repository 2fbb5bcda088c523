"""A small bucket for each address that guesses keys, so that guessing is slow."""

import time
from collections.abc import Callable


class Guesses:
    """Counts failed attempts per caller: ``most`` at once, then one more each ``every`` seconds.

    Only failures take from the bucket, so a good key behind the same address is never locked out. In
    process: with N processes a guesser has N buckets, which a key of 256 bits does not mind.
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

    def wait(self, caller: str) -> float:
        """The seconds until this caller may fail again, 0 while the bucket still has some left."""
        now = self._clock()
        begins = max(self._full_again.get(caller, now), now)
        return max(begins + self._every - (now + self._most * self._every), 0.0)

    def failed(self, caller: str) -> float:
        """Note a failed attempt. Returns the seconds to wait, 0 while the bucket still had some left."""
        if wait := self.wait(caller):
            return wait
        now = self._clock()
        begins = max(self._full_again.pop(caller, now), now)
        if len(self._full_again) >= self._keep:
            self._forget(now)
        self._full_again[caller] = begins + self._every
        return 0.0

    def __len__(self) -> int:
        return len(self._full_again)

    def _forget(self, now: float) -> None:
        """Drop who is idle (a full bucket says nothing), and the oldest if all are busy."""
        self._full_again = {caller: full for caller, full in self._full_again.items() if full > now}
        while len(self._full_again) >= self._keep:
            del self._full_again[next(iter(self._full_again))]
