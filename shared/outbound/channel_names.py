"""The channels by which a service sends: those of customers, and push messages to colleagues."""

from typing import Literal

from shared.events.surveys import ChannelName

DeliveryChannel = ChannelName | Literal["push"]
"""As in ``delivery.channel``."""
