"""The possible outcomes of an attempt to send a mail."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server accepted the mail (250 after its end)."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The mail was not accepted, for a temporary reason of its mailbox: it may be tried again."""

    reason: str
    is_of_destination: bool = False
    """Whether each mail to the domain of this address would meet the same now."""
    not_before: datetime | None = None
    """Before then it must not be tried again; None: nothing was said of that."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The mail was not accepted, for a permanent reason of its mailbox, such as that it does not exist."""

    reason: str
    code: int


@dataclass(frozen=True, slots=True)
class Away:
    """The mail was not accepted, since the server is unreachable or lets us send nothing: every mail would
    meet the same.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """The mail was not accepted, for a reason other than its mailbox."""

    reason: str
    certain: bool
    """Whether every mail would meet the same, by a fault of ours or of the server; else perhaps this one."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The mail may have been accepted, so it is never sent again: the connection ended while its text was
    handed over, or the reply was neither 250 nor a refusal.
    """

    reason: str


Outcome = Delivered | Deferred | Rejected | Away | Blocked | Unknown
