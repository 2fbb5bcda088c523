"""What can become of a mail that is handed to a mail server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server took it (250 after the mail)."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """It certainly was not taken, for a reason of this mailbox that passes: it may be tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """It certainly was not taken, and never will be: there is no such mailbox, or it takes no mail."""

    reason: str
    code: int


@dataclass(frozen=True, slots=True)
class Away:
    """It certainly was not taken, and nothing was said of this mail: the server is not there or does not
    let us in, so the next mail will fare no better.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """It certainly was not taken, and the mailbox is not to blame."""

    reason: str
    certain: bool
    """The reason lies with us or the server, so others would fare no better. Else it may lie with this
    mail.
    """


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection ended after DATA began, or the answer is neither 250 nor a refusal: it may have been
    taken, so it is never sent again.
    """

    reason: str


Outcome = Delivered | Deferred | Rejected | Away | Blocked | Unknown
