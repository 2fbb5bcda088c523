"""Answers of ``/v1/surveys/{id}/programme``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from services.dispatcher.programmes.turns import Progress
from shared.events.surveys import Programme, SurveyState


class ProgrammeProgress(BaseModel):
    """What a standing programme does, and how far it has come in the period that it is in."""

    every_days: int = Field(description="The length of a period.")
    state: SurveyState = Field(
        description="Of the survey; while it is not live, or the company is in test mode, nobody is asked."
    )
    customers: int = Field(description="How many customers are known who may be asked.")
    customers_a_day: float = Field(description="How many of them it comes to on a day, about.")
    period_ends_at: datetime | None = Field(description="null until it has begun.")
    published: int = Field(description="For how many customers their turn has come in this period.")
    decided: dict[str, int] = Field(
        description="What was decided last about them: `invited`, or why they are not asked. Who is refused "
        "for a passing reason, as `quarantine` is, is tried again each week until the period is over."
    )

    @classmethod
    def of(
        cls,
        programme: Programme,
        state: SurveyState,
        customers: int,
        progress: Progress | None,
        decided: Mapping[str, int],
    ) -> Self:
        """The answer about a programme; ``progress`` is None until it has begun."""
        return cls(
            every_days=programme.every_days,
            state=state,
            customers=customers,
            customers_a_day=round(customers / programme.every_days, 1),
            period_ends_at=progress.ends_at if progress is not None else None,
            published=progress.published if progress is not None else 0,
            decided=dict(decided),
        )
