"""What alerts asks the scorer for the mails of saved views: who wants which, and what stands in one."""

from uuid import UUID

import msgspec

from shared.permissions import Role

WANTED_PATH = "view-mails"
CONTENT_PATH = "view-mail"


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
