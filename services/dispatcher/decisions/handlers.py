"""Transactions become decisions, in order and in bulk: one event costs as many statements as a thousand."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.domain import Verdict, decide
from services.dispatcher.decisions.explanation import explain
from services.dispatcher.decisions.inputs import DecisionInputs, load_contacts, load_erased, load_inputs
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.quarantine import begin_quarantine
from services.dispatcher.decisions.repository import decisions as rows
from services.dispatcher.decisions.repository.decisions import NewDecision
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.states import new_invitation
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import INVITATIONS, TRANSACTIONS, Event, Transaction
from shared.events.envelope import record_key
from shared.ids import uuid7
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import erase_event, subject_of
from shared.service import Context

Identity = tuple[str, UUID]


class DecisionCollision(Exception):
    """Another transaction has stored a row of this batch meanwhile: the batch is judged anew."""


class Candidate(NamedTuple):
    """An event with its id, which costs a hash each time that it is computed."""

    event: Event[Transaction]
    event_id: UUID

    @property
    def identity(self) -> Identity:
        """The event's identity among those of all companies."""
        return self.event.tenant, self.event_id


class DecisionResult(NamedTuple):
    """A decision to be stored, with what decides about the quarantine."""

    decision: NewDecision
    contact: ContactKey
    verdict: Verdict


async def decide_transactions(
    context: Context, policy: ContactPolicy, uow: UnitOfWork, events: Sequence[Event[Transaction]]
) -> None:
    """Decide each event once; the first of an identity wins, another content is stored to be shown."""
    while True:
        try:
            async with uow.savepoint():
                await _decide_batch(context, policy, uow, events)
        except DecisionCollision:
            continue
        return


async def _decide_batch(
    context: Context, policy: ContactPolicy, uow: UnitOfWork, events: Sequence[Event[Transaction]]
) -> None:
    candidates = [Candidate(event, event.data.event_id) for event in events]
    firsts: dict[Identity, Candidate] = {}
    for candidate in candidates:
        firsts.setdefault(candidate.identity, candidate)
    digests = {(row.tenant, row.event_id): row.digest for row in await rows.find_digests(uow, list(firsts))}
    undecided = [candidate for identity, candidate in firsts.items() if identity not in digests]
    if undecided:
        # What happened first is decided first, so that the quarantine falls on the later one.
        undecided.sort(key=lambda each: (each.event.tenant, each.event.data.occurred_at, each.event_id))
        await _decide(context, policy, uow, undecided)
    known = [each for each in candidates if each.identity in digests]
    erased = await _erase_repeated(context, uow, known) if known else set()
    digests |= {each.identity: each.event.data.digest for each in undecided}
    differing: dict[Identity, Transaction] = {}
    for candidate in candidates:
        if candidate.event.data.digest != digests[candidate.identity] and candidate.identity not in erased:
            differing.setdefault(candidate.identity, candidate.event.data)
    if differing:
        await rows.store_differences(uow, differing)


async def _erase_repeated(context: Context, uow: UnitOfWork, repeated: Sequence[Candidate]) -> set[Identity]:
    """Erase the records of decided events that came once more and are of erased customers; returns which."""
    subjects = {each.identity: subject_of(context.secret, each.event) for each in repeated}
    erased = await find_erased(uow, (subject for subject in subjects.values() if subject is not None))
    identities = {identity for identity, subject in subjects.items() if subject in erased}
    _publish_tombstones(uow, identities)
    return identities


def _publish_tombstones(uow: UnitOfWork, identities: Collection[Identity]) -> None:
    """Erase what clients have sent of these events."""
    for tenant, event_id in sorted(identities):
        uow.publish_tombstone(TRANSACTIONS.name, record_key(tenant, str(event_id)))


async def _decide(
    context: Context, policy: ContactPolicy, uow: UnitOfWork, candidates: Sequence[Candidate]
) -> None:
    events = [candidate.event for candidate in candidates]
    inputs = await load_inputs(uow, policy, events)
    contacts = [inputs.contact(event, context.secret) for event in events]
    await load_erased(uow, contacts, inputs)
    asked = [contact for event, contact in zip(events, contacts, strict=True) if inputs.is_asked_about(event)]
    if asked:
        await load_contacts(uow, asked, inputs)
    results = [
        judge(candidate, contact, inputs, uow.now)
        for candidate, contact in zip(candidates, contacts, strict=True)
    ]
    if await rows.insert(uow, [result.decision for result in results]) != len(results):
        raise DecisionCollision
    await _invite(uow, results)
    _publish_tombstones(
        uow,
        [
            (result.decision.tenant, result.decision.event_id)
            for result in results
            if result.contact.subject in inputs.erased
        ],
    )
    notify_changes(uow, [event.tenant for event in events])


def judge(candidate: Candidate, contact: ContactKey, inputs: DecisionInputs, now: datetime) -> DecisionResult:
    """Decide one event; what it starts counts for the contact's next one in the same batch."""
    event, mode = candidate.event, inputs.sending(candidate.event.tenant).mode
    person, invitation, language = None, None, None
    if inputs.knows(event.tenant):
        person = inputs.person(event, contact)
        verdict = decide(
            event_type=event.data.type,
            occurred_at=event.data.occurred_at,
            now=now,
            surveys=inputs.surveys.get(event.tenant, ()),
            person=person,
            mode=mode,
        )
    else:
        verdict = Verdict(reason="unknown_tenant")
    if verdict.survey is not None:
        language = inputs.language(event, verdict.survey)
        customer = replace(event.data.customer, id=contact.customer_id)
        invitation = new_invitation(
            event.data, customer, contact, candidate.event_id, verdict, language, uuid7(), now
        )
    if verdict.starts_quarantine and verdict.due_at is not None:
        inputs.note_invited(contact, verdict.due_at)
    explanation = explain(inputs.policy, verdict, contact, person, mode, language)
    transaction, is_erased = event.data, contact.subject in inputs.erased
    if is_erased:
        transaction, explanation = erase_event(transaction), replace(explanation, ignored_id=None)
    decision = NewDecision(
        event.tenant,
        candidate.event_id,
        transaction,
        NOBODY if is_erased else contact.customer_id,
        NOBODY if is_erased else contact.person,
        None if is_erased else contact.address,
        verdict.reason,
        explanation,
        invitation,
    )
    return DecisionResult(decision, contact, verdict)


async def _invite(uow: UnitOfWork, results: Sequence[DecisionResult]) -> None:
    """Store and publish the invitations, and begin the quarantines of those who will really be asked."""
    invitations = [
        (result.decision.tenant, result.decision.invitation)
        for result in results
        if result.decision.invitation is not None
    ]
    if not invitations:
        return
    if await invitation_rows.insert(uow, invitations) != len(invitations):
        raise DecisionCollision
    await begin_quarantine(
        uow,
        [
            (result.contact, result.verdict.due_at)
            for result in results
            if result.verdict.starts_quarantine and result.verdict.due_at is not None
        ],
    )
    for tenant, invitation in invitations:
        uow.publish(INVITATIONS, tenant, invitation)
