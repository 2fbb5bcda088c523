"""What became of each event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import Fault, faults_of


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event that was sent."""

    id: str | None
    accepted: bool
    """It is kept, and will be decided about once; False: nothing of it was taken."""
    see: str | None
    """The page that tells what became of it."""
    faults: Sequence[Fault]
    warnings: Sequence[Fault]
    """What only helps and was not understood: the event was accepted without it."""

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> "SentEvent":
        """Read one result of a response."""
        return cls(
            id=result.get("id"),
            accepted=result.get("status") == "accepted",
            see=result.get("see"),
            faults=faults_of(result.get("errors")),
            warnings=faults_of(result.get("warnings")),
        )


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What was decided about one event for which a link was wanted."""

    id: str | None
    link: str | None
    """Of this customer alone; None: nobody is asked, or the event is faulty."""
    expires_at: str | None
    """RFC 3339."""
    language: str | None
    test: bool
    """For a test address: its answer never counts."""
    reason: str | None
    """Why nobody is asked, as a code."""
    detail: str | None
    """The same in words."""
    see: str | None
    faults: Sequence[Fault]

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> "LinkResult":
        """Read one result of a response."""
        return cls(
            id=result.get("id"),
            link=result.get("link"),
            expires_at=result.get("expires_at"),
            language=result.get("language"),
            test=bool(result.get("test")),
            reason=result.get("reason"),
            detail=result.get("detail"),
            see=result.get("see"),
            faults=faults_of(result.get("errors")),
        )
