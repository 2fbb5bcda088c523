"""Which pairs a company has declared, and which dimensions it could pair."""

from dataclasses import dataclass

from services.scorer.access import SegmentAccess
from services.scorer.pairs.domain import PairProgress
from services.scorer.pairs.repository import list_pairs
from services.scorer.repository.segments import list_dimensions
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.tenancy import find_tenant


@dataclass(frozen=True, kw_only=True)
class PairReader:
    """Who asks for the pairs of a company."""

    tenant: Tenant
    access: SegmentAccess


async def reader_of(uow: UnitOfWork, tenant_id: str, staff: Staff | None) -> PairReader:
    """The reader of a company's pairs; None: a program.

    :raises Problem: 404 where the company is not known yet.
    """
    tenant = await find_tenant(uow, tenant_id)
    if tenant is None:
        raise Problem(404)
    return PairReader(tenant=tenant, access=SegmentAccess.of(tenant, staff))


async def read_pairs(uow: UnitOfWork, reader: PairReader) -> list[PairProgress]:
    """All pairs, by name."""
    return await list_pairs(uow, reader.tenant.id)


async def dimensions_offered(uow: UnitOfWork, reader: PairReader) -> list[str]:
    """The dimensions that can be paired, the organisation first."""
    return [each.name for each in await list_dimensions(uow, reader.tenant.id)]
