"""Which of a company's keys travel in its event: all that open something, and those that ended lately.

An event of a company is whole, newest wins, and takes no more than a topic does. A key that is not in the
newest event opens nothing, so none has to stay in it because it was revoked or has expired: ended keys are
told for those who ask what became of one, and leave when they are old or the room is needed. Keys that open
something are bounded by half of the room, so that each of them can always be revoked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from shared.events import KeyDigest
from shared.limits import MAX_EVENT_BYTES

MOST_KEYS = 500
"""That open something, of one company."""
MOST_BYTES = MAX_EVENT_BYTES * 3 // 4
"""Of all keys in an event; the rest of it is the company's own."""
MOST_LIVE_BYTES = MAX_EVENT_BYTES // 2
"""Of the keys that open something."""
ENDED_KEYS_ARE_TOLD = timedelta(days=90)


def opens_something(key: KeyDigest, now: datetime) -> bool:
    """Whether it is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def has_room(keys: Sequence[KeyDigest], key: KeyDigest, now: datetime) -> bool:
    """Whether one more key may be made beside these."""
    live = [one for one in (*keys, key) if opens_something(one, now)]
    return len(live) <= MOST_KEYS and sum(map(_bytes, live)) <= MOST_LIVE_BYTES


def told(keys: Sequence[KeyDigest], now: datetime) -> tuple[KeyDigest, ...]:
    """Those that the next event carries, in their order."""
    room = MOST_BYTES - sum(_bytes(key) for key in keys if opens_something(key, now))
    kept = set()
    ended = [key for key in keys if not opens_something(key, now)]
    for key in sorted(ended, key=_ended_at, reverse=True):
        room -= _bytes(key)
        if room < 0 or _ended_at(key) < now - ENDED_KEYS_ARE_TOLD:
            break
        kept.add(key.id)
    return tuple(key for key in keys if opens_something(key, now) or key.id in kept)


def _ended_at(key: KeyDigest) -> datetime:
    """When a key that opens nothing began to."""
    return min(at for at in (key.revoked_at, key.expires_at) if at is not None)


def _bytes(key: KeyDigest) -> int:
    """In the event, with the comma behind it."""
    return len(msgspec.json.encode(key)) + 1
