"""One event for each thing of a batch: a statement must not meet one thing twice."""

from collections.abc import Callable, Sequence

from shared.events.envelope import D, Event


def newest(events: Sequence[Event[D]], identity: Callable[[D], object]) -> list[Event[D]]:
    """The last event of each tenant's thing; the kernel hands a batch over sorted by version."""
    found = {(event.tenant, identity(event.data)): event for event in events}
    return list(found.values())


def first(events: Sequence[Event[D]], identity: Callable[[D], object]) -> list[Event[D]]:
    """The first event of each tenant's thing: for transactions, of which the first counts."""
    found: dict[tuple[str, object], Event[D]] = {}
    for event in events:
        found.setdefault((event.tenant, identity(event.data)), event)
    return list(found.values())
