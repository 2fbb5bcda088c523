"""Who reads cases and acts on them."""

from dataclasses import dataclass

from services.alerts.cases.domain.actor import Actor
from shared.http.auth import Caller
from shared.http.staff_auth import Staff
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor


@dataclass(frozen=True, slots=True)
class CaseUser:
    """A person or a key that reads cases and acts on them."""

    tenant: str
    actor: Actor
    audited: AuditActor
    """The same in the log of who looked."""
    segments: tuple[str, ...]
    """The segments that they are limited to; none: not limited."""
    may_assign: bool

    @classmethod
    def of_staff(cls, staff: Staff) -> "CaseUser":
        """A person who is signed in."""
        return cls(
            tenant=staff.tenant,
            actor=Actor(staff.id, staff.name),
            audited=AuditActor.of_staff(staff),
            segments=staff.segments,
            may_assign=staff.role in ASSIGNING_ROLES,
        )

    @classmethod
    def of(cls, caller: Caller) -> "CaseUser":
        """A person or a key; a key sees all of its tenant."""
        if caller.staff is not None:
            return cls.of_staff(caller.staff)
        name = caller.key.name if caller.key is not None else ""
        return cls(
            tenant=caller.tenant,
            actor=Actor(None, name),
            audited=AuditActor.of(caller),
            segments=(),
            may_assign=True,
        )
