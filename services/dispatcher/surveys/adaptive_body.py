"""Adaptive sampling of a survey as it is sent to the API, and what is wrong with it."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo

from shared.events.people import People, names_people
from shared.events.segments import (
    MAX_DIMENSION_LENGTH,
    ORGANISATION,
    BadSegment,
    clean_segments,
    encoded,
)
from shared.events.surveys import STANDARD_WINDOW_DAYS, MarginPoints, WindowDays
from shared.http.request_body import StrictBody
from shared.values.messages import message

ADAPTIVE_MEANING = (
    "Of a transactional survey: only as many contacts of each segment of `dimension` are asked "
    "as its score needs within `window_days` for a margin of ±`margin` points (95 %). The draw is that of "
    "`sampling_percent`, so nobody is asked whom that does not draw. While a segment has less than a full "
    "window of history or fewer than 30 answers all of it are asked, and never fewer than 10 %. Whose last "
    "answer was 0 to 6 is asked in any case; such answers open cases and count in no score. An empty object "
    "takes it away. Totals over several segments count those for more of which a larger share is asked."
)


class AdaptiveSamplingBody(StrictBody):
    """Only as many of each segment are asked as its wanted margin needs."""

    dimension: Annotated[str, Field(min_length=1, max_length=MAX_DIMENSION_LENGTH)] | None = Field(
        default=None, description="Such as `store`: each of its values is a segment."
    )
    margin: MarginPoints | None = Field(default=None, description="Points of the NPS, to either side.")
    window_days: WindowDays = Field(
        default=STANDARD_WINDOW_DAYS, description="Within which the answers are to give the margin."
    )


class AdaptiveSamplingAnswer(BaseModel):
    """Only as many of each segment are asked as its wanted margin needs."""

    dimension: str
    margin: int = Field(description="Points of the NPS, to either side.")
    window_days: int


def _checked(adaptive: AdaptiveSamplingBody | None, info: ValidationInfo) -> AdaptiveSamplingBody | None:
    """The same with the dimension's one form, when it fits the rules before it; None when empty."""
    if adaptive is None or not adaptive.model_fields_set:
        return None
    if adaptive.dimension is None:
        raise ValueError(message("Name the dimension whose segments are to reach the margin, such as store."))
    if adaptive.margin is None:
        raise ValueError(message("Say which margin each segment is to reach, in points from 1 to 50."))
    if info.data.get("measurement") in {"relational", "recovery"}:
        raise ValueError(
            message(
                "Only a survey about one purchase or contact can ask fewer by segment: a wave, a programme "
                "or a case says itself whom it asks."
            )
        )
    if info.data.get("anonymous"):
        raise ValueError(
            message(
                "An anonymous survey cannot ask fewer by segment: what came of its mails is known nowhere, "
                "nor whose last answer was 0 to 6."
            )
        )
    dimension = _one_form(adaptive.dimension)
    if dimension == ORGANISATION or names_people(People(), encoded(dimension)):
        raise ValueError(
            message(
                "The organisation and single employees cannot be sampled by. Name another dimension, such as "
                "store or touchpoint."
            )
        )
    return adaptive.model_copy(update={"dimension": dimension})


def _one_form(dimension: str) -> str:
    try:
        return next(iter(clean_segments({dimension: "any"})))
    except BadSegment as bad:
        raise ValueError(bad.remedy) from None


OwnAdaptiveSampling = Annotated[AdaptiveSamplingBody | None, AfterValidator(_checked)]
"""Behind ``measurement`` and ``anonymous`` in its body, by which it is judged."""
