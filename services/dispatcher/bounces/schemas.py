"""The answers of the API about bounces."""

from pydantic import BaseModel, Field


class BounceAnswer(BaseModel):
    """What came of a provider's request."""

    taken: int = Field(description="Records that did something.")
    ignored: int = Field(
        description="Records that did nothing: known already, about no mail that is kept, or a delay."
    )
