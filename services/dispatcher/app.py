"""The dispatcher on one screen: what it consumes, serves, publishes and sends."""

from collections.abc import Sequence
from uuid import UUID

from services.dispatcher import backfill
from services.dispatcher.adaptive_sampling.computing import ADAPTIVE_LOOP
from services.dispatcher.adaptive_sampling.schedule import adaptive_loop
from services.dispatcher.bounces.holding import HOLDING_LOOP, holding_loop
from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.erasing import erase
from services.dispatcher.exports.schedule import EXPORT_LINKS_LOOP, export_links_loop
from services.dispatcher.gauges import measure_destinations, measure_mails, measure_senders, measure_texts
from services.dispatcher.handlers import subscriptions
from services.dispatcher.imports.processing import IMPORTS_LOOP
from services.dispatcher.imports.schedule import FORGET_LOOP, imports_loop, old_imports_loop
from services.dispatcher.invitations.queue import InvitationQueue
from services.dispatcher.invitations.repository import NOT_STOPPED
from services.dispatcher.invitations.schedule import (
    DESTINATIONS_LOOP,
    PLACES_LOOP,
    destinations_loop,
    places_loop,
    record_unknown,
)
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.models import PERSONAL_TABLES, metadata
from services.dispatcher.programmes.publishing import PROGRAMMES_LOOP
from services.dispatcher.programmes.schedule import programmes_loop
from services.dispatcher.re_asks.publishing import RE_ASKS_LOOP
from services.dispatcher.re_asks.schedule import re_asks_loop
from services.dispatcher.recovery import recovery
from services.dispatcher.replies.queue import ReplyQueue, ReplyWriter
from services.dispatcher.replies.reply_mail import ReplyMailRenderer
from services.dispatcher.replies.states import record_unknown as record_unknown_replies
from services.dispatcher.retention.rules import RETENTION as RETENTION_RULES
from services.dispatcher.senders.schedule import SENDER_CHECKS_LOOP, sender_checks_loop
from services.dispatcher.sending.schedule import UNPUBLISHED_LOOP, unpublished_loop
from services.dispatcher.settings import Settings
from services.dispatcher.sms.channel import SmsChannel
from services.dispatcher.sms.installation import sms_installation
from services.dispatcher.sms.reply_work import REPLIES_LOOP, replies_loop
from services.dispatcher.sms.survey_text import SurveyTextRenderer
from services.dispatcher.updates.publishing import UPDATES_LOOP
from services.dispatcher.updates.schedule import updates_loop
from services.dispatcher.updates.update_mail import UpdateMailRenderer
from services.dispatcher.updates.writing import UpdateWriter
from services.dispatcher.waves.publishing import WAVES_LOOP
from services.dispatcher.waves.schedule import waves_loop
from shared.db import UnitOfWork
from shared.events import (
    ANSWERS,
    AUDIT,
    CASE_MAILS,
    CASES,
    CONTACT_POLICIES,
    CUSTOMERS,
    DECISIONS,
    ERASURES,
    IMPROVEMENTS,
    INVITATIONS,
    REPLIES,
    RETENTION,
    SENDING,
    SURVEYS,
    TENANTS,
    TRANSACTIONS,
    WEBHOOKS,
)
from shared.kafka.kernel.source_letters import SOURCE_LETTERS
from shared.mail import Mailer, mail_server
from shared.mail.installation import KEY_RECORDS_LOOP
from shared.outbound import MailChannel, Sender
from shared.outbound.leases import LEASES_LOOP, watch_leases
from shared.outbound.setting_aside import SET_ASIDE_LOOP, setting_aside_loop
from shared.service import Context, Loops, PersonalData, Service, lazy_api


def worker_loops(context: Context) -> Loops:
    """The watch over the senders' leases, what an upgrade may leave to be done, and links that have ended."""
    leases = watch_leases(context.service, context.database, context.health, record_unknown_deliveries)
    return {
        LEASES_LOOP: leases,
        SET_ASIDE_LOOP: setting_aside_loop(context.database, context.health, NOT_STOPPED),
        UNPUBLISHED_LOOP: unpublished_loop(context),
        backfill.BACKFILL_LOOP: backfill.backfill_loop(context),
        EXPORT_LINKS_LOOP: export_links_loop(context),
        PLACES_LOOP: places_loop(context),
        DESTINATIONS_LOOP: destinations_loop(context),
        HOLDING_LOOP: holding_loop(context),
        WAVES_LOOP: waves_loop(context),
        PROGRAMMES_LOOP: programmes_loop(context),
        RE_ASKS_LOOP: re_asks_loop(context),
        UPDATES_LOOP: updates_loop(context),
        ADAPTIVE_LOOP: adaptive_loop(context),
        IMPORTS_LOOP: imports_loop(context),
        FORGET_LOOP: old_imports_loop(context),
    }


