"""What happened to a case: one entry for each change."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

EntryKind = Literal[
    "opened",
    "judged",  # by another rule, since the event came later, or the customer wrote more
    "routed",  # to whom it was given, and why
    "amended",
    "again",
    "consent",
    "told",  # colleagues get a mail
    "warned",  # a deadline is near
    "escalated",  # a deadline was missed
    "taken",
    "assigned",
    "handed_over",
    "asked",  # a colleague, who does not get it
    "released",
    "waiting",  # for the customer
    "resumed",  # it waits no more
    "contact",
    "note",
    "mailed",  # a colleague wrote to the customer
    "mail_left",  # the first one: that is the first contact
    "mail_came_back",  # the one that was the first contact
    "informed",  # the customer got a mail that says what has been done about the cause
    "wrote",  # the customer answered such a mail
    "revealed",
    "closed",
    "merged",  # into another case
    "joined",  # another case was merged into it
    "objected",  # its customer says that it is not solved
    "reopened",
    "left_out",  # an answer, as a machine's
    "counted",  # an answer that was left out
    "restored",
    "erased",
]


class CaseEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a case's timeline. ``seq`` is the case's version after it."""

    tenant: str
    case_id: UUID
    seq: int
    at: datetime
    kind: EntryKind
    by_id: UUID | None = None
    by_name: str = ""
    facts: dict[str, Any] = {}
    key: str | None = None
    """The keyed hash of the idempotency key of the request that caused it."""
    answers: list[UUID] | None = None
    """The answers it is about: only a reader of all of them reads it. None: written before this was kept."""


Entries = list[CaseEntry]
"""The entries of the changes in hand: each act on a case appends its own."""
