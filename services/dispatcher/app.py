"""The dispatcher's whole truth: what it hears, serves, says and sends."""

import asyncio

from services.dispatcher import backfill
from services.dispatcher.figures import measure
from services.dispatcher.handlers import SUBSCRIPTIONS
from services.dispatcher.letters import Scribe
from services.dispatcher.models import metadata
from services.dispatcher.recovery import RECOVERY
from services.dispatcher.schedule import NAME, watch_leases
from services.dispatcher.sender import Sender
from services.dispatcher.settings import Settings
from shared.mail import Mailer
from shared.service import Context, Loops, Service, door


def worker_loops(context: Context) -> Loops:
    """The watch over the senders' leases, and what an upgrade leaves to be done."""

    async def leases(stopping: asyncio.Event) -> None:
        await watch_leases(context.database, context.health, stopping)

    async def fill(stopping: asyncio.Event) -> None:
        await backfill.run(context.database, context.secret, context.health, stopping)

    return {NAME: leases, backfill.NAME: fill}


def sender_loops(context: Context) -> Loops:
    """The senders, each with its own connection to the mail server."""
    scribe = Scribe(context.afterword, context.database.clock)
    senders = {}
    for number in range(1, context.own.senders + 1):
        name = f"sender {number}"
        mailer = Mailer(context.afterword.smtp_url.get_secret_value())
        senders[name] = Sender(name, context.database, mailer, scribe, context.secret, context.health).run
    return senders


SERVICE = Service(
    name="dispatcher",
    settings=Settings,
    metadata=metadata,
    paths=(
        *("/v1/surveys", "/v1/decisions", "/v1/suppressions", "/v1/placeholder-ids"),
        *("/surveys", "/events", "/u"),
    ),
    api=door("services.dispatcher.door"),
    subscriptions=SUBSCRIPTIONS,
    worker_loops=worker_loops,
    sender_loops=sender_loops,
    recovery=RECOVERY,
    measures=(measure,),
)
