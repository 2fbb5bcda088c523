"""Work of a loop on things of many companies: one that fails does not keep the others waiting."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from shared.db.database import Database
from shared.errors import is_infrastructure_error
from shared.telemetry import metrics

log = structlog.get_logger()

RETRY_DELAY = timedelta(minutes=1)
"""Until a thing that failed is tried again."""
MAX_INFRASTRUCTURE_ERRORS = 2
"""In one round: of a database that is away each thing would find the same."""


class OneByOne:
    """Advances each of a loop's things by itself, and remembers in this process which of them failed."""

    def __init__(self, loop: str, database: Database) -> None:
        """:param loop: its name, in the log and in the metric."""
        self._loop = loop
        self._database = database
        self._retry_at: dict[tuple[str, UUID], datetime] = {}

    async def advance(
        self, things: Sequence[Row[Any]], advance: Callable[[Row[Any]], Awaitable[bool]]
    ) -> bool:
        """Advance each thing, which has a tenant and an id; returns whether there is more to do at once.

        :raises Exception: an error of the servers, after the things behind it had their turn.
        """
        now, more = self._database.clock(), False
        self._retry_at = {key: at for key, at in self._retry_at.items() if at > now}
        away: list[Exception] = []
        for thing in things:
            key = thing.tenant, thing.id
            if key in self._retry_at:
                continue
            try:
                more |= await advance(thing)
            except Exception as error:
                self._retry_at[key] = now + RETRY_DELAY
                metrics.LOOP_FAILURES.labels(self._loop).inc()
                log.warning(
                    "loop_step_failed",
                    loop=self._loop,
                    tenant=thing.tenant,
                    about=str(thing.id),
                    error=type(error).__name__,
                )
                if is_infrastructure_error(error):
                    away.append(error)
                    if len(away) == MAX_INFRASTRUCTURE_ERRORS:
                        self._retry_at.clear()
                        raise
        if away:
            raise away[0]
        return more
