"""Builds the dispatcher's API; imported only where one runs."""

from fastapi import FastAPI

from services.dispatcher import pages
from services.dispatcher.context import DispatcherContext
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.story.pages import live_feed
from services.dispatcher.suppressions import api
from services.dispatcher.surveys.survey_commands import api
from shared.service import Context, Loops
from shared.web import pages_of, service_app


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """Every change is a transaction of its own; nothing runs beside."""
    drawn, scribe = pages_of(context), SurveyMailRenderer(context.afterword, context.database.clock)
    own = context.extended(DispatcherContext, pages=drawn, feed=live_feed(context), scribe=scribe)
    return service_app(own, routers=[api.router, api.router, *pages.routers], pages=drawn), {}
