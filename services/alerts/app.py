"""The whole truth of alerts: what it serves, hears and runs."""

from services.alerts.figures import measure
from services.alerts.handlers import SUBSCRIPTIONS
from services.alerts.models import metadata
from services.alerts.recovery import RECOVERY
from services.alerts.repository import notices
from services.alerts.schedule import Quiet
from services.alerts.sender import NoticeQueue
from services.alerts.settings import Settings
from shared.mail import Mailer, mail_server
from shared.outbound import Sender
from shared.outbound.leases import NAME, watch_leases
from shared.service import Context, Loops, Service, door


def worker_loops(context: Context) -> Loops:
    """Two minutes of quiet, and the watch over the sender's leases."""
    return {
        "quiet": Quiet(context.database, context.health).run,
        NAME: watch_leases(context.service, notices.end_leases, context.database, context.health),
    }


def sender_loops(context: Context) -> Loops:
    """The mails to staff."""
    afterword = context.afterword
    queue = NoticeQueue(afterword.mail_from, afterword.staff_url, context.secret, context.database.clock)
    mailer = Mailer(mail_server(afterword))
    return {"sender": Sender("sender", context.database, mailer, queue, context.health).run}


SERVICE = Service(
    name="alerts",
    settings=Settings,
    metadata=metadata,
    paths=("/inbox", "/cases", "/v1/cases", "/login", "/logout", "/settings"),
    api=door("services.alerts.door"),
    subscriptions=SUBSCRIPTIONS,
    worker_loops=worker_loops,
    sender_loops=sender_loops,
    recovery=RECOVERY,
    measures=(measure,),
)
