"""``replies``: mails that colleagues write to customers from cases; the dispatcher sends them."""

from typing import Annotated
from uuid import UUID

import msgspec

from shared.events.envelope import Data, Instant, Name, Text, Topic

MAX_REPLY_CHARS = 5_000
"""Of the text of a mail to a customer."""
MAX_SUBJECT_CHARS = 200
MailText = Annotated[str, msgspec.Meta(max_length=MAX_REPLY_CHARS)]


class CaseReply(Data, frozen=True, kw_only=True):
    """A mail to the customer of a case, as it was written, without the address, which the dispatcher has."""

    id: UUID
    """Made by the client that wrote it, so that it is sent once."""
    version: int = 1
    """Higher only where its customer was erased from it."""
    kind: Name = "reply"
    case_id: UUID
    number: int
    """Of the case."""
    answer_id: UUID
    """The answer, which is its invitation as well, whose customer it goes to."""
    event_id: UUID | None = None
    subject: Text
    text: MailText
    language: Name
    """The customer's."""
    author: Text = ""
    """The name of who wrote it, as the customer reads it; empty: a program did."""
    written_at: Instant
    customer_id: Text | None = None
    contact_key: Text | None = None
    """The keyed hash of the customer's address."""
    person: Text | None = None
    """The pseudonym of the customer."""
    erased: bool = False


REPLIES = Topic(
    name="replies.v1",
    event_type="afterword.reply.written",
    data=CaseReply,
    source="/afterword/alerts",
    identity=lambda reply: str(reply.id),
    version=lambda reply: reply.version,
    erasable=True,
)
