"""What a decision does to the mails that wait and give way to it: they are not sent."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.decisions.contacts import ContactKey, quarantine_keys
from services.dispatcher.decisions.inputs import DecisionInputs
from services.dispatcher.decisions.quarantine import end_quarantine
from services.dispatcher.decisions.relational import RELATIONAL_FIRST
from services.dispatcher.decisions.repository import replaced as rows
from services.dispatcher.decisions.repository.replaced import ReplacedRow
from services.dispatcher.decisions.values import ReplacedReason, Verdict
from services.dispatcher.invitations.states import move_invitation, read_invitation
from shared.db import UnitOfWork
from shared.events import Event, Invitation, Transaction

Waiting = dict[tuple[str, UUID], Invitation]
"""By tenant and event: what waits, locked, so that no sender takes it before the decision is made."""


class Replacing(NamedTuple):
    """A decision to which mails that wait give way, or that gives way to a relational one."""

    contact: ContactKey
    event_id: UUID
    verdict: Verdict


async def lock_replaceable(
    uow: UnitOfWork, asked: Sequence[tuple[Event[Transaction], ContactKey]], inputs: DecisionInputs
) -> Waiting:
    """Lock what waits for these contacts and may have to give way to a mail about these events.

    The contacts' rows are locked. Deliveries and invitations are locked behind them, against the order of the
    senders, so none of them is waited for: what a sender has counts as sent.
    """
    waiting: dict[tuple[str, UUID], ContactKey] = {}
    for event, contact in asked:
        for key in quarantine_keys(contact):
            for each in inputs.asked.get((contact.tenant, key), ()):
                if each.unsent_about is not None and inputs.may_give_way(each, event):
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
    """End the mails that give way to others, and let the pages of both events name the other.

    :param waiting: those that waited before, locked, and those that were decided just now.
    """
    replaced: list[ReplacedRow] = []
    for contact, event_id, verdict in decided:
        tenant = contact.tenant
        if verdict.relational_event_id is not None:
            replaced.append(ReplacedRow(tenant, event_id, verdict.relational_event_id, RELATIONAL_FIRST))
        for other, reason in verdict.replaces:
            await _drop(uow, contact, waiting[tenant, other], reason)
            replaced.append(ReplacedRow(tenant, other, event_id, reason))
    await rows.note(uow, replaced)


async def _drop(uow: UnitOfWork, contact: ContactKey, invitation: Invitation, reason: ReplacedReason) -> None:
    await move_invitation(uow, contact.tenant, invitation, "dropped", reason=reason)
    await end_quarantine(uow, contact, invitation)
    await rows.drop_delivery(uow, contact.tenant, invitation.id, reason)
