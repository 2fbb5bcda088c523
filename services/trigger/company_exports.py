"""``company_export``: which links to an export of a company hold, and the download that runs.

A link names the series in which it was made; with the next series all earlier links end. A download holds the
row for some minutes at a time, so that one that was killed keeps nobody waiting for long.
"""

from datetime import timedelta
from uuid import UUID

from shared.db.database import UnitOfWork
from shared.ids import uuid7

HELD_FOR = timedelta(minutes=5)
"""Longer than a page may take with all its tries."""
HELD_AGAIN_AFTER = timedelta(seconds=20)
"""So soon a download ends whose link is withdrawn."""


class ExportLinkEnded(Exception):
    """The link was withdrawn, or the company has left."""


class ExportRuns(Exception):
    """Somebody is downloading an export of this company."""


ADD_SERIES = """
    INSERT INTO company_export (tenant, series) VALUES (:tenant, :series) ON CONFLICT (tenant) DO NOTHING
"""
FIND_SERIES = "SELECT series FROM company_export WHERE tenant = :tenant"
NEXT_SERIES = "UPDATE company_export SET series = :series WHERE tenant = :tenant"
LOCK_EXPORT = "SELECT series, held_by, held_until FROM company_export WHERE tenant = :tenant FOR UPDATE"
HOLD_EXPORT = "UPDATE company_export SET held_by = :holder, held_until = :until WHERE tenant = :tenant"
RELEASE_EXPORT = """
    UPDATE company_export SET held_by = NULL, held_until = NULL WHERE tenant = :tenant AND held_by = :holder
"""


async def series_of(uow: UnitOfWork, tenant: str) -> UUID:
    """The series in which links are made now."""
    await uow.execute(ADD_SERIES, {"tenant": tenant, "series": uuid7()})
    found: UUID = (await uow.execute(FIND_SERIES, {"tenant": tenant})).scalar_one()
    return found


async def end_links(uow: UnitOfWork, tenant: str) -> None:
    """End all links that were made until now."""
    await uow.execute(NEXT_SERIES, {"tenant": tenant, "series": uuid7()})


async def hold(uow: UnitOfWork, tenant: str, series: UUID, holder: UUID) -> None:
    """Begin a download, or go on with the one that holds the row already.

    :raises ExportLinkEnded: when the link of this series opens nothing any more.
    :raises ExportRuns: when another download runs.
    """
    row = (await uow.execute(LOCK_EXPORT, {"tenant": tenant})).one_or_none()
    if row is None or row.series != series:
        raise ExportLinkEnded(tenant)
    if row.held_by not in {None, holder} and row.held_until > uow.now:
        raise ExportRuns(tenant)
    await uow.execute(HOLD_EXPORT, {"tenant": tenant, "holder": holder, "until": uow.now + HELD_FOR})


async def release(uow: UnitOfWork, tenant: str, holder: UUID) -> None:
    """The download has ended."""
    await uow.execute(RELEASE_EXPORT, {"tenant": tenant, "holder": holder})
