"""The alerts service in full: what it serves, consumes and runs."""

from functools import partial

from services.alerts.cases.changes import CASE_DEADLINE
from services.alerts.cases.domain.policy import current_policy
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.cases.schedule import EXPIRY_LOOP, do_case_steps, expiry_loop, settle_quiet_answers
from services.alerts.erasing import erase
from services.alerts.gauges import measure
from services.alerts.handlers import subscriptions
from services.alerts.models import PERSONAL_TABLES, metadata
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.recovery.handlers import recovery
from services.alerts.retention.repository import RETENTION as RETENTION_RULES
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.settings import Settings
from services.alerts.webhooks.lanes import WEBHOOKS_LOOP, WebhookLanes
from shared.db.deadlines import DEADLINES_LOOP, FireDeadlines, deadline_loop
from shared.events import (
    ANSWERS,
    CASES,
    CUSTOMERS,
    ERASURES,
    INVITATIONS,
    RETENTION,
    SCORES,
    SENDING,
    SURVEYS,
    TENANTS,
)
from shared.mail import Mailer, mail_server
from shared.mail.installation import KEY_RECORDS_LOOP, installation_sender
from shared.outbound import MailChannel, Sender
from shared.outbound.leases import LEASES_LOOP, watch_leases
from shared.service import Context, Loops, PersonalData, Service, lazy_api


def worker_loops(context: Context) -> Loops:
    """The deadlines, and what ends by the clock besides: senders' leases, sessions, links, requests."""
    deadlines: dict[str, FireDeadlines] = {
        QUIET_DEADLINE: partial(settle_quiet_answers, current_policy()),
        CASE_DEADLINE: partial(do_case_steps, CompanySetups()),
    }
    return {
        DEADLINES_LOOP: deadline_loop(context.service, deadlines, context.database, context.health),
        EXPIRY_LOOP: expiry_loop(context),
        LEASES_LOOP: watch_leases(context.service, context.database, context.health),
    }


def sender_loops(context: Context) -> Loops:
    """The mails to colleagues, the records of the keys that sign them, and the messages to webhooks."""
    afterword = context.afterword
    installation = installation_sender(afterword)
    renderer = NoticeRenderer(installation, context.staff_url, context.secret, context.database.clock)
    channel = MailChannel(Mailer(mail_server(afterword)), context.service)
    sender = Sender("sender", context.database, channel, NoticeQueue(renderer), context.health)
    return {
        "sender": sender.run,
        KEY_RECORDS_LOOP: installation.loop(afterword, context.health),
        WEBHOOKS_LOOP: WebhookLanes(context).run,
    }


SERVICE = Service(
    name="alerts",
    settings=Settings,
    metadata=metadata,
    paths=(
        *("/inbox", "/cases", "/v1/cases", "/login", "/logout", "/settings", "/v1/personal-data/alerts"),
        *("/rules", "/v1/rules", "/v1/teams", "/v1/calendars", "/v1/absences"),
        *("/webhooks", "/v1/webhooks", "/v1/people"),
    ),
    api=lazy_api("services.alerts.web"),
    consumes=(CUSTOMERS, TENANTS, ANSWERS, INVITATIONS, SURVEYS, SENDING, RETENTION, SCORES, ERASURES),
    subscriptions=subscriptions,
    personal_data=PersonalData(PERSONAL_TABLES, erase),
    worker_loops=worker_loops,
    sender_loops=sender_loops,
    owns=(CASES,),
    recovery=recovery,
    retention=RETENTION_RULES,
    gauges=(measure,),
)
