"""API keys as routes see them; shared.tenancy looks them up, shared.http refuses them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A valid API key, with its scopes."""

    tenant: str
    id: str
    name: str
    scopes: frozenset[str]
    country: str | None = None
    """The company's country: two capital letters."""
    source: str | None = None
    """The source of events that name none; without it the key's name is."""


class KeysUnavailable(Exception):
    """The keys could not be read for minutes, so no key can be accepted or refused."""
