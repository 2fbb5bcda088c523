"""A text message on its way to a provider, and what a provider says of one that it took."""

from datetime import datetime

import msgspec

from shared.events.invitations import ReportState


class TextMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one number."""

    to: str
    """In E.164."""
    sender: str | None
    """A name, a number in E.164, or a short code; None: none that the country of the number allows."""
    text: str
    reference: str
    """Which message it is, as the provider's reports name it; the same at each try."""


class TextReply(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer has texted to us."""

    number: str
    """In E.164."""
    text: str
    id: str = ""
    """The provider's, by which it knows the reply; empty: it gave none."""
    said_at: datetime | None = None
    """When it was sent, as the provider says; None: it does not."""


class TextReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message that a provider took."""

    reference: str
    state: ReportState
    code: str = ""
    """The provider's, where it could not be delivered; empty: it gave none."""
