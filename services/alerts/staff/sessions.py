"""Sessions: who is signed in, for how long, and whether a pass still holds."""

from datetime import timedelta
from uuid import UUID

from services.alerts.staff.repository import sessions
from shared.db.database import Database, UnitOfWork
from shared.http.company_tokens import Token
from shared.http.staff_auth import Staff
from shared.ids import uuid7

SESSION_LIFETIME = timedelta(days=14)
SESSION_LIFETIME_S = int(SESSION_LIFETIME.total_seconds())
PROVIDER_SESSION_LIFETIME = timedelta(hours=12)
"""A day's work: who has left is let in by the provider no more, and asked again on the next day."""
SEEN_INTERVAL = timedelta(minutes=5)
"""A person's row is not written at each of their acts, but once in this time."""


async def new_session(
    uow: UnitOfWork, tenant: str, person: UUID, device: str = "", *, by_provider: bool = False
) -> Token:
    """Start a session of this person in one browser; returns its token."""
    token = Token.new(tenant)
    lifetime = PROVIDER_SESSION_LIFETIME if by_provider else SESSION_LIFETIME
    await sessions.add_session(
        uow,
        tenant,
        uuid7(),
        person=person,
        digest=token.digest,
        expires_at=uow.now + lifetime,
        device=device,
        by_provider=by_provider,
    )
    return token


def session_id(staff: Staff) -> UUID:
    """The session of a pass."""
    return UUID(staff.session_id)


async def session_is_live(database: Database, staff: Staff) -> bool:
    """Whether the session lasts, with the role and segments of the pass.

    It is asked before each act: a pass outlives the end of its session and a change of its person.
    """
    async with database.transaction() as uow:
        live = await sessions.live_session(uow, staff.tenant, session_id(staff), staff.id)
        if live is not None and (live.seen_at is None or uow.now - live.seen_at > SEEN_INTERVAL):
            await sessions.set_seen(uow, staff.tenant, session_id(staff))
    return live is not None and live.role == staff.role and set(live.segments) == set(staff.segments)
