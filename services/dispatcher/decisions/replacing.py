"""What a decision does to the mails that wait and give way to it: they are not sent."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.decisions.contacts import ContactKey, contact_of_invitation
from services.dispatcher.decisions.quarantine import end_quarantine
from services.dispatcher.decisions.relational import RELATIONAL_FIRST
from services.dispatcher.decisions.repository import contacts as contact_rows
from services.dispatcher.decisions.repository import replaced as rows
from services.dispatcher.decisions.repository.replaced import ReplacedRow
from services.dispatcher.decisions.values import ReplacedReason, Verdict
from services.dispatcher.invitations.states import move_invitation, read_invitation
from shared.db import UnitOfWork
from shared.events import Invitation

Waiting = dict[tuple[str, UUID], Invitation]
"""By tenant and event: what waits, locked, so that no sender takes it before the decision is made."""


class Replacing(NamedTuple):
    """A decision to which mails that wait give way, or that gives way to a relational one."""

    contact: ContactKey
    event_id: UUID
    verdict: Verdict


async def lock_replaced(
    uow: UnitOfWork, mails: Collection[tuple[str, UUID]], locked_contacts: Sequence[ContactKey]
) -> Waiting:
    """Lock those of the mails about these (tenant, event id) that still wait and that nobody else has locked.

    Deliveries and invitations are locked behind the contacts, against the order of the senders, and so is a
    row under which a mail is kept besides: of the same person's other address, or of another person who has
    this address. So none of them is waited for.

    :param locked_contacts: those whose rows this transaction has locked, and no others.
    """
    locked = {(row.tenant, row.event_id): read_invitation(row) for row in await rows.lock_waiting(uow, mails)}
    held = {(contact.tenant, key) for contact in locked_contacts for key in contact.keys}
    if more := {key for mail, invitation in locked.items() for key in _kept_under(mail, invitation)} - held:
        held |= await contact_rows.lock_more(uow, more)
    return {mail: each for mail, each in locked.items() if _kept_under(mail, each) <= held}


def _kept_under(mail: tuple[str, UUID], invitation: Invitation) -> set[tuple[str, str]]:
    """The rows under which it is kept that the contact was asked."""
    contact = contact_of_invitation(mail[0], invitation)
    return {(contact.tenant, key) for key in contact.keys}


async def replace_waiting(uow: UnitOfWork, decided: Sequence[Replacing], waiting: Waiting) -> None:
    """End the mails that give way to others, and let the pages of both events name the other.

    :param waiting: those that waited before, locked, and those that were decided just now.
    """
    replaced: list[ReplacedRow] = []
    for contact, event_id, verdict in decided:
        tenant = contact.tenant
        if verdict.relational_event_id is not None:
            replaced.append(ReplacedRow(tenant, event_id, verdict.relational_event_id, RELATIONAL_FIRST))
        for other, reason in verdict.replaces:
            await _drop(uow, tenant, waiting[tenant, other], reason)
            replaced.append(ReplacedRow(tenant, other, event_id, reason))
    await rows.note(uow, replaced)


async def _drop(uow: UnitOfWork, tenant: str, invitation: Invitation, reason: ReplacedReason) -> None:
    await move_invitation(uow, tenant, invitation, "dropped", reason=reason)
    await end_quarantine(uow, contact_of_invitation(tenant, invitation), invitation)
    await rows.drop_delivery(uow, tenant, invitation.id, reason)
