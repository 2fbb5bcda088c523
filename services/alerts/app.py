"""The whole truth of alerts: what it serves, hears and runs."""

from services.alerts.figures import measure
from services.alerts.handlers import SUBSCRIPTIONS
from services.alerts.models import metadata
from services.alerts.recovery import RECOVERY
from services.alerts.schedule import Quiet
from services.alerts.sender import Sender
from services.alerts.settings import Settings
from shared.mail import Mailer
from shared.service import Context, Loops, Service, door


def worker_loops(context: Context) -> Loops:
    """Two minutes of quiet."""
    return {"quiet": Quiet(context.database, context.health).run}


def sender_loops(context: Context) -> Loops:
    """The mails to staff."""
    sender = Sender(
        context.database,
        context.health,
        Mailer(context.afterword.smtp_url.get_secret_value()),
        context.afterword.mail_from,
        context.afterword.staff_url,
        context.secret,
    )
    return {"sender": sender.run}


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
