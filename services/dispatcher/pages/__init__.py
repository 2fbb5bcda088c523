"""The HTML door: surveys and sending, events with their stories, and the customer's way out."""

from services.dispatcher.sending.sending_commands import pages
from services.dispatcher.story import pages
from services.dispatcher.suppressions import pages
from services.dispatcher.surveys.survey_commands import pages

# Before the surveys' own, whose addresses hold an id.
routers = (pages.router, pages.router, pages.router, pages.router)

__all__ = ["routers"]
