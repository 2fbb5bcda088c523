"""Relational mails take the day of mails about events: what waits for the same day is not sent."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.decisions.contacts import ContactKey, contact_of_invitation, quarantine_keys
from services.dispatcher.decisions.inputs import DecisionInputs
from services.dispatcher.decisions.quarantine import end_quarantine
from services.dispatcher.decisions.relational import RELATIONAL_FIRST
from services.dispatcher.decisions.repository import contacts as contact_rows
from services.dispatcher.decisions.repository import replaced as rows
from services.dispatcher.decisions.values import Verdict
from services.dispatcher.invitations.states import move_invitation, read_invitation
from shared.db import UnitOfWork
from shared.events import Event, Invitation, Transaction

Waiting = dict[tuple[str, UUID], Invitation]
"""By tenant and event: what waits, locked, so that no sender takes it before the decision is made."""


class Replacing(NamedTuple):
    """A decision by which a relational mail may take the day of others, or stands before this one."""

    contact: ContactKey
    event_id: UUID
    verdict: Verdict


async def lock_replaceable(
    uow: UnitOfWork, asked: Sequence[tuple[Event[Transaction], ContactKey]], inputs: DecisionInputs
) -> Waiting:
    """Lock what waits for the contacts whom a relational survey may ask.

    The contacts' rows are locked. Deliveries and invitations are locked behind them, against the order of the
    senders, and so is a row under which a mail is kept besides: of the same person's other address, or of
    another person who has this address. So none of them is waited for: what another transaction has counts as
    sent.
    """
    waiting: set[tuple[str, UUID]] = set()
    for event, contact in asked:
        if inputs.may_ask_relationally(event):
            for key in quarantine_keys(contact):
                for each in inputs.asked.get((contact.tenant, key), ()):
                    if each.unsent_about is not None and each.measurement == "transactional":
                        waiting.add((contact.tenant, each.unsent_about))
    if not waiting:
        return {}
    locked = {
        (row.tenant, row.event_id): read_invitation(row) for row in await rows.lock_waiting(uow, waiting)
    }
    held = {(contact.tenant, key) for _, contact in asked for key in contact.keys}
    if more := {key for mail, invitation in locked.items() for key in _kept_under(mail, invitation)} - held:
        held |= await contact_rows.lock_more(uow, more)
    replaceable = {mail: each for mail, each in locked.items() if _kept_under(mail, each) <= held}
    for tenant, event_id in waiting - replaceable.keys():
        inputs.note_leaving(tenant, {event_id})
    return replaceable


def _kept_under(mail: tuple[str, UUID], invitation: Invitation) -> set[tuple[str, str]]:
    """The rows under which it is kept that the contact was asked."""
    contact = contact_of_invitation(mail[0], invitation)
    return {(contact.tenant, key) for key in contact.keys}


async def replace_waiting(uow: UnitOfWork, decided: Sequence[Replacing], waiting: Waiting) -> None:
    """End the mails whose day a relational one took, and let the pages of both events name the other.

    :param waiting: those that waited before, locked, and those that were decided just now.
    """
    replaced: list[tuple[str, UUID, UUID]] = []
    for contact, event_id, verdict in decided:
        tenant = contact.tenant
        if verdict.relational_event_id is not None:
            replaced.append((tenant, event_id, verdict.relational_event_id))
        for other in verdict.replaces:
            invitation = waiting[tenant, other]
            await _drop(uow, tenant, invitation)
            replaced.append((tenant, other, event_id))
    await rows.note(uow, replaced)


async def _drop(uow: UnitOfWork, tenant: str, invitation: Invitation) -> None:
    await move_invitation(uow, tenant, invitation, "dropped", reason=RELATIONAL_FIRST)
    await end_quarantine(uow, contact_of_invitation(tenant, invitation), invitation)
    await rows.drop_delivery(uow, tenant, invitation.id)
