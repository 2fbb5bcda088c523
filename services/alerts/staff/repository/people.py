"""The people of companies."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.alerts.staff.repository.links import end_links
from shared.db.database import UnitOfWork
from shared.permissions import ADMIN

MAX_COMPANIES_PER_ADDRESS = 4
"""How many companies one address may open: each costs a comparison of the password at every sign-in."""
_PERSON = """tenant, id, address, name, role, segments, password_hash, wants_mail, language, active,
        created_at, seen_at"""

ADD_PERSON = """
    INSERT INTO staff (tenant, id, address, name, role, segments, created_at)
    VALUES (:tenant, :id, :address, :name, :role, CAST(:segments AS text[]), :now)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


async def add_person(
    uow: UnitOfWork, tenant: str, person: UUID, *, address: str, name: str, role: str, segments: Sequence[str]
) -> bool:
    """Add a person; False when the company has somebody with this address."""
    rows = await uow.execute(
        ADD_PERSON,
        {
            "tenant": tenant,
            "id": person,
            "address": address,
            "name": name,
            "role": role,
            "segments": list(segments),
            "now": uow.now,
        },
    )
    return rows.one_or_none() is not None


FIND_PEOPLE = f"""
    SELECT {_PERSON} FROM staff
    WHERE tenant = :tenant
    ORDER BY active DESC, lower(name), id
"""


async def people(uow: UnitOfWork, tenant: str) -> list[Any]:
    """Everybody of a company, those who left last."""
    return list(await uow.execute(FIND_PEOPLE, {"tenant": tenant}))


FIND_PERSON = f"SELECT {_PERSON} FROM staff WHERE tenant = :tenant AND id = :id"
LOCK_PERSON = f"{FIND_PERSON} FOR UPDATE"


async def find_person(uow: UnitOfWork, tenant: str, person: UUID, *, lock: bool = False) -> Any | None:
    """A person by id."""
    found = await uow.execute(LOCK_PERSON if lock else FIND_PERSON, {"tenant": tenant, "id": person})
    return found.one_or_none()


FIND_BY_ADDRESS = f"SELECT {_PERSON} FROM staff WHERE tenant = :tenant AND address = :address"


async def find_by_address(uow: UnitOfWork, tenant: str, address: str) -> Any | None:
    """A person of this company by address."""
    return (await uow.execute(FIND_BY_ADDRESS, {"tenant": tenant, "address": address})).one_or_none()


FIND_ACCOUNTS_OF_ADDRESS = f"""
    SELECT {_PERSON} FROM staff
    WHERE address = :address AND active AND password_hash IS NOT NULL
    ORDER BY created_at DESC
    LIMIT :limit
"""


async def accounts_of_address(uow: UnitOfWork, address: str) -> list[Any]:
    """The accounts of an address in all companies: at sign-in the company is not known yet."""
    rows = await uow.execute(
        FIND_ACCOUNTS_OF_ADDRESS, {"address": address, "limit": MAX_COMPANIES_PER_ADDRESS}
    )
    return list(rows)


FIND_WORKING_ON_CASES = """
    SELECT tenant, id, segments FROM staff
    WHERE tenant = ANY(CAST(:tenants AS text[])) AND role = ANY(CAST(:roles AS text[]))
        AND active
    ORDER BY tenant, id
"""


async def working_on_cases(
    uow: UnitOfWork, tenants: Sequence[str], roles: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """By tenant: id and segments of everybody in these roles."""
    rows = await uow.execute(FIND_WORKING_ON_CASES, {"tenants": sorted(set(tenants)), "roles": list(roles)})
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.tenant, []).append({"id": row.id, "segments": row.segments})
    return found


SET_RIGHTS = """
    UPDATE staff SET role = :role, segments = CAST(:segments AS text[]), active = :active
    WHERE tenant = :tenant AND id = :id
"""


async def set_rights(
    uow: UnitOfWork, tenant: str, person: UUID, *, role: str, segments: Sequence[str], active: bool
) -> None:
    """Set what an administrator decides about a person."""
    await uow.execute(
        SET_RIGHTS,
        {"tenant": tenant, "id": person, "role": role, "segments": list(segments), "active": active},
    )


SET_NAME = """
    UPDATE staff SET name = :name
    WHERE tenant = :tenant AND id = :id
"""


async def set_name(uow: UnitOfWork, tenant: str, person: UUID, name: str) -> None:
    """Set the name by which a person wants to be known."""
    await uow.execute(SET_NAME, {"tenant": tenant, "id": person, "name": name})


SET_WANTS_MAIL = "UPDATE staff SET wants_mail = :wants_mail WHERE tenant = :tenant AND id = :id"


async def set_wants_mail(uow: UnitOfWork, tenant: str, person: UUID, *, wants_mail: bool) -> None:
    """Set whether a person gets mails about what can be chosen."""
    await uow.execute(SET_WANTS_MAIL, {"tenant": tenant, "id": person, "wants_mail": wants_mail})


SET_LANGUAGE = "UPDATE staff SET language = :language WHERE tenant = :tenant AND id = :id"


async def set_language(uow: UnitOfWork, tenant: str, person: UUID, language: str) -> None:
    """Set the language of a person's pages and mails; empty: that of their browser."""
    await uow.execute(SET_LANGUAGE, {"tenant": tenant, "id": person, "language": language})


SET_PASSWORD = "UPDATE staff SET password_hash = :hash WHERE tenant = :tenant AND id = :id"  # noqa: S105


async def set_password_hash(uow: UnitOfWork, tenant: str, person: UUID, password_hash: str) -> None:
    """Replace a person's password; the links that would let them choose one end with the old one."""
    await uow.execute(SET_PASSWORD, {"tenant": tenant, "id": person, "hash": password_hash})
    await end_links(uow, tenant, person)


LOCK_ADMINS = """
    SELECT id FROM staff
    WHERE tenant = :tenant AND role = :admin AND active
    ORDER BY id
    FOR UPDATE
"""


async def lock_admins(uow: UnitOfWork, tenant: str) -> list[UUID]:
    """The active administrators, locked: two of them must not dismiss each other at once."""
    rows = await uow.execute(LOCK_ADMINS, {"tenant": tenant, "admin": ADMIN})
    return [row.id for row in rows]
