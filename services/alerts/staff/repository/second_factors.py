"""Second factors, their recovery codes, and whether a company asks for them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.db.database import UnitOfWork
from shared.permissions import ADMIN

FIND_FACTOR = """
    SELECT sealed, begun_at, confirmed_at, last_step FROM second_factor
    WHERE tenant = :tenant AND staff_id = :person
"""
LOCK_FACTOR = f"{FIND_FACTOR} FOR UPDATE"


async def find_factor(uow: UnitOfWork, tenant: str, person: UUID, *, lock: bool = False) -> Any | None:
    """A person's second factor, confirmed or only begun."""
    found = await uow.execute(LOCK_FACTOR if lock else FIND_FACTOR, {"tenant": tenant, "person": person})
    return found.one_or_none()


BEGIN_FACTOR = """
    INSERT INTO second_factor (tenant, staff_id, sealed, begun_at)
    VALUES (:tenant, :person, :sealed, :now)
    ON CONFLICT (tenant, staff_id) DO UPDATE SET sealed = :sealed, begun_at = :now
    WHERE second_factor.confirmed_at IS NULL
"""


async def begin_factor(uow: UnitOfWork, tenant: str, person: UUID, sealed: bytes) -> None:
    """Begin a second factor anew, unless one is confirmed."""
    await uow.execute(BEGIN_FACTOR, {"tenant": tenant, "person": person, "sealed": sealed, "now": uow.now})


TAKE_STEP = """
    UPDATE second_factor
    SET last_step = :step, confirmed_at = coalesce(confirmed_at, :now)
    WHERE tenant = :tenant AND staff_id = :person
"""


async def take_step(uow: UnitOfWork, tenant: str, person: UUID, step: int) -> None:
    """Use up the codes until this step, which confirms a factor that is only begun. Lock it before."""
    await uow.execute(TAKE_STEP, {"tenant": tenant, "person": person, "step": step, "now": uow.now})


DELETE_FACTOR = "DELETE FROM second_factor WHERE tenant = :tenant AND staff_id = :person"
DELETE_CODES = "DELETE FROM recovery_code WHERE tenant = :tenant AND staff_id = :person"


async def delete_factor(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """Delete a person's second factor and its recovery codes."""
    values = {"tenant": tenant, "person": person}
    await uow.execute(DELETE_FACTOR, values)
    await uow.execute(DELETE_CODES, values)


ADD_CODES = """
    INSERT INTO recovery_code (tenant, staff_id, digest)
    SELECT :tenant, :person, digest FROM unnest(CAST(:digests AS text[])) AS digest
"""


async def replace_codes(uow: UnitOfWork, tenant: str, person: UUID, digests: Sequence[str]) -> None:
    """Give a person new recovery codes; the earlier ones end."""
    values = {"tenant": tenant, "person": person}
    await uow.execute(DELETE_CODES, values)
    await uow.execute(ADD_CODES, {**values, "digests": list(digests)})


USE_CODE = """
    UPDATE recovery_code SET used_at = :now
    WHERE tenant = :tenant AND staff_id = :person AND digest = :digest AND used_at IS NULL
    RETURNING digest
"""


async def use_code(uow: UnitOfWork, tenant: str, person: UUID, digest: str) -> bool:
    """Use up a recovery code; of two at once only one gets it."""
    values = {"tenant": tenant, "person": person, "digest": digest, "now": uow.now}
    return (await uow.execute(USE_CODE, values)).one_or_none() is not None


COUNT_CODES = """
    SELECT count(*) FROM recovery_code
    WHERE tenant = :tenant AND staff_id = :person AND used_at IS NULL
"""


async def count_codes(uow: UnitOfWork, tenant: str, person: UUID) -> int:
    """How many recovery codes a person has left."""
    return int((await uow.execute(COUNT_CODES, {"tenant": tenant, "person": person})).scalar_one())


FIND_WITH_FACTOR = """
    SELECT staff_id FROM second_factor
    WHERE tenant = :tenant AND confirmed_at IS NOT NULL
"""


async def people_with_factor(uow: UnitOfWork, tenant: str) -> set[UUID]:
    """Who has a confirmed second factor."""
    return {row.staff_id for row in await uow.execute(FIND_WITH_FACTOR, {"tenant": tenant})}


HAS_ADMIN_WITH_FACTOR = """
    SELECT EXISTS (
        SELECT FROM second_factor f
        JOIN staff s ON s.tenant = f.tenant AND s.id = f.staff_id
        WHERE f.tenant = :tenant AND f.confirmed_at IS NOT NULL
            AND s.active AND s.role = :admin AND cardinality(s.segments) = 0
    )
"""


async def has_admin_with_factor(uow: UnitOfWork, tenant: str) -> bool:
    """Whether an administrator of the whole company has a confirmed second factor."""
    found = await uow.execute(HAS_ADMIN_WITH_FACTOR, {"tenant": tenant, "admin": ADMIN})
    return bool(found.scalar_one())


FIND_RULE = "SELECT second_factor_required FROM sign_in_rule WHERE tenant = :tenant"


async def is_required(uow: UnitOfWork, tenant: str) -> bool:
    """Whether the company asks everybody for a second factor."""
    return bool((await uow.execute(FIND_RULE, {"tenant": tenant})).scalar_one_or_none())


SET_REQUIRED = """
    INSERT INTO sign_in_rule (tenant, second_factor_required) VALUES (:tenant, :required)
    ON CONFLICT (tenant) DO UPDATE SET second_factor_required = :required
"""


async def set_required(uow: UnitOfWork, tenant: str, *, required: bool) -> None:
    """Ask everybody of the company for a second factor, or leave it to each."""
    await uow.execute(SET_REQUIRED, {"tenant": tenant, "required": required})


DELETE_SESSIONS_WITHOUT_FACTOR = """
    DELETE FROM session e
    WHERE e.tenant = :tenant AND NOT e.by_provider AND NOT EXISTS (
        SELECT FROM second_factor f
        WHERE f.tenant = e.tenant AND f.staff_id = e.staff_id AND f.confirmed_at IS NOT NULL
    )
"""


async def delete_sessions_without_factor(uow: UnitOfWork, tenant: str) -> None:
    """Sign out everybody who came in by a password alone: they get a second factor when they come again."""
    await uow.execute(DELETE_SESSIONS_WITHOUT_FACTOR, {"tenant": tenant})
