"""The alerts service in full: what it serves, consumes and runs."""

from functools import partial

from services.alerts.cases.changes import CASE_DEADLINE
from services.alerts.cases.domain.policy import current_policy
from services.alerts.cases.indexing import WORDS_LOOP, words_loop
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.cases.schedule import EXPIRY_LOOP, do_case_steps, expiry_loop, settle_quiet_answers
from services.alerts.chat_kinds import PREPARE_CHAT_BY_KIND
from services.alerts.chats.lanes import CHATS_LOOP, ChatLanes
from services.alerts.chats.rendering import ChatRenderer
from services.alerts.erasing import erase
from services.alerts.gauges import measure
from services.alerts.handlers import subscriptions
from services.alerts.incidents.counting import INCIDENT_DEADLINE
from services.alerts.incidents.ending import end_incidents
from services.alerts.introductions.notices import INTRODUCTION_NOTICE, notify_owners
from services.alerts.introductions.opening import INTRODUCTION_DEADLINE, decide_introductions
from services.alerts.models import PERSONAL_TABLES, metadata
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.push_lanes import PUSHES_LOOP, PushLanes
from services.alerts.notices.pushes import PushRenderer
from services.alerts.notices.queue import NoticeQueue, PushQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.notices.repository.notifications import MAY_BE_NOTIFIED
from services.alerts.recovery.handlers import recovery
from services.alerts.retention.repository import RETENTION as RETENTION_RULES
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.settings import Settings
from services.alerts.view_mails.asking import VIEW_MAILS_LOOP, view_mails_loop
from services.alerts.webhooks.lanes import WEBHOOKS_LOOP, WebhookLanes
from services.alerts.webhooks.removing import remove_deleted
from services.alerts.webhooks.repository.webhooks import REMOVAL_DEADLINE
from services.alerts.weekly.schedule import (
    WEEKLY_DEADLINE,
    WEEKLY_LOOP,
    missing_letters_loop,
    send_letters,
)
from shared.db.deadlines import DEADLINES_LOOP, FireDeadlines, deadline_loop
from shared.db.notifications import DELIVERIES_CHANNEL, MESSAGES_CHANNEL, ChangeListener
from shared.events import (
    ANSWERS,
    AUDIT,
    CASE_MAILS,
    CASES,
    CUSTOMERS,
    DECISIONS,
    ERASURES,
    FALLS,
    INVITATIONS,
    REPLIES,
    RETENTION,
    SCORES,
    SENDING,
    SURVEYS,
    TENANTS,
    WEBHOOKS,
)
from shared.mail import Mailer, mail_server
from shared.mail.installation import KEY_RECORDS_LOOP, installation_sender
from shared.outbound import MailChannel, Sender
from shared.outbound.leases import LEASES_LOOP, watch_leases
from shared.outbound.setting_aside import SET_ASIDE_LOOP, setting_aside_loop
from shared.outbound.web_push import Vapid
from shared.service import Context, Loops, PersonalData, Service, lazy_api


def worker_loops(context: Context) -> Loops:
    """The deadlines, and what ends by the clock besides: senders' leases, sessions, links, requests."""
    deadlines: dict[str, FireDeadlines] = {  # in this order: the first sets deadlines of cases, too
        QUIET_DEADLINE: partial(settle_quiet_answers, current_policy(), CompanySetups()),
        INCIDENT_DEADLINE: end_incidents,
        WEEKLY_DEADLINE: send_letters,
        CASE_DEADLINE: partial(do_case_steps, CompanySetups()),
        REMOVAL_DEADLINE: remove_deleted,
        INTRODUCTION_NOTICE: notify_owners,
        # Last: it locks what others share, and waits for nothing (``introductions.repository.setting``).
        INTRODUCTION_DEADLINE: partial(decide_introductions, current_policy(), CompanySetups()),
    }
    return {
        DEADLINES_LOOP: deadline_loop(context.service, deadlines, context.database, context.health),
        EXPIRY_LOOP: expiry_loop(context),
        WORDS_LOOP: words_loop(context),
        WEEKLY_LOOP: missing_letters_loop(context),
        VIEW_MAILS_LOOP: view_mails_loop(context),
        LEASES_LOOP: watch_leases(context.service, context.database, context.health),
        SET_ASIDE_LOOP: setting_aside_loop(context.database, context.health, MAY_BE_NOTIFIED),
    }


def sender_loops(context: Context) -> Loops:
    """What colleagues are told, the records of keys that sign mails, and messages to webhooks and chats."""
    afterword = context.afterword
    installation = installation_sender(afterword)
    renderer = NoticeRenderer(installation, context.staff_url, context.secret, context.database.clock)
    chats = ChatRenderer(PREPARE_CHAT_BY_KIND, context.staff_url, context.database.clock)
    channel = MailChannel(Mailer(mail_server(afterword)), context.service)
    queue = NoticeQueue(renderer, NOTICE_KINDS)
    listener = ChangeListener(context.database, DELIVERIES_CHANNEL)
    messages = ChangeListener(context.database, MESSAGES_CHANNEL)
    sender = Sender("sender", context.database, channel, queue, context.health, listener=listener)
    return {
        "sender": sender.run,
        PUSHES_LOOP: _push_lanes(context, renderer, listener).run,
        "delivery notifications": listener.run,
        KEY_RECORDS_LOOP: installation.loop(afterword, context.health),
        WEBHOOKS_LOOP: WebhookLanes(context, listener=messages).run,
        CHATS_LOOP: ChatLanes(context, chats, listener=messages).run,
        "message notifications": messages.run,
    }


def _push_lanes(context: Context, renderer: NoticeRenderer, listener: ChangeListener) -> PushLanes:
    """The push messages to colleagues."""
    vapid = Vapid(context.secret, f"mailto:{context.afterword.mail_from}")
    queue = PushQueue(renderer, NOTICE_KINDS, PushRenderer(context.secret))
    return PushLanes(context.database, queue, vapid, context.health, listener=listener)


SERVICE = Service(
    name="alerts",
    settings=Settings,
    metadata=metadata,
    paths=(
        *("/inbox", "/cases", "/v1/cases", "/login", "/logout", "/settings", "/v1/personal-data/alerts"),
        *("/rules", "/v1/rules", "/v1/teams", "/v1/calendars", "/v1/absences"),
        *("/webhooks", "/v1/webhooks", "/segment-alerts", "/v1/segment-alerts"),
        *("/v1/notices", "/v1/chats", "/v1/incidents", "/v1/people", "/v1/saved-filters"),
        *("/v1/identity-provider", "/v1/sign-in-rules", "/team", "/v1/team-figures"),
        *("/huddle", "/v1/huddles", "/introductions", "/v1/introductions", "/recovery", "/v1/recovery"),
        *("/v1/text-blocks", "/v1/attributes", "/v1/case-links"),
    ),
    api=lazy_api("services.alerts.web"),
    consumes=(
        *(CUSTOMERS, TENANTS, ANSWERS, INVITATIONS, SURVEYS, SENDING, RETENTION, SCORES, ERASURES),
        *(DECISIONS, FALLS, CASE_MAILS, AUDIT),
    ),
    subscriptions=subscriptions,
    personal_data=PersonalData(PERSONAL_TABLES, erase),
    worker_loops=worker_loops,
    sender_loops=sender_loops,
    owns=(CASES, WEBHOOKS),
    publishes=(REPLIES,),
    recovery=recovery,
    retention=RETENTION_RULES,
    gauges=(measure,),
)
