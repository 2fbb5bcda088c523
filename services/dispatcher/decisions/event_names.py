"""What a reader who may not see customers is told of an event's id.

A back-end's own id names an order or a ticket. That of an event of a wave or a programme ends with the
customer's id.
"""

from shared.events.transactions import WAVE_SOURCE


def shown_event_id(source: str, source_id: str, *, sees_names: bool) -> str:
    """The id of an event for its reader: of a wave's or a programme's the wave or the period alone, for who
    sees no names.
    """
    return source_id if sees_names or not source.startswith(WAVE_SOURCE) else source[len(WAVE_SOURCE) :]
