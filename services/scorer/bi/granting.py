"""Grants, lists and revokes the access of a company's tools: the role, and for whom it stands."""

from asyncpg import Connection

from services.scorer.bi import repository, role_repository
from services.scorer.bi.domain import BiRole, NewBiRole, new_role
from shared.db.database import Database
from shared.privacy.audit import COMMAND_LINE, record_audit
from shared.tenancy import find_tenant


class UnknownCompany(Exception):
    """The scorer knows no company of this name."""


async def grant(database: Database, admin_url: str, tenant: str, *, reads_answers: bool) -> NewBiRole:
    """A new role of a company. It is made last: until then the name stands for the company and nobody has it.

    :param admin_url: the superuser's address of the scorer's database.
    :raises UnknownCompany: when there is none of this name.
    :raises role_repository.NoServerAccess: when the superuser is refused.
    """
    made = new_role()
    async with role_repository.superuser(admin_url) as connection:
        async with database.transaction() as uow:
            if await find_tenant(uow, tenant) is None:
                raise UnknownCompany(f"The scorer knows no company {tenant}.")
            await repository.add_role(uow, made.role, tenant, reads_answers=reads_answers)
            record_audit(uow, tenant, COMMAND_LINE, "bi_granted", made.role, answers=reads_answers)
        await role_repository.create_role(connection, made)
    return made


async def revoke(database: Database, admin_url: str, tenant: str, role: str = "") -> list[str]:
    """End the access of one role of a company, or of all; returns which. Said again it completes what failed.

    :raises role_repository.NoServerAccess: when the superuser is refused.
    """
    async with role_repository.superuser(admin_url) as connection:
        async with database.transaction() as uow:
            removed = await repository.remove_roles(uow, tenant, role)
            for each in removed:
                record_audit(uow, tenant, COMMAND_LINE, "bi_revoked", each)
        for each in removed:
            await role_repository.drop_role(connection, each)
        await _drop_unknown(database, connection)
    return removed


async def list_grants(database: Database) -> list[BiRole]:
    """Which roles stand for which companies."""
    async with database.reading() as uow:
        return await repository.list_roles(uow)


async def _drop_unknown(database: Database, connection: Connection) -> None:
    """Roles of companies that have left, and of a revocation that was interrupted, stand for nobody."""
    # In this order: a role that another operator makes meanwhile stands for a company before it is there.
    existing = await role_repository.existing_roles(connection)
    async with database.reading() as uow:
        known = {each.role for each in await repository.list_roles(uow)}
    for role in existing:
        if role not in known:
            await role_repository.drop_role(connection, role)
