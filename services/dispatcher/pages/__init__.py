"""The HTML door: surveys and sending, events with their stories, and the customer's way out."""

from services.dispatcher.pages import events, surveys, unsubscribe
from services.dispatcher.pages.house import House

routers = (surveys.router, events.router, unsubscribe.router)

__all__ = ["House", "routers"]
