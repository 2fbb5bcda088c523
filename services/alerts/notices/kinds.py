"""What a kind of notice gives: the check whether its reason still holds, and its words."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.mail import InlinePicture


@dataclass(frozen=True, kw_only=True)
class WaitingNotice:
    """A notice that is about to be told, and its person as they are now."""

    tenant: str
    id: UUID
    kind: str
    case_id: UUID | None = None
    answer_id: UUID | None = None
    by_id: UUID | None = None
    """The colleague who caused it."""
    webhook_id: UUID | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    """As it was queued."""
    staff_id: UUID
    role: str
    segments: tuple[str, ...]
    """What the person may see; none: all of the company."""
    company: Tenant | None
    zone: ZoneInfo
    """In which times are written: the company's."""
    staff_url: str = ""
    """Of links within a mail's own HTML, without a slash at its end."""


@dataclass(frozen=True, kw_only=True)
class NoticeText:
    """The words of a notice, in its reader's language. It tells nothing of who a customer is or wrote."""

    subject: str
    """Also its line in a digest, and the title of a push message."""
    paragraphs: list[str]
    """Plain text. The first is the body of a push message."""
    call: str = ""
    """What stands before the link, in mails alone."""
    path: str
    """The page to read on, under the address of staff pages."""
    html: str | None = None
    """The inside of the mail's body instead of the paragraphs and the link."""
    picture: InlinePicture | None = None
    """What the HTML shows by ``cid:``."""
    stop_path: str | None = None
    """Where a mail program stops mails such as this one by one click."""


PrepareNotice = Callable[[UnitOfWork, WaitingNotice], Awaitable[NoticeText | None]]
"""Checks whether the notice may still be told to this person, and renders it; None: its reason is gone.

It runs in the transaction that claims the delivery, in the language of the person.
"""
