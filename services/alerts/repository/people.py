"""Staff, their sessions and their sign-in links. Tokens are kept as digests only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db.database import UnitOfWork

COMPANIES_AT_MOST = 4
"""How many companies one address may open: each costs a comparison of the password at every sign-in."""
_PERSON = "tenant, id, address, name, role, segments, password_hash, wants_mail, active, created_at, seen_at"


async def add_person(
    uow: UnitOfWork, tenant: str, person: UUID, *, address: str, name: str, role: str, segments: Sequence[str]
) -> bool:
    """Add somebody; False when the company has somebody with this address."""
    rows = await uow.execute(
        "INSERT INTO staff (tenant, id, address, name, role, segments, created_at) VALUES "
        "(:tenant, :id, :address, :name, :role, CAST(:segments AS text[]), :now) ON CONFLICT DO "
        "NOTHING RETURNING id",
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


async def unheard_segments(uow: UnitOfWork, tenant: str, segments: Sequence[str]) -> list[str]:
    """Those of the segments of which there is no case."""
    rows = await uow.execute(
        "SELECT n.segment FROM unnest(CAST(:segments AS text[])) WITH ORDINALITY AS n (segment, place) "
        "WHERE NOT EXISTS (SELECT 1 FROM cases c WHERE c.tenant = :tenant "
        "AND c.belongs @> ARRAY[n.segment]) ORDER BY n.place",
        {"tenant": tenant, "segments": list(segments)},
    )
    return list(rows.scalars())


async def known_segments(uow: UnitOfWork, tenant: str, most: int = 500) -> list[str]:
    """The segments of the newest cases."""
    rows = await uow.execute(
        "SELECT DISTINCT unnest(c.belongs) AS segment FROM (SELECT belongs FROM cases "
        "WHERE tenant = :tenant ORDER BY opened_at DESC LIMIT 2000) c ORDER BY 1 LIMIT :most",
        {"tenant": tenant, "most": most},
    )
    return [segment for segment in rows.scalars() if segment]


async def people(uow: UnitOfWork, tenant: str) -> list[Any]:
    """Everybody of a company, those who left last."""
    return list(
        await uow.execute(
            f"SELECT {_PERSON} FROM staff WHERE tenant = :tenant ORDER BY active DESC, lower(name), id",
            {"tenant": tenant},
        )
    )


async def find_person(uow: UnitOfWork, tenant: str, person: UUID, *, lock: bool = False) -> Any | None:
    """Somebody by id."""
    return (
        await uow.execute(
            f"SELECT {_PERSON} FROM staff WHERE tenant = :tenant AND id = :id{' FOR UPDATE' if lock else ''}",
            {"tenant": tenant, "id": person},
        )
    ).one_or_none()


async def find_by_address(uow: UnitOfWork, tenant: str, address: str) -> Any | None:
    """Somebody of this company by address."""
    return (
        await uow.execute(
            f"SELECT {_PERSON} FROM staff WHERE tenant = :tenant AND address = :address",
            {"tenant": tenant, "address": address},
        )
    ).one_or_none()


async def who_may_sign_in(uow: UnitOfWork, address: str) -> list[Any]:
    """The accounts that belong to an address, over all companies: who signs in has not said which one yet."""
    return list(
        await uow.execute(
            f"SELECT {_PERSON} FROM staff WHERE address = :address AND active AND password_hash IS NOT NULL "
            "ORDER BY created_at DESC LIMIT :most",
            {"address": address, "most": COMPANIES_AT_MOST},
        )
    )


async def who_hears(
    uow: UnitOfWork, tenants: Sequence[str], roles: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Per tenant who works on cases and wants mail."""
    rows = await uow.execute(
        "SELECT tenant, id, segments FROM staff WHERE tenant = ANY(CAST(:tenants AS text[])) "
        "AND role = ANY(CAST(:roles AS text[])) AND active AND wants_mail ORDER BY tenant, id",
        {"tenants": sorted(set(tenants)), "roles": list(roles)},
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.tenant, []).append({"id": row.id, "segments": row.segments})
    return found


async def change_person(
    uow: UnitOfWork, tenant: str, person: UUID, *, role: str, segments: Sequence[str], active: bool
) -> None:
    """What an administrator decides about somebody."""
    await uow.execute(
        "UPDATE staff SET role = :role, segments = CAST(:segments AS text[]), active = :active "
        "WHERE tenant = :tenant AND id = :id",
        {"tenant": tenant, "id": person, "role": role, "segments": list(segments), "active": active},
    )


async def change_own(uow: UnitOfWork, tenant: str, person: UUID, *, name: str, wants_mail: bool) -> None:
    """What everybody decides about themselves."""
    await uow.execute(
        "UPDATE staff SET name = :name, wants_mail = :wants_mail WHERE tenant = :tenant AND id = :id",
        {"tenant": tenant, "id": person, "name": name, "wants_mail": wants_mail},
    )


async def keep_password(uow: UnitOfWork, tenant: str, person: UUID, password_hash: str) -> None:
    """Replace somebody's password; the links that would let them choose one end with the old one."""
    await uow.execute(
        "UPDATE staff SET password_hash = :hash WHERE tenant = :tenant AND id = :id",
        {"tenant": tenant, "id": person, "hash": password_hash},
    )
    await end_links(uow, tenant, person)


async def lock_admins(uow: UnitOfWork, tenant: str) -> list[UUID]:
    """The administrators who can act, locked: two of them must not dismiss each other at once."""
    rows = await uow.execute(
        "SELECT id FROM staff WHERE tenant = :tenant AND role = 'admin' AND active ORDER BY id FOR UPDATE",
        {"tenant": tenant},
    )
    return [row.id for row in rows]


