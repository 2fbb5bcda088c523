"""What a report about one of our mails does: once, whoever sends it, how often, and in whatever order."""

from datetime import timedelta
from typing import Literal

import structlog

from services.dispatcher.bounces import repository
from services.dispatcher.bounces.failures import SOFT_BOUNCES, SOFT_DAYS, MailReport, ReportSource
from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of, under_its_id
from services.dispatcher.invitations.judging import end_quarantine_of
from services.dispatcher.invitations.states import (
    STATES_AFTER_SENDING,
    move_invitation,
    read_invitation,
    subject_of_invitation,
)
from services.dispatcher.replies import repository as case_mails
from services.dispatcher.replies.states import move_mail
from services.dispatcher.repository.reminders import touch_invitation
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.suppressions.suppression_commands import complain, drop_address
from shared.db import Database, UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import Invitation
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY
from shared.telemetry import metrics

log = structlog.get_logger()

TOKENS_KEPT = timedelta(days=1)
"""Longer than any provider's request is valid."""
Taken = Literal["stored", "repeated", "unknown"]
"""``repeated``: known already; ``unknown``: of an invitation that is not kept any more."""


class RequestTaken(Exception):
    """A request with the same token was taken before."""


async def take_report(
    database: Database,
    secret: str,
    report: MailReport | None,
    source: ReportSource,
    *,
    token: str | None = None,
) -> Taken | None:
    """Store and apply a report in a transaction of its own, and count it; None: it does nothing.

    :param token: the hash of what may be in one request alone, taken with the report.
    :raises RequestTaken: when it was taken before.
    """
    if report is None:
        metrics.BOUNCES.labels(source, "none").inc()
        return None
    async with database.transaction() as uow:
        if token is not None and not await repository.take_token(uow, source, token, TOKENS_KEPT):
            raise RequestTaken
        taken = await apply_report(uow, secret, report, source)
    metrics.BOUNCES.labels(source, report.kind if taken == "stored" else taken).inc()
    return taken


async def take_request(database: Database, source: ReportSource, token: str) -> None:
    """Take the token of a request that reports nothing: with it nobody else may report something.

    :raises RequestTaken: when it was taken before.
    """
    async with database.transaction() as uow:
        if not await repository.take_token(uow, source, token, TOKENS_KEPT):
            raise RequestTaken


async def apply_report(uow: UnitOfWork, secret: str, report: MailReport, source: ReportSource) -> Taken:
    """Store a report and what follows from it: the address or the customer is suppressed, and an invitation
    whose first mail came back is ``bounced``, so that no reminder follows.

    Of each kind the first report of a mail counts. A mailbox that takes the first mail and sends a reminder
    back leaves the invitation as it is: the customer has been asked.
    """
    row = await repository.lock_invitation(uow, report.mail.about_id)
    if row is None:
        return await _apply_to_case_mail(uow, secret, report, source)
    tenant, invitation = row.tenant, read_invitation(row)
    if not await repository.insert(uow, tenant, report, source):
        return "repeated"
    contact = await _contact(uow, secret, tenant, invitation)
    if contact is not None and await _suppress(uow, contact, invitation, report):
        await repository.mark_dropped(uow, tenant, report)
    if report.kind != "complaint" and report.mail.n == 1 and invitation.state in STATES_AFTER_SENDING:
        await move_invitation(uow, tenant, invitation, "bounced", reason=report.status)
        if contact is not None:
            await end_quarantine_of(uow, under_its_id(contact, invitation), invitation)
    else:
        await touch_invitation(uow, tenant, invitation.id)
        notify_changes(uow, [tenant])
    log.info(
        "bounce",
        tenant=tenant,
        invitation=str(invitation.id),
        n=report.mail.n,
        kind=report.kind,
        status=report.status,
        source=source,
    )
    return "stored"


async def _apply_to_case_mail(
    uow: UnitOfWork, secret: str, report: MailReport, source: ReportSource
) -> Taken:
    """The same for a mail from a case: the case is told that it came back; it is stored under its own id."""
    mail = await case_mails.lock_by_id(uow, report.mail.about_id)
    if mail is None:
        return "unknown"
    if not await repository.insert(uow, mail.tenant, report, source):
        return "repeated"
    about = await case_mails.find_about(uow, mail)
    if about is not None:
        invitation = read_invitation(about)
        contact = await _contact(uow, secret, mail.tenant, invitation)
        if contact is not None and await _suppress(uow, contact, invitation, report):
            await repository.mark_dropped(uow, mail.tenant, report)
    if report.kind != "complaint":
        await move_mail(uow, mail, "bounced", report.status)
    log.info("bounce", tenant=mail.tenant, case_mail=str(mail.id), kind=report.kind, source=source)
    return "stored"


async def _contact(uow: UnitOfWork, secret: str, tenant: str, invitation: Invitation) -> ContactKey | None:
    """Whom the mail went to; None: nobody knows any more, or they were erased, and nobody asks them."""
    if invitation.erased or invitation.person == NOBODY:
        return None
    placeholder_ids = (await find_sending(uow, tenant)).placeholder_ids
    shared = (await find_policy(uow, tenant)).rules.ids_are_shared
    contact = contact_key_of(secret, tenant, invitation.customer, placeholder_ids, ids_are_shared=shared)
    erased = await find_erased(uow, [subject_of_invitation(contact, invitation)])
    return None if erased else contact


async def _suppress(uow: UnitOfWork, contact: ContactKey, invitation: Invitation, report: MailReport) -> bool:
    """Whether this report is why the address, or the customer, gets no mail any more."""
    if report.kind == "complaint":
        await complain(uow, contact)
        return True
    if contact.address is None or report.kind == "policy":
        return False
    if report.kind == "soft":
        person, since = invitation.person or contact.person, uow.now - SOFT_DAYS
        soft = await repository.count_soft(uow, contact.tenant, person, contact.address, since)
        if soft < SOFT_BOUNCES:
            return False
    await drop_address(uow, contact.tenant, contact.address)
    return True
