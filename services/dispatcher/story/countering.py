"""What counter-events did, on the pages of both events."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.contact_policies.policy_commands import find_policy
from services.dispatcher.decisions.counter_events import order_of
from services.dispatcher.decisions.domain import matches
from services.dispatcher.decisions.event_names import shown_event_id
from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.decisions.repository import counter_events as counter_rows
from services.dispatcher.story.steps import StoryStep
from services.dispatcher.suppressions import repository as suppression_rows
from services.dispatcher.suppressions.domain import BY_COUNTER_EVENT
from shared.db import UnitOfWork
from shared.events import Transaction, may_see
from shared.http.staff_auth import Staff
from shared.pages.language import spoken
from shared.privacy.persons import NOBODY
from shared.values.messages import Message, message


class OtherEvent(NamedTuple):
    """The counter-event, on the page of the event that it counters; on its own page that other one."""

    id: UUID
    name: str
    """By the back-end; empty: the reader may not see it, or it is not kept any more."""
    type: str
    until: datetime | None
    """Until when the mail is held; None: it is cancelled."""


_STEP_WORDS: dict[tuple[bool, bool, str], Message] = {
    (False, False, "cancel"): message("A counter-event cancelled the mail."),
    (False, False, "hold"): message("A counter-event lets the mail wait."),
    (False, True, "cancel"): message("A counter-event cancelled the reminder."),
    (False, True, "hold"): message("A counter-event lets the reminder wait."),
    (True, False, "cancel"): message("This counter-event cancelled a mail."),
    (True, False, "hold"): message("This counter-event lets a mail wait."),
    (True, True, "cancel"): message("This counter-event cancelled a reminder."),
    (True, True, "hold"): message("This counter-event lets a reminder wait."),
}
"""By whether it is the page of the counter-event, whether it was a reminder, and what was done."""


ENDED = message(
    "By this counter-event the customer is asked never again: they are on the list of suppressions."
)
FOUND_NOTHING = message("It is a counter-event; nothing of its order or its customer waited.")
NAMES_NO_ORDER = message(
    "By the rules of today it is a counter-event of its order, but it names none in attributes.order_id."
)


async def find_countered(
    uow: UnitOfWork, tenant: str, decision: Row[Any], facts: Transaction, reader: Staff
) -> list[StoryStep]:
    """What counter-events did to the mail about an event, and what it did as one, as a reader may see it."""
    event_id: UUID = decision.event_id
    rows = await counter_rows.list_countered(uow, tenant, event_id)
    steps = list(countered_steps(rows, event_id, reader))
    if await _has_ended(uow, tenant, decision, facts):
        steps.append(StoryStep("countered", decision.decided_at, spoken(ENDED)))
    if any(row.counter_id == event_id for row in rows):
        return steps
    if await counter_rows.is_counter(uow, tenant, event_id):
        return [*steps, StoryStep("countered", decision.decided_at, spoken(FOUND_NOTHING))]
    rules = (await find_policy(uow, tenant)).rules.counter_events
    of_orders = any(rule.scope == "order" and matches(rule.event_type, facts.type) for rule in rules)
    if of_orders and decision.person != NOBODY and order_of(facts.attributes) is None:
        steps.append(StoryStep("countered", decision.decided_at, spoken(NAMES_NO_ORDER)))
    return steps


async def _has_ended(uow: UnitOfWork, tenant: str, decision: Row[Any], facts: Transaction) -> bool:
    """Whether its customer is on the list of suppressions by an event of this type."""
    if decision.person == NOBODY:
        return False
    listed = await suppression_rows.find_matching(uow, [(tenant, "customer", decision.customer_id, False)])
    return any(row.who == f"{BY_COUNTER_EVENT} {facts.type}" for row in listed)


def countered_steps(rows: Sequence[Row[Any]], event_id: UUID, reader: Staff) -> Iterator[StoryStep]:
    """One step for each mail that was cancelled or held.

    :param event_id: whose page it is.
    """
    for row in rows:
        counters = row.counter_id == event_id
        other_id = row.event_id if counters else row.counter_id
        until = row.until if row.effect == "hold" else None
        yield StoryStep(
            "countered",
            row.at,
            spoken(_STEP_WORDS[counters, row.n > 1, row.effect]),
            other_event(row, other_id, until, reader),
        )


def other_event(row: Row[Any], event_id: UUID, until: datetime | None, reader: Staff) -> OtherEvent:
    """What a reader may see of another event.

    :param row: has its ``source_id``, ``facts`` (None: it is not kept any more) and ``segments``.
    """
    if row.facts is None or not may_see(reader.segments, row.segments):
        return OtherEvent(event_id, "", "", until)
    facts = decode_facts(row.facts)
    name = shown_event_id(facts.source, row.source_id, sees_names=reader.sees_names)
    return OtherEvent(event_id, name, facts.type, until)
