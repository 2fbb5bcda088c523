"""What alerts and the scorer ask each other about the mails of saved views.

Alerts asks who wants which, and what stands in one; the scorer asks what became of those of a view.
"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.permissions import Role

WANTED_PATH = "view-mails"
CONTENT_PATH = "view-mail"
HISTORY_PATH = "view-mail-history"
VIEW_CLAIM = "view"
STAFF_CLAIM = "staff"


class WantedViewMail(msgspec.Struct, frozen=True, kw_only=True):
    """A person gets a saved view every Monday."""

    view: UUID
    staff: UUID


class ViewMailQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """One mail, by what its reader may see at this moment."""

    view: UUID
    staff: UUID
    role: Role
    segments: tuple[str, ...] = ()
    """The only ones that they may see; none: all of them."""
    languages: tuple[str, ...] = ()
    """The reader's, the best first; English where we have none of them."""


class ViewMailContent(msgspec.Struct, frozen=True, kw_only=True):
    """The words and the drawing of one mail, in the language of its reader. It names no customer."""

    subject: str
    paragraphs: list[str]
    """Plain text, which says all that the drawing shows."""
    html: str
    """The inside of the mail's body. The drawing is ``cid:`` with :data:`PICTURE_ID`."""
    picture: bytes | None
    """A PNG; None where there are too few points for a drawing."""
    path: str
    """Of the view."""
    stop_path: str
    """Of the page by which whoever has the mail stops it, and of the mail program's own POST."""


class ViewMailAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the scorer answers."""

    content: ViewMailContent | None
    """None: it is not wanted any more, or this reader may not see it."""


PICTURE_ID = "trend"
"""Its Content-ID within the mail, without a host."""

ViewMailOutcome = Literal[
    "sent", "waiting", "quiet", "refused", "withdrawn", "unknown", "no_mail", "not_shown"
]
"""What became of one mail. ``quiet``: it waits for the end of its reader's quiet hours. ``refused``: by their
mailbox. ``withdrawn``: their access or choices were others when it was to leave. ``unknown``: the connection
broke while it was sent. ``no_mail``: they wanted no mail at all. ``not_shown``: they could not see what the
view shows."""


class OwnViewMail(msgspec.Struct, frozen=True, kw_only=True):
    """The newest mail of a view to the person who asks."""

    monday: date
    outcome: ViewMailOutcome
    at: datetime
    """When it ended, or is to leave; of one that was not written, when that was found."""


class LeftViewMails(msgspec.Struct, frozen=True, kw_only=True):
    """The newest week in which a mail of a view left."""

    monday: date
    people: int
    """To how many."""
    at: datetime
    """When the last of them did."""


ViewMailWeekState = Literal["open", "done", "missed"]
"""``open``: not all are written. ``missed``: those that were not written by then are left out."""


class ViewMailWeek(msgspec.Struct, frozen=True, kw_only=True):
    """The newest week of a company's mails."""

    monday: date
    state: ViewMailWeekState
    until: datetime
    """So long it is tried to write them."""


class ViewMailHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the mails of a view, and when the next is due."""

    own: OwnViewMail | None
    left: LeftViewMails | None
    week: ViewMailWeek | None
    next_at: datetime | None
    """None: the company has no such hour yet."""
