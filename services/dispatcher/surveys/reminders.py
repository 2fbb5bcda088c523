"""The reminders of a survey as they are sent to the API, and what is wrong with them."""

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo

from shared.events.surveys import MAX_REMINDERS, AfterDays
from shared.http.request_body import StrictBody
from shared.values.messages import message

MIN_DAYS_LEFT = 2
"""For which a link must be meant to live after a reminder: one leaves only while a whole day is left, and a
mail leaves a moment after it is due."""


class ReminderBody(StrictBody):
    """One reminder."""

    after_days: AfterDays = Field(description="Between the sending of the first mail and the reminder.")


class ReminderAnswer(BaseModel):
    """One reminder."""

    after_days: int = Field(description="Between the sending of the first mail and the reminder.")


def _checked(reminders: list[ReminderBody], info: ValidationInfo) -> list[ReminderBody]:
    """The same when they fit each other and the rules before them, as far as those are without fault."""
    days = [reminder.after_days for reminder in reminders]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise ValueError(message("Each reminder must leave later than the one before it."))
    if days and info.data.get("anonymous"):
        raise ValueError(
            message(
                "An anonymous survey cannot have reminders: who has answered is known nowhere, so they would "
                "go to customers who have."
            )
        )
    link_days = info.data.get("link_days")
    if days and link_days is not None and days[-1] + MIN_DAYS_LEFT > link_days:
        raise ValueError(
            message(
                "After %(after)s days the link in the mail has ended, or is about to. Remind earlier, or let "
                "the link be answered for at least %(least)s days.",
                after=days[-1],
                least=days[-1] + MIN_DAYS_LEFT,
            )
        )
    return reminders


Reminders = Annotated[list[ReminderBody], Field(max_length=MAX_REMINDERS), AfterValidator(_checked)]
"""Behind ``link_days`` and ``anonymous`` in its body, by which it is judged."""
