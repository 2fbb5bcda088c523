"""Bodies and answers of the API about customer ids that stand for nobody."""

from typing import Annotated

from pydantic import BaseModel, Field

from shared.http.request_body import StrictBody

PlaceholderId = Annotated[str, Field(min_length=1, max_length=200)]
MAX_PLACEHOLDER_IDS = 200


class PlaceholderIdsBody(StrictBody):
    """The company's own customer ids that stand for nobody."""

    ids: list[PlaceholderId] = Field(max_length=MAX_PLACEHOLDER_IDS, description="Replaces the list.")


class PlaceholderIdsAnswer(BaseModel):
    """Customer ids that stand for nobody."""

    ids: list[str] = Field(description="The company's own, folded: case and blanks around do not matter.")
    always: list[str] = Field(
        description="Those of every company, beside zeros, -1, punctuation alone and unfilled templates; "
        "blanks and punctuation between do not matter."
    )