async def record_unknown_deliveries(uow: UnitOfWork, ended: Sequence[tuple[str, UUID]], reason: str) -> None:
    """Record it of whatever the deliveries are about."""
    await record_unknown(uow, ended, reason)
    await record_unknown_replies(uow, ended, reason)


SMS_SENDERS = 2
"""Of each process that sends: a provider takes a message in a fraction of a second, and limits how many."""


REPLY_SENDER = "reply sender"


def sender_loops(context: Context) -> Loops:
    """The senders, each with its own connection to the mail server, and looks at whom mails come from."""
    renderer = SurveyMailRenderer(context.afterword, context.database.clock)
    sms = sms_installation(context.own, context.staff_url)
    queue = InvitationQueue(
        {
            MailChannel.name: renderer,
            SmsChannel.name: SurveyTextRenderer(context.afterword, sms, context.database.clock),
        },
        context.secret,
        current_contact_policy(),
        company_senders=context.own.company_senders,
        pace=context.own.pace,
    )
    server = mail_server(context.afterword)
    senders = {
        KEY_RECORDS_LOOP: renderer.installation.loop(context.afterword, context.health),
        SENDER_CHECKS_LOOP: sender_checks_loop(context),
    }
    if sms.sends:
        senders[REPLIES_LOOP] = replies_loop(context, sms)
    for number in range(1, context.own.senders + 1):
        name = f"sender {number}"
        channel = MailChannel(Mailer(server), context.service)
        senders[name] = Sender(name, context.database, channel, queue, context.health).run
    rendering = (context.afterword, renderer, context.database.clock)
    own_senders = context.own.company_senders
    policy = current_contact_policy()
    replies = ReplyQueue(
        {
            "reply": ReplyWriter(ReplyMailRenderer(*rendering), context.secret, company_senders=own_senders),
            "update": UpdateWriter(
                UpdateMailRenderer(*rendering), context.secret, policy, company_senders=own_senders
            ),
        }
    )
    # By itself: what somebody waits for is not behind the questions to thousands.
    channel = MailChannel(Mailer(server), context.service)
    senders[REPLY_SENDER] = Sender(REPLY_SENDER, context.database, channel, replies, context.health).run
    for number in range(1, SMS_SENDERS + 1):
        name = f"sms sender {number}"
        by_sms = SmsChannel(sms.provider, context.service)
        senders[name] = Sender(name, context.database, by_sms, queue, context.health).run
    return senders


def receiver_loops(context: Context) -> Loops:
    """What takes mails that come back, where that is set up."""
    from services.dispatcher.bounces.receiving import receiver_loops as loops  # noqa: PLC0415  (it needs aiosmtpd)

    return loops(context)


SERVICE = Service(
    name="dispatcher",
    settings=Settings,
    metadata=metadata,
    paths=(
        *("/v1/surveys", "/v1/decisions", "/v1/suppressions", "/v1/placeholder-ids", "/v1/erasures"),
        "/v1/sending",
        *("/v1/retention", "/surveys", "/events", "/erasures", "/retention", "/v1/audit", "/audit", "/u"),
        *("/v1/customers", "/customers", "/x", "/v1/contact-policy", "/contact-policy", "/v1/dry-runs"),
        *("/v1/waves", "/waves", "/v1/senders", "/senders", "/suppressions", "/v1/invitations"),
        "/v1/bounces",
        "/v1/texts",
        *("/v1/imports", "/imports"),
        "/v1/personal-data/dispatcher",
    ),
    api=lazy_api("services.dispatcher.web"),
    consumes=(TENANTS, TRANSACTIONS, ANSWERS, CASES, ERASURES, AUDIT, WEBHOOKS, REPLIES, IMPROVEMENTS),
    subscriptions=subscriptions,
    worker_loops=worker_loops,
    sender_loops=sender_loops,
    receiver_loops=receiver_loops,
    owns=(SURVEYS, SENDING, RETENTION, CONTACT_POLICIES, INVITATIONS, CUSTOMERS),
    publishes=(DECISIONS, CASE_MAILS),
    recovery=recovery,
    personal_data=PersonalData(PERSONAL_TABLES, erase),
    searched_dead_letters=(SOURCE_LETTERS,),
    retention=RETENTION_RULES,
    gauges=(measure_mails, measure_destinations, measure_texts, measure_senders),
)
