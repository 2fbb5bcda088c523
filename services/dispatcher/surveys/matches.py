"""How many of the events of the last days a survey would have asked about."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.dispatcher.decisions.domain import matches
from services.dispatcher.decisions.explanation import decode_facts, decode_type
from services.dispatcher.decisions.repository import decisions as decision_rows
from shared.conditions.event_fields import EventFields
from shared.conditions.judging import failed_comparisons
from shared.db.database import Database
from shared.events.conditions import EVENT_FIELDS, Condition, comparisons
from shared.values.text import normalized_text

RECENT_DAYS = 7
MAX_EVENTS_COUNTED = 5_000
"""The newest of the recent events, by which pages and API say how many a survey would ask about."""
MAX_EVENTS_NAMED = 500
"""The newest of these, whose fields are named to an editor."""
MAX_FIELDS_NAMED = 200
EVENTS_AT_ONCE = 100
"""So many are held at a time: an event's attributes may have 64 KiB."""
_LAST_ID = UUID(int=2**128 - 1)


@dataclass(frozen=True, kw_only=True)
class RecentMatches:
    """What a survey would have done with the newest events of the last days: clients' events, not our own."""

    events: int
    matched: int
    """Those that it would have asked about: of its type, and meeting its conditions."""
    of_type: int
    since: datetime
    all_counted: bool
    """Whether these are all events since then."""
    unknown_fields: tuple[str, ...]
    """Fields of its conditions that no recent event had, in their order; none where no event came."""
    fields_seen: tuple[str, ...]
    """The names of fields that can be compared: those of every event, then those that recent ones had."""


async def count_matches(
    database: Database,
    tenant: str,
    allowed: Sequence[str],
    trigger: str,
    condition: Condition | None,
    *,
    most: int = MAX_EVENTS_COUNTED,
) -> RecentMatches:
    """What a survey with this trigger and these conditions would have done with the newest recent events.

    They are read in pages, so that many long ones take no more memory than a page, and counted in a thread:
    some thousand events take a while, in which other requests are answered.

    :param allowed: of these segments only; of all, when there are none.
    """
    now = database.clock()
    count = _Count(normalized_text(trigger), condition)
    since, before = now - timedelta(days=RECENT_DAYS), (now, _LAST_ID)
    while count.events < most:
        limit = min(EVENTS_AT_ONCE, most - count.events)
        async with database.reading() as uow:
            rows = await decision_rows.newest_facts(
                uow, tenant, allowed, since=since, before=before, limit=limit
            )
        await asyncio.to_thread(count.add, [row.facts for row in rows])
        if len(rows) < limit:
            break
        before = rows[-1].decided_at, rows[-1].event_id
    return RecentMatches(
        events=count.events,
        matched=count.matched,
        of_type=count.of_type,
        since=since,
        all_counted=count.events < most,
        unknown_fields=tuple(count.unknown) if count.events else (),
        fields_seen=(*EVENT_FIELDS, *count.seen),
    )


async def fields_seen(database: Database, tenant: str, allowed: Sequence[str]) -> Sequence[str]:
    """The names of fields that can be compared, where no survey is to be counted for yet."""
    found = await count_matches(database, tenant, allowed, "", None, most=MAX_EVENTS_NAMED)
    return found.fields_seen


class _Count:
    """What is known of the events that were read so far."""

    def __init__(self, trigger: str, condition: Condition | None) -> None:
        self._trigger, self._condition = trigger, condition
        self.events = self.matched = self.of_type = 0
        names = (each.field or "" for each in comparisons(condition)) if condition is not None else ()
        self.unknown: dict[str, None] = dict.fromkeys(names)
        self.seen: list[str] = []

    def add(self, events: Sequence[bytes]) -> None:
        """Count the next older events."""
        for facts in events:
            self._add(facts)

    def _add(self, facts: bytes) -> None:
        asks = matches(self._trigger, decode_type(facts))
        named = self.events < MAX_EVENTS_NAMED
        self.events += 1
        self.of_type += asks
        judged = self._condition is not None and (asks or bool(self.unknown))
        fields = EventFields(decode_facts(facts)) if named or judged else None
        if fields is None or self._condition is None:
            self.matched += asks
        else:
            self.matched += asks and not failed_comparisons(self._condition, fields)
            self.unknown = {name: None for name in self.unknown if fields.value(name) is None}
        if fields is not None and named:
            self.seen = sorted({*self.seen, *fields.names()})[:MAX_FIELDS_NAMED]
