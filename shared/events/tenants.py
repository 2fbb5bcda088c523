"""``tenants``: the companies and their API keys."""

from typing import Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.envelope import Data, Instant, Name, Text, Topic
from shared.events.people import People

CompanyState = Literal["running", "paused", "leaving", "left"]
"""paused: nobody is asked, and people and programs go on; leaving: all is closed, and nothing is erased yet;
left: nothing of the company is kept but its short name."""
COMPANY_STATES: tuple[CompanyState, ...] = get_args(CompanyState)
CLOSED_STATES: frozenset[CompanyState] = frozenset({"leaving", "left"})
"""In which neither people nor programs of the company may do anything any more."""


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
    state: CompanyState = "running"
    leaves_at: Instant | None = None
    """Of a company that is leaving: from when on it is erased."""
    accent: Name | None = None
    """The colour of its buttons on pages and in mails to customers, as ``#rrggbb``; None: Afterword's own."""
    display_names: dict[str, Text] = msgspec.field(default_factory=dict)
    """What staff read in place of a dimension (``organisation``) or a segment (``organisation:north``)."""
    staff_networks: tuple[str, ...] = ()
    """Its own networks, such as ``192.0.2.0/24``: it is told how many answers come from them."""

    def in_survey(self, *, neutral: bool) -> "Tenant":
        """As the mails and pages of a survey show it: a neutral one is not branded, so has no colour."""
        return msgspec.structs.replace(self, accent=None) if neutral and self.accent is not None else self

    @property
    def is_closed(self) -> bool:
        """Whether its state is one of ``CLOSED_STATES``."""
        return self.state in CLOSED_STATES


TENANTS = Topic(
    name="tenants.v1",
    event_type="afterword.tenant.changed",
    data=Tenant,
    source="/afterword/trigger",
    identity=lambda tenant: tenant.id,
    version=lambda tenant: tenant.version,
    compacted=True,
)
