"""Builds the API of alerts; imported only where one runs."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from fastapi import FastAPI

from services.alerts import api, case_page, pages, settings_page, sign_in_pages
from services.alerts.accounts import session_id
from services.alerts.companies import Companies
from services.alerts.context import AlertsContext
from services.alerts.known_browsers import KnownBrowsers
from services.alerts.repository import people, reading
from services.alerts.sign_in import SignIn
from shared.db.database import Database
from shared.http.live import MAX_CHANGES, LiveChange, LiveFeed
from shared.http.staff_auth import AccessPass, Staff
from shared.service import Context, Loops
from shared.web import pages_of, service_app

LATELY = timedelta(seconds=10)
SEEN_AGAIN_AFTER = timedelta(minutes=5)
"""So that not each act of a person writes their row."""
MICROSECONDS = 1_000_000


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """The inbox, the cases, sign-in and settings."""
    drawn, database = pages_of(context), context.database
    sign_in = SignIn(
        database,
        AccessPass(context.secret),
        KnownBrowsers(context.secret),
        Companies(context.secret),
        secure=context.staff_url.startswith("https:"),
    )
    feed = LiveFeed(lambda tenants: changes(database, tenants), context.stopping)
    app = service_app(
        context.extended(AlertsContext, pages=drawn, feed=feed, sign_in=sign_in),
        routers=[api.router, pages.router, case_page.router, sign_in_pages.router, settings_page.router],
        pages=drawn,
        session_is_live=partial(session_is_live, database),
    )
    return app, {}


async def session_is_live(database: Database, staff: Staff) -> bool:
    """Whether somebody is still signed in, and may do and see what the pass says: asked before each act,
    since the pass outlives both.
    """
    async with database.transaction() as uow:
        now = await people.live_session(uow, staff.tenant, session_id(staff), staff.id)
        # An act, not a look: a GET writes nothing.
        if now is not None and (now.seen_at is None or uow.now - now.seen_at > SEEN_AGAIN_AFTER):
            await people.see(uow, staff.tenant, session_id(staff))
    return now is not None and now.role == staff.role and set(now.segments) == set(staff.segments)


async def changes(database: Database, tenants: Collection[str]) -> Sequence[LiveChange]:
    """The cases of these companies that changed lately, for the pages that are open."""
    async with database.reading() as uow:
        rows = await reading.changed_lately(uow, tenants, LATELY, MAX_CHANGES)
    return [
        LiveChange(row.tenant, str(row.id), int(row.changed_at.timestamp() * MICROSECONDS), row.belongs)
        for row in rows
    ]
