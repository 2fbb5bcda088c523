"""The HTML door: surveys and sending, events with their stories, and the customer's way out."""

from services.dispatcher.pages import events, sending, surveys, unsubscribe

# Before the surveys' own, whose addresses hold an id.
routers = (sending.router, surveys.router, events.router, unsubscribe.router)

__all__ = ["routers"]
