"""Views of pages that people have saved, and the screens that show one. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

MAX_VIEWS_PER_PERSON = 100
MAX_SCREENS_PER_COMPANY = 100
MAX_VIEW_NAME_CHARS = 80
MAX_SCREEN_DAYS = 365
SCREEN_DAYS_OFFERED = (7, 30, 90, MAX_SCREEN_DAYS)
ENDED_SCREENS_KEPT = timedelta(days=30)
"""A screen that has ended stands in the lists for so long, so that somebody sees why it shows nothing."""


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """A page of figures under a name. No customer is in it."""

    id: UUID
    staff_id: UUID
    """Whose it is."""
    name: str
    address: str
    """Path and query of the page."""
    shared: bool
    """Whether the company's other people find it, too: what they see there the page itself decides."""
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Screen:
    """A link by which a screen on a wall shows a saved view."""

    id: UUID
    view_id: UUID
    staff_id: UUID
    """Who made it: it shows what they may see."""
    name: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    """To the minute; None: not yet."""

    def has_ended(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at <= now