async def add_session(
    uow: UnitOfWork,
    tenant: str,
    session: UUID,
    *,
    person: UUID,
    digest: str,
    expires_at: datetime,
    device: str,
) -> None:
    """Somebody has signed in."""
    await uow.execute(
        "INSERT INTO session (tenant, id, staff_id, digest, created_at, expires_at, device) VALUES "
        "(:tenant, :id, :person, :digest, :now, :expires, :device)",
        {
            "tenant": tenant,
            "id": session,
            "person": person,
            "digest": digest,
            "now": uow.now,
            "expires": expires_at,
            "device": device,
        },
    )
    await see(uow, tenant, session)


async def see(uow: UnitOfWork, tenant: str, session: UUID) -> None:
    """The person of this session is here now. The row of the person first, as wherever both change."""
    await uow.execute(
        "UPDATE staff SET seen_at = :now WHERE tenant = :tenant AND id = "
        "(SELECT staff_id FROM session WHERE tenant = :tenant AND id = :id)",
        {"tenant": tenant, "id": session, "now": uow.now},
    )
    await uow.execute(
        "UPDATE session SET seen_at = :now WHERE tenant = :tenant AND id = :id",
        {"tenant": tenant, "id": session, "now": uow.now},
    )


async def find_session(uow: UnitOfWork, tenant: str, digest: str) -> Any | None:
    """Who a session belongs to, while it lasts and they may still sign in."""
    return (
        await uow.execute(
            "SELECT e.id AS session_id, e.expires_at, s.id, s.name, s.role, s.segments FROM session e "
            "JOIN staff s ON s.tenant = e.tenant AND s.id = e.staff_id "
            "WHERE e.tenant = :tenant AND e.digest = :digest AND e.expires_at > :now AND s.active",
            {"tenant": tenant, "digest": digest, "now": uow.now},
        )
    ).one_or_none()


async def sessions(uow: UnitOfWork, tenant: str, person: UUID) -> list[Any]:
    """Where somebody is signed in, newest first."""
    return list(
        await uow.execute(
            "SELECT id, created_at, expires_at, device, seen_at FROM session "
            "WHERE tenant = :tenant AND staff_id = :person AND expires_at > :now ORDER BY created_at DESC",
            {"tenant": tenant, "person": person, "now": uow.now},
        )
    )


async def live_session(uow: UnitOfWork, tenant: str, session: UUID, person: UUID) -> Any | None:
    """What the person of a session may do and see now; None when it is over, or they may not sign in."""
    found = await uow.execute(
        "SELECT s.role, s.segments, e.seen_at FROM session e "
        "JOIN staff s ON s.tenant = e.tenant AND s.id = e.staff_id "
        "WHERE e.tenant = :tenant AND e.id = :id AND e.staff_id = :person "
        "AND e.expires_at > :now AND s.active",
        {"tenant": tenant, "id": session, "person": person, "now": uow.now},
    )
    return found.one_or_none()


async def end_session(uow: UnitOfWork, tenant: str, session: UUID) -> None:
    """Sign out here."""
    await uow.execute(
        "DELETE FROM session WHERE tenant = :tenant AND id = :id", {"tenant": tenant, "id": session}
    )


async def end_sessions(uow: UnitOfWork, tenant: str, person: UUID, *, but: UUID | None = None) -> None:
    """Sign somebody out everywhere, except perhaps here."""
    await uow.execute(
        "DELETE FROM session WHERE tenant = :tenant AND staff_id = :person "
        "AND (CAST(:but AS uuid) IS NULL OR id <> CAST(:but AS uuid))",
        {"tenant": tenant, "person": person, "but": but},
    )


async def forget_old(uow: UnitOfWork) -> None:
    """Drop sessions and links of all tenants that are over."""
    await uow.execute("DELETE FROM session WHERE expires_at < :now", {"now": uow.now})
    await uow.execute("DELETE FROM sign_in_link WHERE expires_at < :now", {"now": uow.now})


async def end_links(uow: UnitOfWork, tenant: str, person: UUID) -> None:
    """No link that somebody was given works any more."""
    await uow.execute(
        "UPDATE sign_in_link SET used_at = :now WHERE tenant = :tenant AND staff_id = :person AND "
        "used_at IS NULL",
        {"tenant": tenant, "person": person, "now": uow.now},
    )


async def add_link(uow: UnitOfWork, tenant: str, digest: str, person: UUID, expires_at: datetime) -> None:
    """A way in that works once. The links that were given before end with it."""
    await end_links(uow, tenant, person)
    await uow.execute(
        "INSERT INTO sign_in_link (tenant, digest, staff_id, expires_at) VALUES (:tenant, :digest, "
        ":person, :expires)",
        {"tenant": tenant, "digest": digest, "person": person, "expires": expires_at},
    )


async def find_link(uow: UnitOfWork, tenant: str, digest: str, *, use: bool = False) -> UUID | None:
    """Whose link it is while it is good; ``use`` uses it up, and of two at once only one gets it."""
    good = "tenant = :tenant AND digest = :digest AND used_at IS NULL AND expires_at > :now"
    sql = (
        f"UPDATE sign_in_link SET used_at = :now WHERE {good} RETURNING staff_id"
        if use
        else f"SELECT staff_id FROM sign_in_link WHERE {good}"
    )
    found = await uow.execute(sql, {"tenant": tenant, "digest": digest, "now": uow.now})
    return found.scalar_one_or_none()
