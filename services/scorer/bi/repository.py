"""``bi_role``: which role stands for which company."""

from services.scorer.bi.domain import BiRole
from shared.db.database import UnitOfWork

INSERT_ROLE = """
    INSERT INTO bi_role (role, tenant, reads_answers, granted_at)
    VALUES (:role, :tenant, :reads_answers, :now)
"""


async def add_role(uow: UnitOfWork, role: str, tenant: str, *, reads_answers: bool) -> None:
    """Let a role stand for a company."""
    await uow.execute(
        INSERT_ROLE, {"role": role, "tenant": tenant, "reads_answers": reads_answers, "now": uow.now}
    )


DELETE_ROLES = """
    DELETE FROM bi_role
    WHERE tenant = :tenant AND (CAST(:role AS text) = '' OR role = :role)
    RETURNING role
"""


async def remove_roles(uow: UnitOfWork, tenant: str, role: str = "") -> list[str]:
    """Let a company's role, or all of its roles, stand for it no longer; returns which."""
    rows = await uow.execute(DELETE_ROLES, {"tenant": tenant, "role": role})
    return [str(row.role) for row in rows]


LIST_ROLES = "SELECT role, tenant, reads_answers, granted_at FROM bi_role ORDER BY tenant, granted_at, role"


async def list_roles(uow: UnitOfWork) -> list[BiRole]:
    """The roles of all companies."""
    return [BiRole._make(row) for row in await uow.execute(LIST_ROLES)]
