"""A survey's trigger as it is sent to the API, and what is wrong with it."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from shared.events.surveys import NO_TRIGGER
from shared.values.messages import message

TRIGGER_PATTERN = r"[^\s*]+\*?|\*"
TRIGGER_MEANING = "The type of the events that it asks about: exact, or a beginning followed by *."
MAX_TRIGGER_LENGTH = 200
Trigger = Annotated[
    str, Field(max_length=MAX_TRIGGER_LENGTH, pattern=f"^({TRIGGER_PATTERN})$", description=TRIGGER_MEANING)
]


def _checked(trigger: str, info: ValidationInfo) -> str:
    """The same where it fits the measurement before it, as far as that is without fault."""
    if trigger == NO_TRIGGER:
        raise ValueError(
            message("Give the type of an event. A survey that asks about no event has an empty text here.")
        )
    if not trigger and info.data.get("measurement") == "transactional":
        raise ValueError(
            message(
                "A survey about single events needs the type of the events that it asks about. Give one, "
                "such as order.delivered, or let it measure the whole relation: then it may ask by waves and "
                "programmes alone."
            )
        )
    if trigger and info.data.get("measurement") == "recovery":
        raise ValueError(
            message("A survey that asks again after cases asks about no event. Leave its trigger empty.")
        )
    return trigger


OwnTrigger = Annotated[
    str,
    Field(max_length=MAX_TRIGGER_LENGTH, pattern=f"^({TRIGGER_PATTERN})?$"),
    AfterValidator(_checked),
]
"""Behind ``measurement`` in its body, by which it is judged; empty: waves, programmes or cases alone ask by
it."""
OWN_TRIGGER = Field(
    default="",
    validate_default=True,
    description=f"{TRIGGER_MEANING} Of a relational survey it may be empty: waves and programmes alone. Of a "
    "recovery survey it is empty: cases alone.",
)
