"""``audit``: somebody looked at a customer's address, or changed rules or roles. All services publish."""

from uuid import UUID

from shared.events.envelope import Data, Instant, Name, Text, Topic


class AuditLine(Data, frozen=True, kw_only=True):
    """One act of one person, key or command. It never changes, and names no customer."""

    id: UUID
    at: Instant
    who: Text
    """The colleague's name; ``the key …``; ``the command line``; ``the customer``."""
    who_kind: Name = "staff"
    """One of ``ACTOR_KINDS``, or of a newer version."""
    who_id: Text | None = None
    """The colleague's or the key's id: names change, and several may have the same."""
    act: Name
    """What was done: one of ``AUDIT_ACTS``, or of a newer version."""
    about: Text | None = None
    """What it was done to: the id of a case, survey, colleague, key or erasure, or a customer's pseudonym."""
    facts: dict[str, str | int | bool] = {}
    """Codes and numbers."""


AUDIT = Topic(
    name="audit.v1",
    event_type="afterword.audit.added",
    data=AuditLine,
    source="/afterword",
    identity=lambda line: str(line.id),
    version=lambda _: 0,
)
