"""Sessions. Their tokens are kept as digests only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db.database import UnitOfWork
from shared.permissions import ADMIN

ADD_SESSION = """
    INSERT INTO session (tenant, id, staff_id, digest, created_at, expires_at, device, by_provider)
    VALUES (:tenant, :id, :person, :digest, :now, :expires, :device, :by_provider)
"""


async def add_session(
    uow: UnitOfWork,
    tenant: str,
    session: UUID,
    *,
    person: UUID,
    digest: str,
    expires_at: datetime,
    device: str,
    by_provider: bool,
) -> None:
    """Add the session of a person who has signed in."""
    await uow.execute(
        ADD_SESSION,
        {
            "tenant": tenant,
            "id": session,
            "person": person,
            "digest": digest,
            "now": uow.now,
            "expires": expires_at,
            "device": device,
            "by_provider": by_provider,
        },
    )
    await set_seen(uow, tenant, session)


SET_PERSON_SEEN = """
    UPDATE staff SET seen_at = :now
    WHERE tenant = :tenant AND id = (SELECT staff_id FROM session WHERE tenant = :tenant AND id = :id)
"""
SET_SESSION_SEEN = "UPDATE session SET seen_at = :now WHERE tenant = :tenant AND id = :id"


async def set_seen(uow: UnitOfWork, tenant: str, session: UUID) -> None:
    """Record that the person of this session is active now: the person's row first, as everywhere."""
    values = {"tenant": tenant, "id": session, "now": uow.now}
    await uow.execute(SET_PERSON_SEEN, values)
    await uow.execute(SET_SESSION_SEEN, values)


FIND_SESSION = """
    SELECT e.tenant, e.id AS session_id, e.expires_at, s.id, s.name, s.role, s.segments, s.language
    FROM session e
    JOIN staff s ON s.tenant = e.tenant AND s.id = e.staff_id
    WHERE e.tenant = :tenant AND e.digest = :digest AND e.expires_at > :now AND s.active
"""


async def find_session(uow: UnitOfWork, tenant: str, digest: str) -> Any | None:
    """The session of a token with its person, unless it is over or the person may not sign in."""
    found = await uow.execute(FIND_SESSION, {"tenant": tenant, "digest": digest, "now": uow.now})
    return found.one_or_none()


FIND_SESSIONS = """
    SELECT id, created_at, expires_at, device, seen_at, by_provider FROM session
    WHERE tenant = :tenant AND staff_id = :person AND expires_at > :now
    ORDER BY created_at DESC
"""


async def sessions_of(uow: UnitOfWork, tenant: str, person: UUID) -> list[Any]:
    """The sessions of a person, newest first."""
    return list(await uow.execute(FIND_SESSIONS, {"tenant": tenant, "person": person, "now": uow.now}))


FIND_LIVE_SESSION = """
    SELECT s.role, s.segments, e.seen_at
    FROM session e
    JOIN staff s ON s.tenant = e.tenant AND s.id = e.staff_id
    WHERE e.tenant = :tenant AND e.id = :id AND e.staff_id = :person AND e.expires_at > :now AND s.active
"""


async def live_session(uow: UnitOfWork, tenant: str, session: UUID, person: UUID) -> Any | None:
    """Role and segments of a session's person as of now; None when it is over, or they may not sign in."""
    found = await uow.execute(
        FIND_LIVE_SESSION, {"tenant": tenant, "id": session, "person": person, "now": uow.now}
    )
    return found.one_or_none()


DELETE_SESSION = "DELETE FROM session WHERE tenant = :tenant AND id = :id RETURNING by_provider"


async def delete_session(uow: UnitOfWork, tenant: str, session: UUID) -> bool:
    """Sign out one browser; whether the identity provider had let it in."""
    found = await uow.execute(DELETE_SESSION, {"tenant": tenant, "id": session})
    return bool(found.scalar_one_or_none())


FIND_BY_PROVIDER = "SELECT by_provider FROM session WHERE tenant = :tenant AND id = :id"


async def is_by_provider(uow: UnitOfWork, tenant: str, session: UUID) -> bool:
    """Whether the identity provider let this session in."""
    found = await uow.execute(FIND_BY_PROVIDER, {"tenant": tenant, "id": session})
    return bool(found.scalar_one_or_none())


HAS_ADMIN_BY_PROVIDER = """
    SELECT EXISTS (
        SELECT FROM session e
        JOIN staff s ON s.tenant = e.tenant AND s.id = e.staff_id
        JOIN identity_provider p ON p.tenant = e.tenant AND p.changed_at <= e.created_at
        WHERE e.tenant = :tenant AND e.by_provider AND e.expires_at > :now
            AND s.active AND s.role = :admin AND cardinality(s.segments) = 0
    )
"""


async def has_admin_by_provider(uow: UnitOfWork, tenant: str) -> bool:
    """Whether the identity provider, as it is set up now, let in an administrator of the whole company who
    is still there.
    """
    found = await uow.execute(HAS_ADMIN_BY_PROVIDER, {"tenant": tenant, "admin": ADMIN, "now": uow.now})
    return bool(found.scalar_one())


DELETE_SESSIONS_BY = """
    DELETE FROM session
    WHERE tenant = :tenant AND by_provider = :by_provider
        AND (CAST(:but AS uuid) IS NULL OR id <> CAST(:but AS uuid))
"""


async def delete_sessions_by(
    uow: UnitOfWork, tenant: str, *, by_provider: bool, but: UUID | None = None
) -> None:
    """Sign out everybody of a company who came in by the provider, or everybody else."""
    await uow.execute(DELETE_SESSIONS_BY, {"tenant": tenant, "by_provider": by_provider, "but": but})


DELETE_SESSIONS = """
    DELETE FROM session
    WHERE tenant = :tenant AND staff_id = :person
        AND (CAST(:except AS uuid) IS NULL OR id <> CAST(:except AS uuid))
    RETURNING id
"""


async def delete_sessions(
    uow: UnitOfWork, tenant: str, person: UUID, *, except_session: UUID | None = None
) -> int:
    """Sign a person out everywhere, except in one browser if it is given; of how many they are."""
    values = {"tenant": tenant, "person": person, "except": except_session}
    return len((await uow.execute(DELETE_SESSIONS, values)).all())


DELETE_ALL_SIGN_INS = ("DELETE FROM session", "DELETE FROM sign_in_link")


async def end_all_sign_ins(uow: UnitOfWork) -> int:
    """End the sessions and the links to sign in of all companies; how many they were.

    After a restore: which of them were ended or used since the backup is not known.
    """
    return sum([(await uow.execute(statement)).rowcount for statement in DELETE_ALL_SIGN_INS])


DELETE_EXPIRED_SESSIONS = "DELETE FROM session WHERE expires_at < :now"


async def delete_expired_sessions(uow: UnitOfWork) -> None:
    """Delete the sessions of all tenants that are over."""
    await uow.execute(DELETE_EXPIRED_SESSIONS, {"now": uow.now})


DELETE_SESSION_OF = """
    DELETE FROM session
    WHERE tenant = :tenant AND staff_id = :person AND id = :id
    RETURNING id
"""


async def delete_session_of(uow: UnitOfWork, tenant: str, person: UUID, session: UUID) -> bool:
    """Sign a person out of one browser of theirs; False if there is none."""
    values = {"tenant": tenant, "person": person, "id": session}
    return (await uow.execute(DELETE_SESSION_OF, values)).one_or_none() is not None
