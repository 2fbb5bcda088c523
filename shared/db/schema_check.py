"""Whether a database has the revision that this code needs, and whether its clock agrees with ours."""

import asyncio
import importlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.database import Database, statement
from shared.errors import FatalError
from shared.health import Health
from shared.runtime import Periodic
from shared.telemetry import metrics

CHECK_INTERVAL_S = 5.0
FIRST_CHECK_INTERVAL_S = 1.0
MAX_CLOCK_DIFFERENCE_S = 5.0
"""A smaller difference does no harm: leases have 20 s to spare, senders of events 5 minutes."""


class NewerDatabase(FatalError):
    """A newer version has migrated this database: this code does not know its revision."""


def migrations_folder(service: str) -> Path:
    """The folder of a service's migrations."""
    package = importlib.import_module(f"services.{service}")
    return Path(str(package.__file__)).parent / "migrations"


def revisions(service: str) -> list[str]:
    """The revisions that this code knows, oldest first: each is the beginning of a file's name."""
    return sorted(
        path.name.partition("_")[0] for path in (migrations_folder(service) / "versions").glob("[0-9]*.py")
    )


async def schema_fault(service: str, connection: AsyncConnection) -> str:
    """Why this code cannot use the database before it is migrated; empty when it can.

    :raises NewerDatabase: when a newer version has migrated it.
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
    """The database's revision; None before the first migration."""
    table = await connection.execute(statement("SELECT to_regclass('alembic_version')"))
    if table.scalar_one() is None:
        return None
    found = await connection.execute(statement("SELECT version_num FROM alembic_version"))
    version = found.scalar_one_or_none()
    return None if version is None else str(version)


@dataclass
class SchemaCheck:
    """Checks every few seconds; loops that need the tables begin once the database has this code's revision.

    They go on when a newer version migrates it meanwhile: a migration only adds, and breaks no older version.
    """

    database: Database
    service: str
    health: Health
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the database has the revision that this code needs."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Check until stopped.

        :raises NewerDatabase: when a newer version has migrated the database before this process was ready.
        """
        await Periodic(
            "database",
            self._step,
            CHECK_INTERVAL_S,
            self.health,
            max_backoff_s=FIRST_CHECK_INTERVAL_S,
            sets_ready=False,
        ).run(stopping)

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
            database_time = (await connection.execute(statement("SELECT clock_timestamp()"))).scalar_one()
            self._compare_clocks(database_time, before, self.database.clock())
            return "" if self.ready.is_set() else await schema_fault(self.service, connection)

    def _compare_clocks(self, database_time: datetime, before: datetime, after: datetime) -> None:
        """The database's clock was read between ``before`` and ``after``, by this machine's clock."""
        difference = (before - database_time + (after - before) / 2).total_seconds()
        metrics.CLOCK_DIFFERENCE.labels(self.service).set(difference)
        if abs(difference) - (after - before).total_seconds() / 2 > MAX_CLOCK_DIFFERENCE_S:
            direction = "ahead of" if difference > 0 else "behind"
            self.health.warn(
                "clock",
                f"ours is {abs(difference):.0f} s {direction} the database's; set both by NTP: the times of "
                "events, leases and links go by them",
            )
        else:
            self.health.clear_warning("clock")
