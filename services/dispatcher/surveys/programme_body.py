"""A survey's standing programme as it is sent to the API, and what is wrong with it."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo

from shared.events.surveys import EveryDays
from shared.http.request_body import StrictBody
from shared.values.messages import message

PROGRAMME_MEANING = (
    "Of a relational survey: each known customer is asked once in each period of `every_days` days, spread "
    "evenly over it, from now on; the quarantine is shorter than that. Who is refused for a passing reason, "
    "such as a quarantine, is tried again each week until the period is over. An empty object takes it away: "
    "it asks by events and waves alone."
)


class ProgrammeBody(StrictBody):
    """Each known customer is asked once in each period, without an event."""

    every_days: EveryDays | None = Field(default=None, description="The length of a period.")


class ProgrammeAnswer(BaseModel):
    """Each known customer is asked once in each period, without an event."""

    every_days: int = Field(description="The length of a period.")


def _checked(programme: ProgrammeBody | None, info: ValidationInfo) -> ProgrammeBody | None:
    """The same when it fits the measurement before it, as far as that is without fault; None when empty."""
    if programme is None or programme.every_days is None:
        return None
    if info.data.get("measurement") in {"transactional", "recovery"}:
        raise ValueError(
            message(
                "Only a survey that measures the whole relation asks customers without an event. Let it "
                "measure that, or take this away."
            )
        )
    return programme


OwnProgramme = Annotated[ProgrammeBody | None, AfterValidator(_checked)]
"""Behind ``measurement`` in its body, by which it is judged."""
