"""Relational mails take the day of mails about events: what waits for the same day is not sent."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.decisions.contacts import ContactKey, quarantine_keys
from services.dispatcher.decisions.inputs import DecisionInputs
from services.dispatcher.decisions.quarantine import end_quarantine
from services.dispatcher.decisions.relational import RELATIONAL_FIRST
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
    senders, so none of them is waited for: what a sender has counts as sent.
    """
    waiting: dict[tuple[str, UUID], ContactKey] = {}
    for event, contact in asked:
        if inputs.may_ask_relationally(event):
            for key in quarantine_keys(contact):
                for each in inputs.asked.get((contact.tenant, key), ()):
                    if each.unsent_about is not None and each.measurement == "transactional":
                        waiting[contact.tenant, each.unsent_about] = contact
    if not waiting:
        return {}
    locked = {
        (row.tenant, row.event_id): read_invitation(row)
        for row in await rows.lock_waiting(uow, waiting.keys())
    }
    for (tenant, event_id), contact in waiting.items():
        if (tenant, event_id) not in locked:
            inputs.note_leaving(contact, {event_id})
    return locked


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
            await _drop(uow, contact, invitation)
            replaced.append((tenant, other, event_id))
    await rows.note(uow, replaced)


async def _drop(uow: UnitOfWork, contact: ContactKey, invitation: Invitation) -> None:
    await move_invitation(uow, contact.tenant, invitation, "dropped", reason=RELATIONAL_FIRST)
    await end_quarantine(uow, contact, invitation)
    await rows.drop_delivery(uow, contact.tenant, invitation.id)
