"""Which of a company's keys its event carries: all live ones, and those that ended recently.

A company's event holds its whole state and is bounded by the size of a record. A key that is not in the
newest event opens nothing, so a revoked or expired one need not stay: it is kept to tell what became of it,
and leaves when it is old or the room is needed. Live keys take at most half of the room, so that each
of them can always be revoked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from shared.events import KeyDigest, Tenant
from shared.limits import MAX_EVENT_BYTES

MAX_LIVE_KEYS = 500
"""Of one company."""
MAX_KEYS_BYTES = MAX_EVENT_BYTES * 3 // 4
"""Of all keys in an event; the rest of it is for the company's other fields."""
MAX_LIVE_KEYS_BYTES = MAX_EVENT_BYTES // 2
ENDED_KEY_RETENTION = timedelta(days=90)


def is_live(key: KeyDigest, now: datetime) -> bool:
    """Whether it is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def state_of(company: Tenant, key: KeyDigest, now: datetime) -> str:
    """What an operator reads of the key: whether it opens anything, and else why not."""
    if company.is_closed:
        return f"closed: the company {'leaves' if company.state == 'leaving' else 'has left'}"
    if is_live(key, now):
        return "valid"
    ended = "expired" if key.revoked_at is None else "revoked"
    return f"{ended} {_ended_at(key):%Y-%m-%d %H:%M}"


def has_room(keys: Sequence[KeyDigest], key: KeyDigest, now: datetime) -> bool:
    """Whether one more key may be created beside these."""
    live = [each for each in (*keys, key) if is_live(each, now)]
    return len(live) <= MAX_LIVE_KEYS and sum(map(_size, live)) <= MAX_LIVE_KEYS_BYTES


def keys_to_publish(keys: Sequence[KeyDigest], now: datetime) -> tuple[KeyDigest, ...]:
    """The keys that the next event carries, in their order."""
    room = MAX_KEYS_BYTES - sum(_size(key) for key in keys if is_live(key, now))
    kept = set()
    ended = [key for key in keys if not is_live(key, now)]
    for key in sorted(ended, key=_ended_at, reverse=True):
        room -= _size(key)
        if room < 0 or _ended_at(key) < now - ENDED_KEY_RETENTION:
            break
        kept.add(key.id)
    return tuple(key for key in keys if is_live(key, now) or key.id in kept)


def _ended_at(key: KeyDigest) -> datetime:
    """When a key that is not live was revoked or expired."""
    return min(at for at in (key.revoked_at, key.expires_at) if at is not None)


def _size(key: KeyDigest) -> int:
    """Bytes in the event, with the comma behind it."""
    return len(msgspec.json.encode(key)) + 1
