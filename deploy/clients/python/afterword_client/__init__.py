"""Sends events to Afterword and gets personal links."""

from .client import Afterword, Event
from .errors import AfterwordAway, AfterwordError, EventRefused, Fault
from .results import LinkResult, SentEvent
from .retrying import RetryPolicy

__all__ = [
    "Afterword",
    "AfterwordAway",
    "AfterwordError",
    "Event",
    "EventRefused",
    "Fault",
    "LinkResult",
    "RetryPolicy",
    "SentEvent",
]
