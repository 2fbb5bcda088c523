"""Erasure: decisions and invitations lose whose they are, and what only the customer's names would tell.

What is counted of them stays. A mail that waits is dropped, and keeps nobody else under its address from
being asked; one that is being sent is waited for.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from msgspec import json
from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.decisions.contacts import contact_of_invitation
from services.dispatcher.decisions.erased_names import kept_source_id, names_of
from services.dispatcher.decisions.explanation import decode_explanation, decode_facts, encode_facts
from services.dispatcher.decisions.quarantine import forget_asked
from services.dispatcher.decisions.repository import asked as asked_rows
from services.dispatcher.imports import repository as imports
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.replies.erasing import erase_case_mails
from services.dispatcher.repository import changes
from services.dispatcher.repository import erasing as rows
from services.dispatcher.repository.erasing import ERASED_REASON, ErasedDecision, ErasedInvitation
from services.dispatcher.sms import reply_repository
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import DECISIONS, INVITATIONS, TRANSACTIONS, Customer
from shared.events.envelope import record_key
from shared.privacy.erased import Target
from shared.privacy.subjects import Subject, erase_event


async def erase(uow: UnitOfWork, targets: Sequence[Target]) -> Collection[Target]:
    """Erase these customers; returns those for whom something is under way, who come again: a mail to them is
    being sent, or a file that their company has uploaded before is being read.

    Locks are taken in the order of the senders and of the decisions: deliveries, invitations, customers.
    """
    mailed = await erase_case_mails(uow, targets)
    deliveries = await rows.lock_deliveries(uow, targets)
    sending = {(row.tenant, row.about_id) for row in deliveries if row.state == "sending"}
    invitations = await rows.lock_invitations(uow, targets)
    customers = {(row.tenant, row.event_id): read_invitation(row).customer for row in invitations}
    under_way = _targets_of([row for row in invitations if (row.tenant, row.id) in sending], targets)
    settled = [row for row in invitations if (row.tenant, row.id) not in sending]
    await _erase_invitations(uow, settled)
    await _end_quarantines(uow, targets, [row for row in settled if row.state == "waiting"])
    await asked_rows.remove(uow, await rows.remove_customers(uow, targets))
    await rows.erase_suppressions(uow, targets)
    await rows.remove_preferences(uow, targets)
    await _erase_decisions(uow, targets, customers)
    await rows.erase_cases(uow, targets)
    await rows.remove_known(uow, targets)
    await rows.remove_counters(uow, targets)
    await rows.remove_profiles(uow, targets)
    await rows.erase_links(uow, targets)
    being_read = await imports.forget_before_erasure(uow, targets)
    under_way |= mailed | {target for target in targets if (target.tenant, target.id) in being_read}
    notify_changes(uow, [target.tenant for target in targets])
    return under_way


def _targets_of(invitations: Sequence[Row[Any]], targets: Sequence[Target]) -> set[Target]:
    subjects = [Subject(row.tenant, row.person, row.contact_key) for row in invitations]
    return {target for target in targets if any(target.covers(subject) for subject in subjects)}


async def _erase_invitations(uow: UnitOfWork, invitations: Sequence[Row[Any]]) -> None:
    """Write and publish the erased form of locked invitations; those that wait are dropped."""
    erased = []
    for row in {(row.tenant, row.id): row for row in invitations}.values():
        invitation = erase_event(read_invitation(row))
        if row.state == "waiting":
            invitation = replace(invitation, state="dropped", reason=ERASED_REASON)
        invitation = replace(invitation, version=row.version + 1)
        uow.publish(INVITATIONS, row.tenant, invitation)
        erased.append(
            ErasedInvitation(
                row.tenant,
                row.id,
                invitation.version,
                invitation.state,
                invitation.reason,
                invitation.customer.id,
                json.encode(invitation),
            )
        )
    if erased:
        await rows.drop_deliveries(uow, [(each.tenant, each.id) for each in erased])
        await changes.remove(uow, [(each.tenant, each.id) for each in erased])
        await reply_repository.remove_of(uow, [(each.tenant, each.id) for each in erased])
        await rows.write_invitations(uow, erased)


async def _end_quarantines(uow: UnitOfWork, targets: Sequence[Target], dropped: Sequence[Row[Any]]) -> None:
    """Let the mails that waited be as if they had never been to leave."""
    unsent = []
    for row in dropped:
        invitation = read_invitation(row)
        if not invitation.test:
            keys = {(row.tenant, key) for key in contact_of_invitation(row.tenant, invitation).keys}
            unsent.append((keys, invitation))
    if unsent:
        await rows.lock_customers(uow, targets, {key for keys, _ in unsent for key in keys})
        await forget_asked(uow, unsent)


async def _erase_decisions(
    uow: UnitOfWork, targets: Sequence[Target], customers: dict[tuple[str, UUID], Customer]
) -> None:
    """Write the erased form of decisions, and erase the records of their events.

    :param customers: those of the invitations that came of them.
    """
    erased = {}
    for row in await rows.lock_decisions(uow, targets):
        key = row.tenant, row.event_id
        facts = decode_facts(row.facts)
        names = names_of(customers.get(key, facts.customer), facts.customer.id, row.customer_id)
        source_id = kept_source_id(row.source_id, row.event_id, names)
        erased[key] = ErasedDecision(
            row.tenant,
            row.event_id,
            source_id,
            encode_facts(replace(erase_event(facts), id=source_id)),
            json.encode(replace(decode_explanation(row.grounds), ignored_id=None)),
        )
    if erased:
        await rows.write_decisions(uow, list(erased.values()))
    differing = {(row.tenant, row.event_id) for row in await rows.erase_differences(uow, targets)}
    for tenant, event_id in sorted({*erased, *differing}):
        uow.publish_tombstone(TRANSACTIONS.name, record_key(tenant, str(event_id)))
    for tenant, event_id in sorted(erased):
        uow.publish_tombstone(DECISIONS.name, record_key(tenant, str(event_id)))
