"""``company_export``: which links to an export of a company hold, and the download that runs.

A link names the series in which it was made; with the next series all earlier links end. A download holds the
row for some minutes at a time, so that one that was killed keeps nobody waiting for long.
"""

from datetime import timedelta
from uuid import UUID

from services.trigger import repository
from shared.db.database import UnitOfWork
from shared.ids import uuid7
from shared.tenancy.closed import find_left

HELD_FOR = timedelta(minutes=5)
"""Longer than a page may take with all its tries."""
HELD_AGAIN_AFTER = timedelta(seconds=20)
"""So soon a download ends whose link is withdrawn."""


class ExportLinkEnded(Exception):
    """The link was withdrawn, or the company has left."""


class ExportRuns(Exception):
    """Somebody is downloading an export of this company."""


async def series_of(uow: UnitOfWork, tenant: str) -> UUID:
    """The series in which links are made now."""
    return await repository.export_series(uow, tenant, uuid7())


async def end_links(uow: UnitOfWork, tenant: str) -> None:
    """End all links that were made until now."""
    await repository.begin_export_series(uow, tenant, uuid7())


async def hold(uow: UnitOfWork, tenant: str, series: UUID, holder: UUID) -> None:
    """Begin a download, or go on with the one that holds the row already.

    :raises ExportLinkEnded: when the link of this series opens nothing any more.
    :raises ExportRuns: when another download runs.
    """
    row = await repository.lock_export(uow, tenant)
    # What has left is being erased: of its rows an export would have some.
    if row is None or row.series != series or await find_left(uow, [tenant]):
        raise ExportLinkEnded(tenant)
    if row.held_by not in {None, holder} and row.held_until > uow.now:
        raise ExportRuns(tenant)
    await repository.hold_export(uow, tenant, holder, uow.now + HELD_FOR)


async def release(uow: UnitOfWork, tenant: str, holder: UUID) -> None:
    """The download has ended."""
    await repository.release_export(uow, tenant, holder)
