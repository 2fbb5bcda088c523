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

MAX_LIVE_KEYS = 500
"""That open something, of one company."""
MAX_KEYS_BYTES = MAX_EVENT_BYTES * 3 // 4
"""Of all keys in an event; the rest of it is the company's own."""
MAX_LIVE_KEYS_BYTES = MAX_EVENT_BYTES // 2
"""Of the keys that open something."""
ENDED_KEY_RETENTION = timedelta(days=90)


def is_live(key: KeyDigest, now: datetime) -> bool:
    """Whether it is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def has_room(keys: Sequence[KeyDigest], key: KeyDigest, now: datetime) -> bool:
    """Whether one more key may be made beside these."""
    live = [one for one in (*keys, key) if is_live(one, now)]
    return len(live) <= MAX_LIVE_KEYS and sum(map(_bytes, live)) <= MAX_LIVE_KEYS_BYTES


def keys_to_publish(keys: Sequence[KeyDigest], now: datetime) -> tuple[KeyDigest, ...]:
    """Those that the next event carries, in their order."""
    room = MAX_KEYS_BYTES - sum(_bytes(key) for key in keys if is_live(key, now))
    kept = set()
    ended = [key for key in keys if not is_live(key, now)]
    for key in sorted(ended, key=_ended_at, reverse=True):
        room -= _bytes(key)
        if room < 0 or _ended_at(key) < now - ENDED_KEY_RETENTION:
            break
        kept.add(key.id)
    return tuple(key for key in keys if is_live(key, now) or key.id in kept)


def _ended_at(key: KeyDigest) -> datetime:
    """When a key that opens nothing began to."""
    return min(at for at in (key.revoked_at, key.expires_at) if at is not None)


def _bytes(key: KeyDigest) -> int:
    """In the event, with the comma behind it."""
    return len(msgspec.json.encode(key)) + 1
