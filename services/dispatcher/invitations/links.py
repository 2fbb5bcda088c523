"""Personal links for a company's own channels: decided at once, by the same code as any event."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.contacts import contact_of_invitation
from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.repository import decisions as decision_rows
from services.dispatcher.decisions.values import ASIDE
from services.dispatcher.invitations import link_repository
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.sending_commands import sending_from
from services.dispatcher.suppressions import repository as suppression_rows
from services.dispatcher.suppressions.domain import SUPPRESSING, entries_of
from services.dispatcher.surveys import repository as survey_rows
from shared.db import UnitOfWork
from shared.events import TRANSACTIONS, Event, Invitation, Transaction
from shared.service import Context
from shared.tenancy import find_tenant


class SendingStopped(Exception):
    """The company has stopped all sending, or is paused: nobody is asked, and nothing decided meanwhile."""


class DecidedLink(NamedTuple):
    """What was decided about an event for which a link was wanted, now or when it first came."""

    reason: str
    invitation: Invitation | None
    differs: bool
    """Whether the event that was decided had other content."""
    refused_since: str | None = None
    """Why its customer is not to be asked any more: ``complained``, ``opted_out`` or ``suppressed``."""


async def find_link_surveys(uow: UnitOfWork, tenant: str) -> set[UUID]:
    """The surveys that may ask by a link, live or paused."""
    return {
        row.id
        for row in await survey_rows.list_of_tenants(uow, [tenant])
        if "link" in row.channels and row.state not in ASIDE
    }


async def decide_links(
    context: Context, policy: ContactPolicy, uow: UnitOfWork, events: Sequence[Event[Transaction]]
) -> dict[UUID, DecidedLink]:
    """Decide these events of one company, by the id of each; one that was decided stays as it was.

    An event that is new here is published, too, so that whoever reads the topic again has it. Of the same
    event, come by the topic as well, whichever is decided first wins.

    :raises SendingStopped: when the company has stopped all sending, or is paused.
    """
    tenant = events[0].tenant
    if (company := await find_tenant(uow, tenant)) is not None and company.state != "running":
        raise SendingStopped
    # Locked until the commit: a stop of all sending waits for this, and no link is handed out after it.
    if sending_from(await sending_rows.share(uow, tenant)).stopped:
        raise SendingStopped
    identities = [(tenant, event.data.event_id) for event in events]
    known = {row.event_id for row in await decision_rows.find_digests(uow, identities)}
    for event in events:
        if event.data.event_id not in known:
            # Before the decision, which erases it again where its customer was erased.
            uow.publish(TRANSACTIONS, tenant, event.data)
    await decide_transactions(context, policy, uow, events)
    found = {row.event_id: row for row in await link_repository.find_decided(uow, tenant, identities)}
    decided = {event.data.event_id: _decided(found[event.data.event_id], event.data) for event in events}
    return {
        event_id: each._replace(refused_since=await _refused_since(uow, tenant, each.invitation))
        if event_id in known and each.invitation is not None
        else each
        for event_id, each in decided.items()
    }


def _decided(row: Row[Any], transaction: Transaction) -> DecidedLink:
    invitation = read_invitation(row) if row.body is not None else None
    return DecidedLink(row.decided, invitation, row.digest != transaction.digest)


async def _refused_since(uow: UnitOfWork, tenant: str, invitation: Invitation) -> str | None:
    """A link that is asked for once more is not shown to a customer who has said no since."""
    entries = [(tenant, *entry) for entry in entries_of(contact_of_invitation(tenant, invitation))]
    reasons = {row.reason for row in await suppression_rows.find_matching(uow, entries)}
    if "complained" in reasons:
        return "complained"
    if not SUPPRESSING.isdisjoint(reasons):
        return "suppressed"
    return "opted_out" if "unsubscribed" in reasons else None  # a mailbox that refuses mail refuses no link
