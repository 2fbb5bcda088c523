"""Counter-events: after a refund or a complaint it would be wrong to ask about what happened before it. Pure.

A counter-event counters what happened before it, whenever that comes, and what waits when it comes. One that
holds the mails to its customer holds each until its time is over, whenever its event happened. Where one
cancels and another holds, the mail is cancelled. A wave and a programme ask about nothing that the customer
did, so what is about the customer counters them at any time after it, too. A survey may ask about a
counter-event itself; about one that cancels all mails to its customer only where its trigger names that type
exactly.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw, UnsetType

from services.dispatcher.decisions.contacts import ContactKey
from shared.events import Transaction
from shared.events.contact_policies import CounterEffect, CounterEvent, CounterScope
from shared.privacy.persons import NOBODY
from shared.values.customer_ids import is_placeholder_id
from shared.values.text import normalized_text

MAX_ORDER_LENGTH = 200


class RememberedCounter(NamedTuple):
    """What one event does to the mails of its order, or to those of its customer."""

    tenant: str
    event_id: UUID
    scope: CounterScope
    effect: CounterEffect
    occurred_at: datetime
    known_at: datetime
    """When it was consumed."""
    hold_until: datetime | None
    order_id: str | None
    person: str
    contact: str | None
    """The keyed hash of the customer's address."""


class Asking(NamedTuple):
    """The event that a mail asks about, or would."""

    tenant: str
    event_id: UUID
    occurred_at: datetime
    order_id: str | None
    person: str
    contact: str | None
    decided_at: datetime | None = None
    """Since when its mail waits; None: it is being decided."""
    one_of_several: bool = False
    """Whether several people share the id: what names another address of it is about somebody else."""
    of_wave: bool = False
    """Whether it asks in a wave, in a programme or after a case, and so about nothing that happened."""


def asking_about(tenant: str, transaction: Transaction, contact: ContactKey) -> Asking:
    """An event that is being decided, as counter-events see it."""
    return Asking(
        tenant,
        transaction.event_id,
        transaction.occurred_at,
        order_of(transaction.attributes),
        contact.person,
        contact.address,
        one_of_several=contact.is_one_of_several,
        of_wave=transaction.wave_of is not None,
    )


class Countered(msgspec.Struct, frozen=True, kw_only=True):
    """What counter-events do to one mail; each is named by its event."""

    cancelled_by: UUID | None = None
    """The first that cancels it."""
    held_by: UUID | None = None
    held_until: datetime | None = None
    """The latest time until which one holds it."""
    cancels_itself: bool = False
    """Whether the event is a counter-event that cancels all mails to its customer."""


NOT_COUNTERED = Countered()


def strongest(rules: Iterable[CounterEvent]) -> dict[CounterScope, CounterEvent]:
    """Of rules that one event meets the one of each scope that does most."""
    found: dict[CounterScope, CounterEvent] = {}
    for rule in rules:
        if rule.scope not in found or _strength(rule) > _strength(found[rule.scope]):
            found[rule.scope] = rule
    return found


def _strength(rule: CounterEvent) -> tuple[bool, int]:
    return rule.effect == "cancel", rule.hold_hours or 0


def ends_by(matching: Iterable[CounterEvent]) -> bool:
    """Whether by the rules that are about its type an event ends all questions to its customer for good."""
    return any(rule.for_good for rule in matching)


def counters_by(
    matching: Iterable[CounterEvent],
    tenant: str,
    transaction: Transaction,
    contact: ContactKey,
    now: datetime,
) -> list[RememberedCounter]:
    """What an event does by the rules that are about its type: one thing in each scope that it can name."""
    found = strongest(matching)
    order_id = order_of(transaction.attributes) if "order" in found else None
    return [
        RememberedCounter(
            tenant,
            transaction.event_id,
            scope,
            rule.effect,
            transaction.occurred_at,
            now,
            transaction.occurred_at + timedelta(hours=rule.hold_hours or 0)
            if rule.effect == "hold"
            else None,
            order_id if scope == "order" else None,
            contact.person,
            contact.address,
        )
        for scope, rule in found.items()
        if scope == "customer" or order_id is not None
    ]


def counters(counter: RememberedCounter, asking: Asking) -> bool:
    """Whether this counter-event is about this mail."""
    if counter.tenant != asking.tenant or counter.event_id == asking.event_id:
        return False
    waited = asking.decided_at is not None and asking.decided_at < counter.known_at
    about_anything = counter.scope == "customer" and (asking.of_wave or counter.effect == "hold")
    if asking.occurred_at > counter.occurred_at and not (waited or about_anything):
        return False
    if counter.scope == "order":
        return counter.order_id is not None and counter.order_id == asking.order_id
    by_id = not asking.one_of_several or counter.contact is None
    same_person = by_id and counter.person != NOBODY and counter.person == asking.person
    return same_person or (counter.contact is not None and counter.contact == asking.contact)


class CounterIndex:
    """Counter-events by the order, the person and the address that they are about."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[RememberedCounter]] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, counter: RememberedCounter) -> None:
        """Let this one be found by the mails that it may be about."""
        for name in _names_in(counter):
            self._found.setdefault(name, []).append(counter)

    def about(self, asking: Asking) -> set[RememberedCounter]:
        """Those that may be about this mail."""
        return {each for name in _names_in(asking) for each in self._found.get(name, ())}


def _names_in(about: RememberedCounter | Asking) -> list[tuple[str, str, str]]:
    named = (("order", about.order_id), ("person", about.person or None), ("contact", about.contact))
    return [(about.tenant, kind, name) for kind, name in named if name is not None]


def judge_counters(known: Collection[RememberedCounter], asking: Asking) -> Countered:
    """What all counter-events that are known do to this mail."""
    ours = [each for each in known if counters(each, asking)]
    cancelling = [(each.occurred_at, each.event_id) for each in ours if each.effect == "cancel"]
    holding = [(each.hold_until, each.event_id) for each in ours if each.hold_until is not None]
    held_until, held_by = max(holding, default=(None, None))
    return Countered(
        cancelled_by=min(cancelling)[1] if cancelling else None,
        held_by=held_by,
        held_until=held_until,
        cancels_itself=any(_is_own_cancel(each, asking) for each in known),
    )


def _is_own_cancel(counter: RememberedCounter, asking: Asking) -> bool:
    is_own = (counter.tenant, counter.event_id) == (asking.tenant, asking.event_id)
    return is_own and counter.scope == "customer" and counter.effect == "cancel"


def order_of(attributes: Raw | UnsetType) -> str | None:
    """The order that an event names in ``attributes.order_id``: a text or a whole number.

    What stands for nothing (``0``, ``null``, ``unknown`` …) names none, or it would be the order of many.
    """
    if attributes is UNSET or b"order_id" not in bytes(attributes):
        return None
    try:
        named = _decoder.decode(attributes).order_id
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    text = normalized_text("" if named is None else str(named))
    return text if 0 < len(text) <= MAX_ORDER_LENGTH and not is_placeholder_id(text) else None


class _OrderAttributes(msgspec.Struct):
    order_id: str | int | None = None


_decoder = msgspec.json.Decoder(_OrderAttributes)
