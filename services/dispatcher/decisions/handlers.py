"""Transactions become decisions, in order and in bulk: one event costs as many statements as a thousand."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from services.dispatcher.customers.domain import newest_profiles, profile_of_event
from services.dispatcher.customers.known_words import taken_from
from services.dispatcher.customers.repository import keep_profiles
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of
from services.dispatcher.decisions.counter_events import NOT_COUNTERED, Countered
from services.dispatcher.decisions.countering import (
    counter_waiting,
    countered_rows,
    counters_of,
    ends_for_good,
    silence,
)
from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.drawing import load_draws
from services.dispatcher.decisions.erased_names import kept_source_id, names_of
from services.dispatcher.decisions.explanation import explain
from services.dispatcher.decisions.inputs import DecisionInputs
from services.dispatcher.decisions.loading import (
    load_contacts,
    load_counters,
    load_erased,
    load_inputs,
    load_untouched,
    load_words,
)
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.publishing import publish_decisions
from services.dispatcher.decisions.quarantine import begin_quarantine, note_link
from services.dispatcher.decisions.rehearsing import rehearse
from services.dispatcher.decisions.replacing import (
    Replacing,
    Waiting,
    lock_replaced,
    replace_waiting,
)
from services.dispatcher.decisions.repository import counter_events as counter_rows
from services.dispatcher.decisions.repository import decisions as rows
from services.dispatcher.decisions.repository.decisions import NewDecision
from services.dispatcher.decisions.repository.known_customers import (
    KnownCustomer,
    keep_known,
    known_contact,
)
from services.dispatcher.decisions.values import Considered, Verdict
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.states import FIRST_MAIL, new_invitation, turn_of_mail
from services.dispatcher.rehearsals.counting import count_rehearsed
from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import find_sendings
from shared.conditions.event_fields import EventFields
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import INVITATIONS, TRANSACTIONS, Event, Transaction
from shared.events.envelope import record_key
from shared.events.segments import TOUCHPOINT
from shared.ids import uuid7
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import NO_DIGEST, Subject, erase_event
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
    countered: Countered = NOT_COUNTERED


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
    repeated = [each for each in candidates if each.identity in digests or firsts[each.identity] is not each]
    if undecided:
        # What happened first is decided first, so that the quarantine falls on the later one.
        undecided.sort(key=lambda each: (each.event.tenant, each.event.data.occurred_at, each.event_id))
        await _decide(context, policy, uow, undecided)
    if repeated:
        # Of what was decided just now the stored ones, too: an erased customer's is not kept.
        again = list({each.identity for each in repeated})
        digests = {(row.tenant, row.event_id): row.digest for row in await rows.find_digests(uow, again)}
        await _keep_differences(context, uow, repeated, digests)


async def _keep_differences(
    context: Context, uow: UnitOfWork, repeated: Sequence[Candidate], digests: Mapping[Identity, str]
) -> None:
    """Store what came once more with another content; of an erased customer nothing, not even the record."""
    sendings = await find_sendings(uow, sorted({each.event.tenant for each in repeated}))
    contacts = [
        contact_key_of(
            context.secret,
            each.event.tenant,
            each.event.data.customer,
            sendings.get(each.event.tenant, Sending()).placeholder_ids,
        )
        for each in repeated
    ]
    erased = await find_erased(uow, [contact.subject for contact in contacts])
    differing: dict[Identity, tuple[Transaction, Subject]] = {}
    customers: list[KnownCustomer] = []
    for each, contact in zip(repeated, contacts, strict=True):
        transaction = each.event.data
        if contact.subject not in erased and digests[each.identity] not in {NO_DIGEST, transaction.digest}:
            differing.setdefault(each.identity, (transaction, contact.subject))
            customers.append(
                known_contact(context.secret, contact, transaction.customer, transaction.accepted_at)
            )
    if differing:
        await rows.store_differences(uow, differing)
        await keep_known(uow, customers)
    pairs = zip(repeated, contacts, strict=True)
    _publish_tombstones(uow, {each.identity for each, contact in pairs if contact.subject in erased})


def _publish_tombstones(uow: UnitOfWork, identities: Collection[Identity]) -> None:
    """Erase what clients have sent of these events."""
    for tenant, event_id in sorted(identities):
        uow.publish_tombstone(TRANSACTIONS.name, record_key(tenant, str(event_id)))


async def _decide(
    context: Context, policy: ContactPolicy, uow: UnitOfWork, candidates: Sequence[Candidate]
) -> None:
    events = [candidate.event for candidate in candidates]
    inputs = await load_inputs(uow, policy, events, context.secret)
    contacts = [inputs.contact(event, context.secret) for event in events]
    await load_erased(uow, contacts, inputs)
    asked = [
        (event, contact)
        for event, contact in zip(events, contacts, strict=True)
        if inputs.is_asked_about(event) and not inputs.is_erased(contact)
    ]
    asked_contacts = [contact for _, contact in asked]
    locked = asked_contacts
    countering = [
        (contact, counter)
        for event, contact in zip(events, contacts, strict=True)
        for counter in counters_of(event, contact, inputs, uow.now)
    ]
    if countering:
        # Before the contacts are loaded: a mail that is cancelled gives its quarantine back.
        locked = [*asked_contacts, *(contact for contact, _ in countering)]
        await counter_waiting(uow, context.secret, [counter for _, counter in countering], locked, inputs)
        pairs = zip(events, contacts, strict=True)
        await silence(uow, [pair for pair in pairs if ends_for_good(*pair, inputs)])
    if asked:
        for_links = [contact for event, contact in asked if event.data.is_for_link]
        await load_contacts(uow, asked_contacts, inputs, for_links)
        await load_untouched(uow, events, inputs)
        await load_counters(uow, asked, inputs)
        await load_words(uow, asked, inputs)
        await load_draws(uow, asked, inputs)
    results, waiting = await _judge_batch(uow, candidates, contacts, locked, inputs)
    if await rows.insert(uow, [result.decision for result in results]) != len(results):
        raise DecisionCollision
    await keep_known(
        uow,
        [
            known_contact(context.secret, contact, event.data.customer, event.data.accepted_at)
            for event, contact in zip(events, contacts, strict=True)
            if not inputs.is_erased(contact)
        ],
    )
    profiles = [
        profile_of_event(contact, event.data, texts=event.tenant in inputs.texting_tenants)
        for event, contact in zip(events, contacts, strict=True)
        if not inputs.is_erased(contact)
    ]
    await keep_profiles(uow, newest_profiles(each for each in profiles if each is not None))
    await _invite(uow, results, waiting)
    await counter_rows.note(
        uow,
        [
            row
            for candidate, result in zip(candidates, results, strict=True)
            for row in countered_rows(*candidate.identity, result.verdict, result.countered)
        ],
    )
    _publish_tombstones(
        uow,
        [
            (result.decision.tenant, result.decision.event_id)
            for result in results
            if inputs.is_erased(result.contact)
        ],
    )
    await publish_decisions(uow, [result.decision for result in results])
    notify_changes(uow, [event.tenant for event in events])
    # The last rows to be locked: all workers that decide about a rehearsal wait for its one row.
    await count_rehearsed(
        uow,
        [
            (result.decision.tenant, result.decision.event_id, result.decision.explanation.rehearsed)
            for result in results
            if result.decision.explanation.rehearsed
        ],
        inputs.tenants,
    )


async def _judge_batch(
    uow: UnitOfWork,
    candidates: Sequence[Candidate],
    contacts: Sequence[ContactKey],
    locked: Sequence[ContactKey],
    inputs: DecisionInputs,
) -> tuple[list[DecisionResult], Waiting]:
    """Judge the events, and lock the mails that give way to them.

    What cannot be locked is about to be sent. It counts as sent, and the events are judged anew.

    :param locked: the contacts whose rows are locked: not those of whom no survey asks, nor erased ones.
    """
    decided = {candidate.identity for candidate in candidates}
    waiting: Waiting = {}
    while True:
        within = inputs.copy()
        results = [
            judge(candidate, contact, within, uow.now)
            for candidate, contact in zip(candidates, contacts, strict=True)
        ]
        replaced = {
            (result.decision.tenant, each.event_id) for result in results for each in result.verdict.replaces
        }
        missing = replaced - decided - waiting.keys()
        if missing:
            waiting |= await lock_replaced(uow, missing, locked)
        leaving = missing - waiting.keys()
        if not leaving:
            return results, waiting
        for tenant, event_id in leaving:
            inputs.note_leaving(tenant, {event_id})


def judge(candidate: Candidate, contact: ContactKey, inputs: DecisionInputs, now: datetime) -> DecisionResult:
    """Decide one event; what it starts counts for the contact's next one in the same batch."""
    event, mode = candidate.event, inputs.sending(candidate.event.tenant).mode
    person, invitation, language = None, None, None
    known = event.data.customer
    rehearsed: tuple[Considered, ...] = ()
    if inputs.is_paused(event.tenant):
        verdict = Verdict(reason="company_paused")
    elif inputs.knows(event.tenant):
        known = inputs.customer(event, contact)
        person = inputs.person(event, contact, known)
        surveys = inputs.surveys.get(event.tenant, ())
        decide_by = partial(
            decide,
            event_type=event.data.type,
            occurred_at=event.data.occurred_at,
            now=now,
            person=person,
            mode=mode,
            fields=EventFields(event.data),
            draws=lambda survey: inputs.draws(survey, contact, event.data),
            touchpoint=event.data.segments.get(TOUCHPOINT),
            delay_minutes=event.data.delay_minutes,
            test_of=event.data.test_of,
            wave_of=event.data.wave_of,
            link_of=event.data.link_of,
        )
        verdict = decide_by(surveys=surveys)
        if event.data.is_of_client and event.data.link_of is None and not person.is_tester:
            rehearsed = rehearse(surveys, event.data.type, lambda tried: decide_by(surveys=tried))
    else:
        verdict = Verdict(reason="unknown_tenant")
    contact = contact.asked_by(verdict.channel)
    if verdict.survey is not None:
        language = inputs.language(event.tenant, known, verdict.survey)
        customer = replace(event.data.customer, id=contact.customer_id)
        invitation = new_invitation(
            event.data, customer, contact, candidate.event_id, verdict, language, uuid7(), now
        )
    if verdict.starts_quarantine and invitation is not None:
        if verdict.replaces:
            inputs.note_replaced(contact.tenant, {each.event_id for each in verdict.replaces})
        inputs.note_invited(contact, invitation)
    explanation = explain(
        inputs.policy,
        verdict,
        contact,
        person,
        mode,
        language,
        event.data,
        company_policy_version=inputs.company_policy(event.tenant).version,
        rehearsed=rehearsed,
        from_profile=taken_from(event.data.customer, known),
    )
    transaction, is_erased = event.data, inputs.is_erased(contact)
    if is_erased:
        source_id = kept_source_id(transaction.id, candidate.event_id, names_of(transaction.customer))
        transaction = replace(erase_event(transaction), id=source_id)
        explanation = replace(explanation, ignored_id=None)
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
    return DecisionResult(
        decision, contact, verdict, person.countered if person is not None else NOT_COUNTERED
    )


