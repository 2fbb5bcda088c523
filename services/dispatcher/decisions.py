"""Transactions become decisions, in order and in bulk: one event costs as many statements as a thousand."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import json

from services.dispatcher.domain import Verdict, decide
from services.dispatcher.grounds import Grounds, facts_of, grounds_of
from services.dispatcher.invitations import invitation_of
from services.dispatcher.repository import decisions as rows
from services.dispatcher.repository import invitations as invitation_rows
from services.dispatcher.surroundings import Surroundings, look_around
from shared.db import UnitOfWork
from shared.events import INVITATIONS, Event, Invitation, Transaction, segments_of
from shared.events.newest import first
from shared.ids import uuid7

Identity = tuple[str, UUID]


class Collision(Exception):
    """Another transaction has decided an event of this batch while we did: look again."""


class Decided(NamedTuple):
    """One event with all that came of it."""

    event: Event[Transaction]
    verdict: Verdict
    grounds: Grounds
    invitation: Invitation | None


class Decider:
    """Handles transactions. ``secret`` makes the keyed hashes by which addresses are suppressed."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def handle(self, uow: UnitOfWork, events: Sequence[Event[Transaction]]) -> None:
        """Decide each event once; the first of an identity wins, another content is kept to be shown."""
        while True:
            try:
                async with uow.savepoint():
                    await self._handle(uow, events)
            except Collision:
                continue
            return

    async def _handle(self, uow: UnitOfWork, events: Sequence[Event[Transaction]]) -> None:
        firsts = first(events, lambda transaction: transaction.event_id)
        digests = {_identity(event): event.data.digest for event in firsts}
        known = {
            (row.tenant, row.event_id): row.digest
            for row in await rows.known(
                uow, [tenant for tenant, _ in digests], [event_id for _, event_id in digests]
            )
        }
        fresh = [event for event in firsts if _identity(event) not in known]
        if fresh:
            # What happened first is decided first, so that the quarantine falls on the later one.
            fresh.sort(key=lambda event: (event.tenant, event.data.occurred_at, event.data.event_id))
            await self._decide(uow, fresh)
        await _keep_differences(uow, events, digests | known)

    async def _decide(self, uow: UnitOfWork, fresh: Sequence[Event[Transaction]]) -> None:
        around = await look_around(uow, fresh, self._secret)
        decided = [judge(event, around, uow.now) for event in fresh]
        written = await rows.insert(
            uow,
            {
                "tenant": [event.tenant for event, *_ in decided],
                "event_id": [event.data.event_id for event, *_ in decided],
                "source": [event.data.source for event, *_ in decided],
                "source_id": [event.data.id for event, *_ in decided],
                "customer_id": [event.data.customer.id for event, *_ in decided],
                "digest": [event.data.digest for event, *_ in decided],
                "reason": [each.verdict.reason for each in decided],
                "survey_id": [each.verdict.survey and each.verdict.survey.id for each in decided],
                "invitation_id": [each.invitation and each.invitation.id for each in decided],
                "facts": [facts_of(event.data) for event, *_ in decided],
                "grounds": [json.encode(each.grounds) for each in decided],
            },
            [joined_segments(event.data) for event, *_ in decided],
        )
        if written != len(decided):
            raise Collision
        await _invite(uow, [(each, each.invitation) for each in decided if each.invitation is not None])


def judge(event: Event[Transaction], around: Surroundings, now: datetime) -> Decided:
    """Decide one event; what it starts counts for the customer's next one in the same batch."""
    if not around.knows(event.tenant):
        verdict = Verdict(reason="unknown_tenant")
        return Decided(event, verdict, grounds_of(verdict, None, around.mode(event.tenant), None), None)
    person = around.person(event)
    verdict = decide(
        event_type=event.data.type,
        occurred_at=event.data.occurred_at,
        now=now,
        surveys=around.surveys.get(event.tenant, ()),
        person=person,
        mode=around.mode(event.tenant),
    )
    invitation = None
    if verdict.survey is not None:
        invitation = invitation_of(event, verdict, around.language(event, verdict.survey), uuid7(), now)
    if verdict.starts_quarantine and verdict.due_at is not None:
        around.note_invited(event, verdict.due_at)
    language = invitation.language if invitation is not None else None
    return Decided(
        event, verdict, grounds_of(verdict, person, around.mode(event.tenant), language), invitation
    )


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
            "tenant": [each.event.tenant for each, _ in invited],
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
    begun = {
        (each.event.tenant, invitation.customer.id): invitation.due_at
        for each, invitation in invited
        if each.verdict.starts_quarantine
    }
    if begun:
        await rows.note_invited(uow, [(*customer, due_at) for customer, due_at in begun.items()])
    for each, invitation in invited:
        uow.publish(INVITATIONS, each.event.tenant, invitation)


async def _keep_differences(
    uow: UnitOfWork, events: Sequence[Event[Transaction]], digests: dict[Identity, str]
) -> None:
    different: dict[Identity, Transaction] = {}
    for event in events:
        if event.data.digest != digests[_identity(event)]:
            different.setdefault(_identity(event), event.data)
    if different:
        await rows.keep_differences(
            uow,
            [tenant for tenant, _ in different],
            [event_id for _, event_id in different],
            [facts_of(transaction) for transaction in different.values()],
        )


def _identity(event: Event[Transaction]) -> Identity:
    return event.tenant, event.data.event_id
