"""The companies that a loop passes over for a while, since its work on them failed: the others go on."""

from datetime import datetime, timedelta

import structlog

from shared.errors import is_infrastructure_error, sqlstate
from shared.telemetry import metrics

log = structlog.get_logger()

PASSED_OVER_FOR = timedelta(hours=1)
_TOOK_TOO_LONG = frozenset({"57014", "25P04"})
"""A statement or a transaction of one company that the database ended: the others may be quick."""


class PassedOver:
    """What a loop that takes one company after the other remembers in its process."""

    def __init__(self, loop: str) -> None:
        """:param loop: its name, in the log and in the metric."""
        self._loop = loop
        self._until: dict[str, datetime] = {}

    def companies(self, now: datetime) -> list[str]:
        """Those that have no turn now."""
        self._until = {tenant: until for tenant, until in self._until.items() if until > now}
        return list(self._until)

    def add(self, tenant: str, error: Exception, now: datetime) -> None:
        """Pass a company over because of this error.

        :raises Exception: the error itself, where it would meet every company: a server is away.
        """
        if is_infrastructure_error(error) and sqlstate(error) not in _TOOK_TOO_LONG:
            raise error
        self._until[tenant] = now + PASSED_OVER_FOR
        metrics.LOOP_FAILURES.labels(self._loop).inc()
        log.warning("loop_step_failed", loop=self._loop, tenant=tenant, error=type(error).__name__)
