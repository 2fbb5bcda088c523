"""The door of alerts: what its API process builds."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from fastapi import FastAPI

from services.alerts import api, case_page, pages, settings_page, sign_in
from services.alerts.repository import reading
from shared.db.database import Database
from shared.http.app import create_app
from shared.http.live import MOST, Change, LiveFeed
from shared.http.staff import AccessPass
from shared.pages.environment import Pages
from shared.service import Context, Loops

LATELY = timedelta(seconds=10)
MICROSECONDS = 1_000_000


def build_api(context: Context) -> tuple[FastAPI, Loops]:
    """The inbox, the cases, sign-in and settings."""
    afterword = context.afterword
    drawn = Pages("services.alerts", local=afterword.local, mailbox_url=afterword.mailbox_url)
    app = create_app(
        service="alerts",
        routers=[api.router, pages.router, case_page.router, sign_in.router, settings_page.router],
        pages=drawn,
    )
    app.state.database = context.database
    app.state.staff_url = afterword.staff_url.rstrip("/")
    app.state.sign_in = sign_in.SignIn(
        context.database, AccessPass(context.secret), secure=afterword.staff_url.startswith("https:")
    )
    app.state.feed = LiveFeed(lambda tenants: changes(context.database, tenants), context.stopping)
    return app, {}


async def changes(database: Database, tenants: Collection[str]) -> Sequence[Change]:
    """The cases of these companies that changed lately, for the pages that are open."""
    async with database.reading() as uow:
        rows = await reading.changed_lately(uow, tenants, LATELY, MOST)
    return [
        Change(row.tenant, str(row.id), int(row.changed_at.timestamp() * MICROSECONDS), row.belongs)
        for row in rows
    ]
