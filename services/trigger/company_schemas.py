"""Bodies of ``/v1/keys`` and ``/v1/company``."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.trigger import key_list
from services.trigger.company_changes import MAX_DISPLAY_NAMES
from services.trigger.company_values import (
    MAX_LANGUAGES,
    MAX_NAME_LENGTH,
    MAX_NETWORK_LENGTH,
    MAX_POSTAL_ADDRESS_LENGTH,
    MAX_STAFF_NETWORKS,
    MAX_ZONE_LENGTH,
)
from services.trigger.key_last_uses import LastUse
from shared.events import CompanyState, KeyDigest, Tenant
from shared.permissions import SCOPES, Scope

MAX_COLOUR_LENGTH = 20


class KeyBody(BaseModel):
    """A key to be created."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH, description="Where it is used.")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES), description="What it opens.")]
    expires_at: Annotated[
        AwareDatetime | None,
        Field(strict=False, description="When it opens nothing any more; without it, never."),
    ] = None
    source: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=MAX_NAME_LENGTH,
            description="The source of events that name none; the key's name without it. A key that takes "
            "another's place needs that one's.",
        ),
    ] = None


class LastUseOut(BaseModel):
    """When a key was last used, and where: to the minute."""

    at: datetime
    service: Annotated[str, Field(description="The service that was asked.")]
    route: Annotated[str, Field(description="The beginning of the path, such as `/v1/events`.")]


class KeyOut(BaseModel):
    """A key as it is known: never the key itself."""

    id: str
    name: str
    scopes: list[str]
    source: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    live: Annotated[bool, Field(description="Whether it opens anything.")]
    last_use: Annotated[
        LastUseOut | None, Field(description="Null: it was not used, or not since uses are noted.")
    ] = None

    @classmethod
    def of(cls, key: KeyDigest, now: datetime, use: LastUse | None = None) -> Self:
        """The key, as of now."""
        return cls(
            id=key.id,
            name=key.name,
            scopes=list(key.scopes),
            source=key.source or key.name,
            created_at=created_at(key),
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            live=key_list.is_live(key, now),
            last_use=LastUseOut(at=use.at, service=use.service, route=use.route) if use is not None else None,
        )


class NewKeyOut(KeyOut):
    """A key that was created just now."""

    key: Annotated[str, Field(description="The key, which is not shown again.")]


class KeyList(BaseModel):
    """The keys of a company, those that ended in the last 90 days among them."""

    keys: list[KeyOut]
    unanswered: Annotated[
        list[str],
        Field(description="Services that did not answer, so that a later use there is not known now."),
    ] = []


class CompanyChange(BaseModel):
    """What of a company is changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Annotated[
        str | None, Field(min_length=1, max_length=MAX_NAME_LENGTH, description="As customers read it.")
    ] = None
    postal_address: Annotated[
        str | None,
        Field(max_length=MAX_POSTAL_ADDRESS_LENGTH, description="At the end of each mail; empty: none."),
    ] = None
    languages: Annotated[
        list[str] | None,
        Field(
            min_length=1,
            max_length=MAX_LANGUAGES,
            description="Of its customers, as language tags; the first is for those of no other.",
        ),
    ] = None
    time_zone: Annotated[
        str | None,
        Field(
            max_length=MAX_ZONE_LENGTH,
            description="Where its days begin and end from now on, such as `Europe/Copenhagen`. The days of "
            "answers that were accepted stay.",
        ),
    ] = None
    accent: Annotated[
        str | None,
        Field(
            max_length=MAX_COLOUR_LENGTH,
            description="The colour of buttons and numbers that customers see, such as `#0a5a6c`; empty: "
            "ours. One in which text cannot be read (less than 4.5 to 1) is refused with the nearest shade.",
        ),
    ] = None
    display_names: Annotated[
        dict[str, str] | None,
        Field(
            max_length=MAX_DISPLAY_NAMES,
            description="What staff read in place of dimensions (`organisation`) and segments "
            "(`organisation:north`), all of them. Answers of the API keep the codes.",
        ),
    ] = None
    staff_networks: Annotated[
        list[Annotated[str, Field(max_length=MAX_NETWORK_LENGTH)]] | None,
        Field(
            max_length=MAX_STAFF_NETWORKS,
            description="All of its own networks, such as `192.0.2.0/24` or `2001:db8:1::/48`. Of each "
            "answer from now on it is kept whether it came from one of them, and never from which address; "
            "of anonymous ones nothing.",
        ),
    ] = None


class CompanyOut(BaseModel):
    """A company."""

    id: str
    name: str
    postal_address: str | None
    languages: list[str]
    time_zone: str
    country: str
    state: Annotated[
        CompanyState, Field(description="`running`, or `paused` by whoever runs the installation.")
    ]
    accent: str | None
    display_names: dict[str, str]
    staff_networks: list[str]

    @classmethod
    def of(cls, company: Tenant) -> Self:
        """The company."""
        return cls(
            id=company.id,
            name=company.name,
            postal_address=company.postal_address,
            languages=list(company.languages),
            time_zone=company.time_zone,
            country=company.country,
            state=company.state,
            accent=company.accent,
            display_names=company.display_names,
            staff_networks=list(company.staff_networks),
        )


def created_at(key: KeyDigest) -> datetime:
    """When a key was created: its id, a UUID of version 7, begins with the milliseconds (RFC 9562, 5.7)."""
    return datetime.fromtimestamp((UUID(key.id).int >> 80) / 1_000, UTC)
