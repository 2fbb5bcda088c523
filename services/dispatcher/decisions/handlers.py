"""Transactions become decisions, in order and in bulk: one event costs as many statements as a thousand."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import json

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.domain import Verdict, decide
from services.dispatcher.decisions.explanation import Explanation, encode_facts, explain
from services.dispatcher.decisions.handlers import quarantine
from services.dispatcher.decisions.handlers import repository as rows
from services.dispatcher.decisions.inputs import DecisionInputs, load_contacts, load_inputs
from services.dispatcher.invitations.states import new_invitation
from services.dispatcher.invitations.states import repository as invitation_rows
from shared.db import UnitOfWork
from shared.events import INVITATIONS, Event, Invitation, Transaction, segments_of
from shared.ids import uuid7
from shared.service import Context

Identity = tuple[str, UUID]


class Collision(Exception):
    """Another transaction has decided an event of this batch while we did: look again."""


class Heard(NamedTuple):
    """An event with its identity, which costs a hash each time that it is asked for."""

    event: Event[Transaction]
    event_id: UUID

    @property
    def identity(self) -> Identity:
        """The event's identity among all companies."""
        return self.event.tenant, self.event_id


class Decided(NamedTuple):
    """One event with all that came of it."""

    heard: Heard
    contact: ContactKey
    verdict: Verdict
    grounds: Explanation
    invitation: Invitation | None


async def decide_transactions(
    context: Context, uow: UnitOfWork, events: Sequence[Event[Transaction]]
) -> None:
    """Decide each event once; the first of an identity wins, another content is kept to be shown."""
    while True:
        try:
            async with uow.savepoint():
                await _decide_batch(context, uow, events)
        except Collision:
            continue
        return


async def _decide_batch(context: Context, uow: UnitOfWork, events: Sequence[Event[Transaction]]) -> None:
    heard = [Heard(event, event.data.event_id) for event in events]
    firsts: dict[Identity, Heard] = {}
    for each in heard:
        firsts.setdefault(each.identity, each)
    known = {
        (row.tenant, row.event_id): row.digest
        for row in await rows.known(
            uow, [tenant for tenant, _ in firsts], [event_id for _, event_id in firsts]
        )
    }
    fresh = [each for identity, each in firsts.items() if identity not in known]
    if fresh:
        # What happened first is decided first, so that the quarantine falls on the later one.
        fresh.sort(key=lambda each: (each.event.tenant, each.event.data.occurred_at, each.event_id))
        await _decide(context, uow, fresh)
    digests = known | {each.identity: each.event.data.digest for each in fresh}
    await _keep_differences(uow, heard, digests)


async def _decide(context: Context, uow: UnitOfWork, fresh: Sequence[Heard]) -> None:
    events = [each.event for each in fresh]
    around = await load_inputs(uow, events)
    contacts = [around.contact(event, context.secret) for event in events]
    asked = [contact for event, contact in zip(events, contacts, strict=True) if around.asks(event)]
    if asked:
        await load_contacts(uow, asked, around)
    decided = [judge(each, contact, around, uow.now) for each, contact in zip(fresh, contacts, strict=True)]
    written = await rows.insert(
        uow,
        {
            "tenant": [event.tenant for event in events],
            "event_id": [each.event_id for each in fresh],
            "source": [event.data.source for event in events],
            "source_id": [event.data.id for event in events],
            "customer_id": [contact.customer_id for contact in contacts],
            "digest": [event.data.digest for event in events],
            "reason": [each.verdict.reason for each in decided],
            "survey_id": [each.verdict.survey and each.verdict.survey.id for each in decided],
            "invitation_id": [each.invitation and each.invitation.id for each in decided],
            "facts": [encode_facts(event.data) for event in events],
            "grounds": [json.encode(each.grounds) for each in decided],
        },
        [joined_segments(event.data) for event in events],
    )
    if written != len(decided):
        raise Collision
    await _invite(uow, [(each, each.invitation) for each in decided if each.invitation is not None])


def judge(heard: Heard, contact: ContactKey, around: DecisionInputs, now: datetime) -> Decided:
    """Decide one event; what it starts counts for the contact's next one in the same batch."""
    event = heard.event
    if not around.knows(event.tenant):
        verdict = Verdict(reason="unknown_tenant")
        grounds = explain(verdict, contact, None, around.mode(event.tenant), None)
        return Decided(heard, contact, verdict, grounds, None)
    person = around.person(event, contact)
    verdict = decide(
        event_type=event.data.type,
        occurred_at=event.data.occurred_at,
        now=now,
        surveys=around.surveys.get(event.tenant, ()),
        person=person,
        mode=around.mode(event.tenant),
    )
    invitation, language = None, None
    if verdict.survey is not None:
        language = around.language(event, verdict.survey)
        customer = msgspec.structs.replace(event.data.customer, id=contact.customer_id)
        invitation = new_invitation(
            event.data, customer, contact.address, heard.event_id, verdict, language, uuid7(), now
        )
    if verdict.starts_quarantine and verdict.due_at is not None:
        around.note_invited(contact, verdict.due_at)
    grounds = explain(verdict, contact, person, around.mode(event.tenant), language)
    return Decided(heard, contact, verdict, grounds, invitation)


def joined_segments(transaction: Transaction) -> str:
    """Its segments but the company, in the one text that a list of lists can be handed over as."""
    return "\x1f".join(segment.replace("\x1f", " ") for segment in segments_of(transaction)[1:])


async def _invite(uow: UnitOfWork, invited: Sequence[tuple[Decided, Invitation]]) -> None:
    """Write and say the invitations, and begin the quarantines of those who will really be asked."""
    if not invited:
        return
    await invitation_rows.insert(
        uow,
        {
            "tenant": [each.heard.event.tenant for each, _ in invited],
            "id": [invitation.id for _, invitation in invited],
            "event_id": [invitation.event_id for _, invitation in invited],
            "customer_id": [invitation.customer.id for _, invitation in invited],
            "survey_id": [invitation.survey_id for _, invitation in invited],
            "state": [invitation.state for _, invitation in invited],
            "test": [invitation.test for _, invitation in invited],
            "next_at": [invitation.due_at for _, invitation in invited],
            "body": [json.encode(invitation) for _, invitation in invited],
        },
    )
    await quarantine.begin_quarantine(
        uow,
        [(each.contact, invitation.due_at) for each, invitation in invited if each.verdict.starts_quarantine],
    )
    for each, invitation in invited:
        uow.publish(INVITATIONS, each.heard.event.tenant, invitation)


async def _keep_differences(uow: UnitOfWork, heard: Sequence[Heard], digests: dict[Identity, str]) -> None:
    different: dict[Identity, Transaction] = {}
    for each in heard:
        if each.event.data.digest != digests[each.identity]:
            different.setdefault(each.identity, each.event.data)
    if different:
        await rows.keep_differences(
            uow,
            [tenant for tenant, _ in different],
            [event_id for _, event_id in different],
            [encode_facts(transaction) for transaction in different.values()],
        )
