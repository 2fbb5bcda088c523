"""Reduce a batch to one event for each thing: a statement must not write a row twice."""

from collections.abc import Callable, Sequence

from shared.events.envelope import D, Event


def newest(events: Sequence[Event[D]], identity: Callable[[D], object]) -> list[Event[D]]:
    """The last event of each tenant's thing, which is the newest: handlers get a batch sorted by version."""
    found = {(event.tenant, identity(event.data)): event for event in events}
    return list(found.values())


def first(events: Sequence[Event[D]], identity: Callable[[D], object]) -> list[Event[D]]:
    """The first event of each tenant's thing: for transactions, of which the first wins."""
    found: dict[tuple[str, object], Event[D]] = {}
    for event in events:
        found.setdefault((event.tenant, identity(event.data)), event)
    return list(found.values())
