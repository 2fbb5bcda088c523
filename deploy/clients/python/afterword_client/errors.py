"""What can go wrong, sorted by what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, or was left out of it."""

    field: str
    """A JSON pointer into the event."""
    detail: str
    """What to write instead."""


class AfterwordError(Exception):
    """The base of all errors of this package."""


class EventRefused(AfterwordError):
    """Sending the same again would be refused again: the event, the key or the address must change."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.title = str(document.get("title", "")) or f"HTTP {status}"
        self.detail = str(document.get("detail", ""))
        self.faults: Sequence[Fault] = faults_of(document.get("errors"))
        self.request_id = str(document.get("request_id", ""))
        """For the people who run Afterword."""
        faults = "; ".join(f"{fault.field}: {fault.detail}" for fault in self.faults)
        super().__init__(" ".join(part for part in (f"{status}: {self.title}", self.detail, faults) if part))


class AfterwordAway(AfterwordError):
    """All tries failed by what may pass. The events may have been taken or not: send them again later."""


class PassingFailure(Exception):
    """One try failed by what may pass."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


def faults_of(errors: Any) -> Sequence[Fault]:
    """The faults of a document or of a result; none where it has no such list."""
    if not isinstance(errors, list):
        return ()
    return tuple(
        Fault(str(each.get("field", "")), str(each.get("detail", "")))
        for each in errors
        if isinstance(each, dict)
    )