async def _invite(uow: UnitOfWork, results: Sequence[DecisionResult], waiting: Waiting) -> None:
    """Store and publish the invitations, and begin the quarantines of those who will really be asked.

    :param waiting: the mails that may give way to these.
    """
    replacing = [
        Replacing(result.contact, result.decision.event_id, result.verdict)
        for result in results
        if result.verdict.replaces or result.verdict.relational_event_id is not None
    ]
    invitations = [
        (result.decision.tenant, result.decision.invitation)
        for result in results
        if result.decision.invitation is not None
    ]
    if not invitations:
        await replace_waiting(uow, replacing, waiting)
        return
    channels = [
        result.verdict.channel or "mail" for result in results if result.decision.invitation is not None
    ]
    if await invitation_rows.insert(uow, invitations, channels) != len(invitations):
        raise DecisionCollision
    await begin_quarantine(
        uow,
        [
            (result.contact, result.decision.invitation)
            for result in results
            if result.verdict.starts_quarantine and result.decision.invitation is not None
        ],
    )
    for result in results:
        invited = result.decision.invitation
        if invited is not None and result.verdict.hands_out_link and result.verdict.starts_quarantine:
            await note_link(uow, result.contact, turn_of_mail(invited.id, FIRST_MAIL))
    for tenant, invitation in invitations:
        uow.publish(INVITATIONS, tenant, invitation)
        waiting[tenant, invitation.event_id] = invitation
    await replace_waiting(uow, replacing, waiting)
