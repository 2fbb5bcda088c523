"""What the JSON door takes and answers about people who are not to be asked."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.dispatcher.surveys.schemas import StrictBody

PlaceholderId = Annotated[str, Field(min_length=1, max_length=200)]
MOST_PLACEHOLDERS = 200


class SuppressionBody(StrictBody):
    """Who is never to be asked: an address, a customer, or both."""

    email: str | None = Field(default=None, min_length=3, max_length=320)
    customer_id: str | None = Field(default=None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.email is None and self.customer_id is None:
            raise ValueError("Give email or customer_id, or both.")
        return self


class SuppressionAnswer(BaseModel):
    """One entry. An address is kept as its keyed hash only."""

    id: str
    kind: Literal["address", "customer"]
    reason: Literal["unsubscribed", "listed"]
    created_at: datetime


class SuppressionList(BaseModel):
    """A page of entries."""

    suppressions: list[SuppressionAnswer]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")


class LiftAnswer(BaseModel):
    """An entry that was taken from the list."""

    suppression_id: str = Field(description="The id that the entry had.")
    kind: Literal["address", "customer"]
    was: Literal["unsubscribed", "listed"]
    at: datetime
    who: str
    reason: str | None = Field(description="Why, in the words of who did it.")


class LiftList(BaseModel):
    """A page of entries that were taken from the list, newest first."""

    lifted: list[LiftAnswer]
    next: UUID | None = Field(default=None, description="Give it as `after` to get the next page.")


class PlaceholderIdsBody(StrictBody):
    """The company's own customer ids that stand for nobody."""

    ids: list[PlaceholderId] = Field(max_length=MOST_PLACEHOLDERS, description="Replaces the list.")


class PlaceholderIdsAnswer(BaseModel):
    """Customer ids that stand for nobody."""

    ids: list[str] = Field(description="The company's own, folded: case and blanks around do not matter.")
    always: list[str] = Field(
        description="Those of every company, beside zeros, -1, punctuation alone and unfilled templates; "
        "blanks and punctuation between do not matter."
    )
