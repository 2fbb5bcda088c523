"""What takes access from a person who keeps their account, by whichever door it is asked for."""

from uuid import UUID

from services.alerts.staff.repository import second_factors, sessions
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit


async def end_session(uow: UnitOfWork, tenant: str, who: AuditActor, person: UUID, session: UUID) -> bool:
    """Sign a person out of one browser of theirs; False if there is none.

    Who signs out themselves leaves no line.
    """
    if not await sessions.delete_session_of(uow, tenant, person, session):
        return False
    _record(uow, tenant, who, person, 1)
    return True


async def end_sessions(
    uow: UnitOfWork, tenant: str, who: AuditActor, person: UUID, *, but: UUID | None = None
) -> None:
    """Sign a person out everywhere, but in one browser if it is given.

    Who signs out themselves leaves no line.
    """
    if ended := await sessions.delete_sessions(uow, tenant, person, except_session=but):
        _record(uow, tenant, who, person, ended)


async def reset_second_factor(uow: UnitOfWork, tenant: str, who: AuditActor, person: UUID) -> None:
    """Forget a person's second factor, whose phone is lost; they are signed out everywhere."""
    await second_factors.delete_factor(uow, tenant, person)
    await sessions.delete_sessions(uow, tenant, person)
    record_audit(uow, tenant, who, "second_factor_reset", str(person))


def _record(uow: UnitOfWork, tenant: str, who: AuditActor, person: UUID, ended: int) -> None:
    if who.id != str(person):
        record_audit(uow, tenant, who, "sessions_ended", str(person), sessions=ended)
