"""Who changes a case."""

from uuid import UUID

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """A person, or an API key by its name."""

    id: UUID | None
    name: str
    readable: tuple[UUID, ...] = ()
    """The answers of the case that they may read: what they write may be about any of these."""


CUSTOMER = Actor(None, "")
"""The customer of the case, who has no name in what colleagues are told."""
SYSTEM = Actor(None, "Afterword")
