"""What a provider's signed request does: a report changes an invitation, STOP and START a suppression.

What other replies do stands in ``answering.py``.
"""

from typing import Literal

from msgspec import json

from services.dispatcher.decisions.contacts import contact_of_invitation
from services.dispatcher.decisions.quarantine import begin_quarantine, end_quarantine
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.sms import repository
from services.dispatcher.sms.messages import TextReply, TextReport
from services.dispatcher.sms.reports import message_of, reported
from services.dispatcher.sms.stop_words import wish_of
from services.dispatcher.suppressions.suppression_commands import start_texts, stop_texts
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import INVITATIONS, Invitation
from shared.secrets import customer_hash

Kept = Literal["delivered", "undeliverable", "stop", "start", "stored", "late", "other", "unknown"]
"""What a request was about. ``stored``: a reply that is answered in a moment; ``late``: one about a link that
has ended, or a company that has; ``other``: another reply; ``unknown``: of nobody and nothing of ours."""
MAX_TRIES = 5
"""To write a report while somebody else moves its invitation on."""


async def keep(uow: UnitOfWork, secret: str, said: TextReply | TextReport) -> Kept:
    """Do what it says. The same again changes nothing."""
    return await (_keep_report(uow, said) if isinstance(said, TextReport) else _keep_reply(uow, secret, said))


async def _keep_report(uow: UnitOfWork, report: TextReport) -> Kept:
    about = message_of(report.reference)
    if about is None:
        return "unknown"
    invitation_id, n = about
    for _ in range(MAX_TRIES):
        row = await invitation_rows.find_by_id(uow, invitation_id)
        if row is None:
            return "unknown"
        before = read_invitation(row)
        if before.channel != "sms":
            return "unknown"
        after = reported(before, report, n, uow.now)
        if after is None or await _moved(uow, row.tenant, before, after):
            return report.state
    raise ConnectionError("the invitation is moved all the time")


async def _moved(uow: UnitOfWork, tenant: str, before: Invitation, after: Invitation) -> bool:
    """Write it, and let only a text that may have arrived keep the contact from being asked."""
    if not await invitation_rows.move(uow, tenant, after, None, json.encode(after)):
        return False
    uow.publish(INVITATIONS, tenant, after)
    notify_changes(uow, [tenant])
    contact = contact_of_invitation(tenant, after)
    if after.state != before.state and not after.test:
        if after.state == "bounced":
            await end_quarantine(uow, contact, after)
        elif before.state == "bounced":
            await begin_quarantine(uow, [(contact, after)])
    return True


async def number_keys(uow: UnitOfWork, secret: str, number: str) -> dict[str, str]:
    """The keyed hash of a number at each company."""
    return {tenant: customer_hash(secret, tenant, number) for tenant in await repository.list_tenants(uow)}


async def _keep_reply(uow: UnitOfWork, secret: str, reply: TextReply) -> Kept:
    """One number of ours texts for all companies: what a customer says holds for each that knows theirs."""
    wish = wish_of(reply.text)
    if wish is None:
        return "other"
    keys = await number_keys(uow, secret, reply.number)
    knowing = await repository.find_knowing(uow, list(keys.items()))
    for tenant in knowing:
        key = keys[tenant]
        if wish == "stop":
            await stop_texts(uow, tenant, key)
        else:
            await start_texts(uow, tenant, key)
        notify_changes(uow, [tenant])
    return wish if knowing else "unknown"
