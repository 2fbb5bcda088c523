"""Rules of a browser whose push service takes nothing: it rests, longer each time, and is removed at last."""

from datetime import datetime, timedelta
from typing import NamedTuple

from shared.mail import Deferred, Outcome, Unknown
from shared.outbound.outcome_rules import RETRY_AFTER_MINUTES

REMOVED_AFTER = timedelta(days=5)
"""Of failures alone, and :data:`MIN_FAILURES` at least."""
MIN_FAILURES = 5


class PushHealth(NamedTuple):
    """What became of the last messages to a browser."""

    failures: int = 0
    """In a row."""
    failing_since: datetime | None = None
    rests_until: datetime | None = None
    """Before then none is sent."""

    def after(self, outcome: Outcome, now: datetime) -> "PushHealth":
        """Whoever answers works, whatever it says of a message."""
        if not isinstance(outcome, Deferred | Unknown):
            return PushHealth()
        failures = self.failures + 1
        minutes = RETRY_AFTER_MINUTES[min(failures, len(RETRY_AFTER_MINUTES)) - 1]
        until = now + timedelta(minutes=minutes)
        if isinstance(outcome, Deferred) and outcome.not_before is not None:
            until = max(until, outcome.not_before)
        return PushHealth(failures, self.failing_since or now, until)

    def rests(self, now: datetime) -> bool:
        """Whether nothing is sent now."""
        return self.rests_until is not None and now < self.rests_until

    def has_ended(self, now: datetime) -> bool:
        """Whether it has failed for so long that the browser is removed."""
        since = self.failing_since
        return self.failures >= MIN_FAILURES and since is not None and now - since >= REMOVED_AFTER
