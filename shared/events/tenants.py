"""``tenants``: who the companies are, and which keys open their doors."""

from msgspec import UNSET, UnsetType

from shared.events.envelope import Data, Instant, Name, Text, Topic
from shared.events.people import People


class KeyDigest(Data, frozen=True, kw_only=True):
    """An API key as the doors know it: its SHA-256, never the key."""

    id: Name
    name: Name
    digest: Name
    scopes: tuple[str, ...]
    expires_at: Instant | None = None
    revoked_at: Instant | None = None
    source: Name | UnsetType = UNSET
    """The source of events that name none, a part of their identity; unset: the key's name."""


class Tenant(Data, frozen=True, kw_only=True):
    """A company. ``id`` is its short name in keys, topics and tables."""

    id: Name
    version: int
    name: Name
    time_zone: Name
    country: Name
    languages: tuple[str, ...] = ("en",)
    postal_address: Text | None = None
    """Stands in the last block of each mail, where the law asks who writes."""
    keys: tuple[KeyDigest, ...] = ()
    people: People = People()
    """What it has settled about the scores of its employees."""


TENANTS = Topic(
    name="tenants.v1",
    event_type="afterword.tenant.changed",
    data=Tenant,
    source="/afterword/trigger",
    identity=lambda tenant: tenant.id,
    version=lambda tenant: tenant.version,
    key=lambda tenant: tenant.id,
    compacted=True,
)
