"""Pairs as the API takes and answers them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.scorer.pairs.domain import PairProgress, PairState
from shared.events.segments import MAX_BYTES_PER_CHARACTER, MAX_DIMENSION_LENGTH
from shared.http.request_body import StrictBody

PairDimension = Annotated[str, Field(min_length=1, max_length=MAX_DIMENSION_LENGTH * MAX_BYTES_PER_CHARACTER)]


class PairBody(StrictBody):
    """Two dimensions whose common segments are to be counted."""

    first: PairDimension = Field(examples=["store"], description="As `GET /v1/ranking` names dimensions.")
    second: PairDimension = Field(
        examples=["touchpoint"], description="Another one; their order is all the same."
    )


class PairOut(BaseModel):
    """A declared pair of dimensions."""

    id: UUID
    first: str = Field(description="The organisation, or the first by name.")
    second: str
    state: PairState = Field(
        description="`filling`: what is there already is being counted; `ready`: pages read its counts; "
        "`removing`: it is being taken out of the counts."
    )
    percent: int = Field(description="How much of the work is done; 100: all of it.")
    walked: int = Field(description="Answers and invitations that the work has passed.")
    left_out: int = Field(
        description="Answers that do not count in it, since it had no room for their values: from one on the "
        "pair is not read."
    )
    created_at: datetime

    @classmethod
    def of(cls, progress: PairProgress) -> Self:
        """As it is answered."""
        declared = progress.declared
        return cls(
            id=declared.id,
            first=declared.pair.first,
            second=declared.pair.second,
            state=declared.state,
            percent=progress.percent,
            walked=declared.walked,
            left_out=progress.left_out,
            created_at=declared.created_at,
        )


class PairList(BaseModel):
    """All pairs of the company, by name."""

    pairs: list[PairOut]
