"""The whole truth of alerts: what it serves, hears and runs."""

from services.alerts.figures import measure
from services.alerts.handlers import subscriptions
from services.alerts.models import metadata
from services.alerts.recovery import recovery
from services.alerts.repository import notices
from services.alerts.schedule import Quiet
from services.alerts.sender import NoticeQueue
from services.alerts.settings import Settings
from shared.events import ANSWERS, CASES, INVITATIONS, SURVEYS, TENANTS
from shared.mail import Mailer, mail_server
from shared.outbound import Sender
from shared.outbound.leases import LEASES_LOOP, watch_leases
from shared.service import Context, Loops, Service, lazy_api


def worker_loops(context: Context) -> Loops:
    """Two minutes of quiet, and the watch over the sender's leases."""
    return {
        "quiet": Quiet(context.database, context.health).run,
        LEASES_LOOP: watch_leases(context.service, notices.end_leases, context.database, context.health),
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
    api=lazy_api("services.alerts.web"),
    consumes=(TENANTS, ANSWERS, INVITATIONS, SURVEYS),
    subscriptions=subscriptions,
    worker_loops=worker_loops,
    sender_loops=sender_loops,
    owns=(CASES,),
    recovery=recovery,
    gauges=(measure,),
)
