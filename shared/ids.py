"""Identities: ordered by time for new things, derived for things that clients name."""

from functools import lru_cache
from uuid import UUID

import uuid_utils
from uuid_utils import compat

ID_NAMESPACE = UUID("5f8e6a2c-6a55-5d0b-9e0a-0a4f7e7a77e0")
_namespace = uuid_utils.UUID(str(ID_NAMESPACE))


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562, 5.7): milliseconds first, so that new rows lie together in an index."""
    return compat.uuid7()


def new_id() -> str:
    """A new UUIDv7 as text; ten times as fast as by way of :class:`UUID`."""
    return str(uuid_utils.uuid7())


@lru_cache(maxsize=2_000)  # an event's is computed in several places
def derived(*parts: str) -> UUID:
    """The UUIDv5 of these parts: an identity that every service computes alike, for ever."""
    return UUID(int=uuid_utils.uuid5(_namespace, "\x1f".join(parts)).int)


@lru_cache(maxsize=2_000)
def derived_text(*parts: str) -> str:
    """The same as text; in less than half the time."""
    return str(uuid_utils.uuid5(_namespace, "\x1f".join(parts)))
