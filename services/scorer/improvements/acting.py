"""Does to an action what an API's body or a page's form asks for."""

from uuid import UUID

from services.scorer.access import SegmentAccess
from services.scorer.improvements.domain import KeptImprovement
from services.scorer.improvements.improvement_commands import move_improvement, publish_texts
from services.scorer.improvements.schemas import ImprovementMove
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.privacy.audit import AuditActor


async def carry_out(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, who: AuditActor, key: UUID, move: ImprovementMove
) -> KeptImprovement | None:
    """Move an action, or publish what customers are told of it; None where there is none that may be seen.

    It raises what :func:`move_improvement` and :func:`publish_texts` raise.
    """
    if move.act == "publish":
        return await publish_texts(uow, tenant, access, who, key, move.published(), move.version)
    return await move_improvement(
        uow,
        tenant,
        access,
        who,
        key,
        move.act,
        move.version,
        reason=move.reason.strip(),
        days=move.days,
    )
