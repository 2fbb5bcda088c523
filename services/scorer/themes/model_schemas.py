"""Whether comments are sent to a model, as the API takes and answers it."""

from typing import Annotated, Self

from pydantic import BaseModel, Field

from services.scorer.themes.model_commands import ModelState
from shared.http.request_body import StrictBody


class ThemeModelBody(StrictBody):
    """Whether comments are sent to the model of this installation."""

    on: bool
    sent_to: Annotated[str, Field(max_length=1_000)] = Field(
        default="",
        examples=["https://theme-model.example:8443"],
        description="To switch it on: where comments go then, as `sent_to` of the answer says it.",
    )


class ThemeModelOut(BaseModel):
    """Whether comments are sent to the model of this installation, and where that is."""

    on: bool = Field(description="Whether the comments of your company are sent.")
    sent_to: str | None = Field(
        description="Where the model is: scheme, host and port. Null: this installation has none."
    )
    agreed_to: str | None = Field(
        description="Where your administrator let them be sent. When the model is somewhere else since, none "
        "is sent. Null: nowhere."
    )
    waiting: int = Field(description="Comments that are to be sent; their words have named themes already.")

    @classmethod
    def of(cls, state: ModelState) -> Self:
        """As it is answered."""
        return cls(on=state.is_on, sent_to=state.origin, agreed_to=state.agreed, waiting=state.waiting)
