"""The channels of a survey as they are sent to the API, and what is wrong with them."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.events.surveys import ChannelName
from shared.values.messages import message

CHANNELS_MEANING = (
    "By which it asks, in their order: the first that can reach the customer does. There is `mail` alone."
)


def _each_once(given: list[ChannelName]) -> list[ChannelName]:
    if len(set(given)) < len(given):
        raise ValueError(message("Name each channel once."))
    return given


Channels = Annotated[list[ChannelName], Field(min_length=1), AfterValidator(_each_once)]
