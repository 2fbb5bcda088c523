"""A survey's holding time as it is sent to the API, and what is wrong with it."""

from typing import Annotated

from annotated_types import Interval
from pydantic import AfterValidator, ValidationInfo

from shared.events.surveys import MAX_HOLDING_MINUTES, MINUTES_PER_DAY
from shared.values.messages import message

HOLDING_MEANING = (
    "For so long after the event its mail waits. Until it leaves it gives way: where a survey earlier in the "
    "order would ask the same contact about another event, but for this mail, it is dropped (`outranked`). "
    "Of a transactional survey alone; 0: none."
)


def _checked(minutes: int, info: ValidationInfo) -> int:
    """The same where it fits the measurement and the age before it, as far as they are without fault."""
    if minutes and info.data.get("measurement") in {"relational", "recovery"}:
        raise ValueError(
            message(
                "Only a survey about single events has a holding time. Set it to 0, or let the survey "
                "measure one purchase or contact."
            )
        )
    max_age_days = info.data.get("max_age_days")
    if max_age_days is not None and minutes > max_age_days * MINUTES_PER_DAY:
        raise ValueError(
            message(
                "Within its holding time an event would get too old to ask about. Hold the mail for less, or "
                "ask about older events."
            )
        )
    return minutes


OwnHolding = Annotated[int, Interval(ge=0, le=MAX_HOLDING_MINUTES), AfterValidator(_checked)]
"""Behind ``measurement`` and ``max_age_days`` in its body, by which it is judged."""
