"""How many of the events of the last days a survey would have asked about."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.dispatcher.decisions.conditions import failed_comparisons
from services.dispatcher.decisions.domain import matches
from services.dispatcher.decisions.event_fields import EventFields
from services.dispatcher.decisions.explanation import decode_facts, decode_type
from services.dispatcher.decisions.repository import decisions as decision_rows
from shared.db import UnitOfWork
from shared.events.conditions import EVENT_FIELDS, Condition, comparisons
from shared.values.text import normalized_text

RECENT_DAYS = 7
MAX_EVENTS_COUNTED = 5_000
"""The newest of the recent events, by which pages and API say how many a survey would ask about."""
MAX_EVENTS_NAMED = 500
"""The newest of these, whose fields are named to an editor."""
MAX_FIELDS_NAMED = 200


@dataclass(frozen=True, kw_only=True)
class RecentEvents:
    """The newest events of the last days, of the segments that the reader may see."""

    facts: Sequence[bytes]
    since: datetime

    @property
    def all_counted(self) -> bool:
        """Whether these are all events since then."""
        return len(self.facts) < MAX_EVENTS_COUNTED


@dataclass(frozen=True, kw_only=True)
class RecentMatches:
    """What a survey would have done with the recent events."""

    events: int
    matched: int
    """Those that it would have asked about: of its type, and meeting its conditions."""
    of_type: int
    since: datetime
    all_counted: bool
    unknown_fields: tuple[str, ...]
    """Fields of its conditions that no recent event had, in their order; none where no event came."""


async def recent_events(uow: UnitOfWork, tenant: str, allowed: Sequence[str]) -> RecentEvents:
    """The newest events of the last days; ``allowed``: of these segments only, of all without any."""
    since = uow.now - timedelta(days=RECENT_DAYS)
    facts = await decision_rows.newest_facts(uow, tenant, allowed, since=since, limit=MAX_EVENTS_COUNTED)
    return RecentEvents(facts=facts, since=since)


async def count_matches(recent: RecentEvents, trigger: str, condition: Condition | None) -> RecentMatches:
    """What a survey with this trigger and these conditions would have done with the recent events.

    Counted in a thread: some thousand events take a while, in which other requests are answered.
    """
    return await asyncio.to_thread(_count, recent, normalized_text(trigger), condition)


async def fields_seen(recent: RecentEvents) -> list[str]:
    """The names of fields that can be compared: those of every event, then those that recent ones had."""
    return await asyncio.to_thread(_fields_seen, recent)


def _count(recent: RecentEvents, trigger: str, condition: Condition | None) -> RecentMatches:
    of_type = matched = 0
    unknown = dict.fromkeys(each.field or "" for each in comparisons(condition)) if condition else {}
    for facts in recent.facts:
        asks = matches(trigger, decode_type(facts))
        of_type += asks
        if condition is None:
            matched += asks
        elif asks or unknown:
            fields = EventFields(decode_facts(facts))
            matched += asks and not failed_comparisons(condition, fields)
            unknown = {name: None for name in unknown if fields.value(name) is None}
    return RecentMatches(
        events=len(recent.facts),
        matched=matched,
        of_type=of_type,
        since=recent.since,
        all_counted=recent.all_counted,
        unknown_fields=tuple(unknown) if recent.facts else (),
    )


def _fields_seen(recent: RecentEvents) -> list[str]:
    seen: set[str] = set()
    for facts in recent.facts[:MAX_EVENTS_NAMED]:
        seen.update(EventFields(decode_facts(facts)).names())
    return [*EVENT_FIELDS, *sorted(seen)[:MAX_FIELDS_NAMED]]
