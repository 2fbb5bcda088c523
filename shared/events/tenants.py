"""``tenants``: the companies and their API keys."""

from msgspec import UNSET, UnsetType

from shared.events.envelope import Data, Instant, Name, Text, Topic
from shared.events.people import People


class KeyDigest(Data, frozen=True, kw_only=True):
    """An API key as all services know it: its SHA-256, never the key itself."""

    id: Name
    name: Name
    digest: Name
    scopes: tuple[str, ...]
    expires_at: Instant | None = None
    revoked_at: Instant | None = None
    source: Name | UnsetType = UNSET
    """The source of events that name none, which is a part of their identity; unset: the key's name."""


class Tenant(Data, frozen=True, kw_only=True):
    """A company. ``id`` is its short name in keys, records and tables."""

    id: Name
    version: int
    name: Name
    time_zone: Name
    country: Name
    languages: tuple[str, ...] = ("en",)
    postal_address: Text | None = None
    """Shown at the end of each mail, as the law requires of its sender."""
    keys: tuple[KeyDigest, ...] = ()
    people: People = People()
    """Its settings for the scores of its employees."""


TENANTS = Topic(
    name="tenants.v1",
    event_type="afterword.tenant.changed",
    data=Tenant,
    source="/afterword/trigger",
    identity=lambda tenant: tenant.id,
    version=lambda tenant: tenant.version,
    compacted=True,
)
