"""Whether a database stands where this code needs it, and whether its clock and ours agree."""

import asyncio
import importlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.database import Database
from shared.errors import FatalError
from shared.health import Health
from shared.runtime import Periodic
from shared.telemetry import metrics

CHECK_INTERVAL_S = 5.0
FIRST_CHECK_INTERVAL_S = 1.0
MAX_CLOCK_DIFFERENCE_S = 5.0
"""Seconds between two clocks that harm nothing: leases have 20 to spare, senders of events 5 minutes."""


class NewerDatabase(FatalError):
    """A newer Afterword has migrated this database: its revision is none that this code knows."""


def migrations_folder(service: str) -> Path:
    """Where a service keeps its migrations."""
    package = importlib.import_module(f"services.{service}")
    return Path(str(package.__file__)).parent / "migrations"


def revisions(service: str) -> list[str]:
    """The revisions that this code knows, oldest first: what each file's name begins with."""
    return sorted(
        path.name.partition("_")[0] for path in (migrations_folder(service) / "versions").glob("[0-9]*.py")
    )


async def schema_fault(service: str, connection: AsyncConnection) -> str:
    """Why this code cannot work with the database yet; empty when it can.

    :raises NewerDatabase: when it never will.
    """
    known = revisions(service)
    at = await revision(connection)
    if at is None:
        return f"the database has no tables yet; run afterword migrate {service}"
    if at not in known:
        raise NewerDatabase(
            f"The database of {service} stands at revision {at}, and this version of Afterword knows none "
            f"after {known[-1]}: a newer version has migrated it. Start that one; nothing was changed."
        )
    if at != known[-1]:
        return (
            f"the database stands at revision {at}, this version needs {known[-1]}; "
            f"run afterword migrate {service}"
        )
    return ""


async def revision(connection: AsyncConnection) -> str | None:
    """Where the database stands; None before the first migration."""
    there = await connection.execute(text("SELECT to_regclass('alembic_version')"))
    if there.scalar_one() is None:
        return None
    found = await connection.execute(text("SELECT version_num FROM alembic_version"))
    at = found.scalar_one_or_none()
    return None if at is None else str(at)


@dataclass
class SchemaCheck:
    """Looks every few seconds; what needs the tables begins when they are right, and not before.

    Who has begun goes on while a newer version migrates: a migration only adds what the older does not mind.
    """

    database: Database
    service: str
    health: Health
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stopping: asyncio.Event) -> None:
        """Check until stopped.

        :raises NewerDatabase: when the database is too new to begin with.
        """
        await Periodic("database", self._step, CHECK_INTERVAL_S, self.health, sets_ready=False).run(stopping)

    async def _step(self) -> float | None:
        why = await self._check()
        if why:
            self.health.set_unready("database", why)
        else:
            self.health.set_ready("database")
            self.ready.set()
        return None if self.ready.is_set() else FIRST_CHECK_INTERVAL_S

    async def _check(self) -> str:
        async with self.database.engine.connect() as connection:
            before = self.database.clock()
            theirs = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
            self._compare(theirs, before, self.database.clock())
            return "" if self.ready.is_set() else await schema_fault(self.service, connection)

    def _compare(self, theirs: datetime, before: datetime, after: datetime) -> None:
        """Our clock against the database's, which was read somewhere between two looks at ours."""
        apart = (before - theirs + (after - before) / 2).total_seconds()
        metrics.CLOCK_DIFFERENCE.labels(self.service).set(apart)
        if abs(apart) - (after - before).total_seconds() / 2 > MAX_CLOCK_DIFFERENCE_S:
            direction = "ahead of" if apart > 0 else "behind"
            self.health.warn(
                "clock",
                f"ours is {abs(apart):.0f} s {direction} the database's; set both by NTP: the times of "
                "events, leases and links go by them",
            )
        else:
            self.health.clear_warning("clock")
