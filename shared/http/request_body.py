"""The base of every body that the API accepts."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.values.messages import message
from shared.values.text import normalized_text

MAX_GIVEN_NAME_LENGTH = 100


def _given_name(given: str) -> str:
    if not (name := normalized_text(given)):
        raise ValueError(message("Is blank. Fill it."))
    return name


GivenName = Annotated[str, Field(min_length=1, max_length=MAX_GIVEN_NAME_LENGTH), AfterValidator(_given_name)]
"""What people call a thing, in its one form; never blank."""


class StrictBody(BaseModel):
    """Nothing is guessed: no other type, no unknown field. Null is the same as leaving a field out."""

    model_config = ConfigDict(strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        return {name: value for name, value in sent.items() if value is not None}
