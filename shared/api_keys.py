"""What an API key is to a door; how one is looked up and refused, shared.tenancy and shared.http say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that opened the door."""

    tenant: str
    id: str
    name: str
    scopes: frozenset[str]
    country: str | None = None
    """The company's: two capital letters."""
    source: str | None = None
    """The source of events that name none; None: the key's name."""


class KeysUnavailable(Exception):
    """This process has not heard of the keys lately, so it can neither accept nor refuse one."""
