"""The channels of a survey as they are sent to the API, and what is wrong with them."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from shared.events.surveys import OWN_CHANNELS, ChannelName
from shared.values.messages import message

CHANNELS_MEANING = (
    "By which it asks, in their order: the first that reaches the customer. `mail`: by a mail about each "
    "event that it matches. `sms`: by a text message to the customer's phone. `link`: by a personal link, "
    "which you show in your own app, chat or receipt, about the events for which you ask for one "
    "(`POST /v1/invitations`)."
)


def _checked(given: list[ChannelName], info: ValidationInfo) -> list[ChannelName]:
    """The same where each stands once, and the programme before it can ask by them."""
    if len(set(given)) < len(given):
        raise ValueError(message("Name each channel once."))
    if info.data.get("programme") is not None and OWN_CHANNELS.isdisjoint(given):
        raise ValueError(
            message(
                "Its programme reaches nobody by links. Let it ask by mail or SMS, too, or take that away."
            )
        )
    return given


Channels = Annotated[list[ChannelName], Field(min_length=1), AfterValidator(_checked)]
"""Behind ``programme`` in its body, by which it is judged."""
