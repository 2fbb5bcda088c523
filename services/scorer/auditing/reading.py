"""What is told of the latest audits."""

from services.scorer.auditing import repository
from services.scorer.auditing.domain import AuditState
from shared.db.database import UnitOfWork


async def read_state(uow: UnitOfWork, tenant: str) -> AuditState | None:
    """How a company stands by its last audit; None: it was never audited."""
    results = await repository.list_results(uow, tenant, 1)
    if not results:
        return None
    return AuditState(results[0], await repository.differs_since(uow, tenant))
