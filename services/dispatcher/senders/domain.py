"""A company's own sender, and which of them is used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.values.messages import Message

SenderState = Literal["used", "spare", "waiting", "lost"]
"""The newest that may be used; another one that may be; its records were never all seen; no key's record is
in DNS any more.
"""
INSTALLATION = "installation"
"""In place of an id: the sender that every company has."""
MAX_SENDERS = 3
"""Of a company: the one in use, its successor, and one to go back to."""
MAX_KEYS = 2
"""Of a sender: the one that signs, and the one before or after it."""


class SenderRefused(Exception):
    """A change of senders that cannot be made."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


class SenderKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a sender."""

    selector: str
    sealed: bytes
    made_at: datetime
    seen_at: datetime | None = None


class CompanySender(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a company's own."""

    tenant: str
    id: UUID
    address: str
    """With its domain in the form of DNS."""
    who: str
    created_at: datetime
    checked_at: datetime | None = None
    passed_at: datetime | None = None
    keys: Sequence[SenderKey] = ()
    """The newest first."""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def signing(self) -> SenderKey | None:
        """The key that signs: the newest whose record is there."""
        return next((key for key in self.keys if key.seen_at is not None), None)

    @property
    def may_be_used(self) -> bool:
        """Whether mails may come from it: all was found once, and the record of a key is there."""
        return self.passed_at is not None and self.signing is not None


def used_of(senders: Sequence[CompanySender], *, allowed: bool) -> CompanySender | None:
    """The sender that mails come from, of senders the newest first; None: the installation's.

    :param allowed: whether the operator allows senders of companies.
    """
    return next((each for each in senders if allowed and each.may_be_used), None)


def states_of(senders: Sequence[CompanySender], *, allowed: bool = True) -> dict[UUID, SenderState]:
    """The state of each, of senders the newest first."""
    used = used_of(senders, allowed=allowed)
    return {sender.id: "used" if sender is used else _unused_state(sender) for sender in senders}


def _unused_state(sender: CompanySender) -> SenderState:
    if sender.may_be_used:
        return "spare"
    return "waiting" if sender.passed_at is None else "lost"
