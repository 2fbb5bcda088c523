"""Saved views and screens as the API takes and answers them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.scorer.saved_views.addresses import MAX_ADDRESS_CHARS
from services.scorer.saved_views.domain import MAX_SCREEN_DAYS, MAX_VIEW_NAME_CHARS, SavedView, Screen
from services.scorer.saved_views.reading import ViewReader
from shared.http.request_body import StrictBody

ViewName = Annotated[str, Field(min_length=1, max_length=MAX_VIEW_NAME_CHARS)]


class SavedViewBody(StrictBody):
    """A page under a name."""

    name: ViewName = Field(examples=["Checkout, last week"], description="Name no customer.")
    address: Annotated[str, Field(min_length=1, max_length=MAX_ADDRESS_CHARS)] = Field(
        examples=["/segments?segment=touchpoint:checkout&window=7d"],
        description="Path and query of a page: `/`, `/segments`, `/compare`, `/responses` or `/themes`. What "
        "the page does not know, and what is searched for, is left out.",
    )
    shared: bool = Field(
        default=False,
        description="Whether the company's other people find it, as far as they may see what it shows.",
    )


class SavedViewOut(BaseModel):
    """A saved view."""

    id: UUID
    name: str
    address: str = Field(description="A window such as `30d` ends with the day on which it is opened.")
    shared: bool
    own: bool = Field(description="Whether whoever asks saved it; a key has saved none.")
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, view: SavedView, reader: ViewReader) -> Self:
        """As it is answered."""
        return cls(
            id=view.id,
            name=view.name,
            address=view.address,
            shared=view.shared,
            own=reader.owns(view),
            created_at=view.created_at,
            changed_at=view.changed_at,
        )


class SavedViewList(BaseModel):
    """One's own by name, then those that others share."""

    views: list[SavedViewOut]

    @classmethod
    def of(cls, views: Iterable[SavedView], reader: ViewReader) -> Self:
        """As it is answered."""
        return cls(views=[SavedViewOut.of(view, reader) for view in views])


class ScreenBody(StrictBody):
    """A link for a screen."""

    name: ViewName = Field(examples=["Reception"], description="Where the screen hangs.")
    days: int = Field(ge=1, le=MAX_SCREEN_DAYS, description="For how many days it opens.")


class ScreenOut(BaseModel):
    """A link by which a screen shows a saved view."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = Field(description="When it was last opened, to the minute; null: not yet.")

    @classmethod
    def of(cls, screen: Screen) -> Self:
        """As it is answered."""
        return cls(
            id=screen.id,
            name=screen.name,
            created_at=screen.created_at,
            expires_at=screen.expires_at,
            used_at=screen.used_at,
        )


class NewScreenOut(ScreenOut):
    """A screen that was just made."""

    address: str = Field(description="Of the page for the screen. It is told this once.")


class ScreenList(BaseModel):
    """The newest first."""

    screens: list[ScreenOut]
