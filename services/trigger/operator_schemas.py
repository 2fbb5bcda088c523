"""Bodies of ``/v1/companies``."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.trigger.company_states import GRACE_DAYS, MAX_GRACE_DAYS
from services.trigger.company_values import (
    MAX_LANGUAGES,
    MAX_NAME_LENGTH,
    MAX_POSTAL_ADDRESS_LENGTH,
    MAX_ZONE_LENGTH,
)
from services.trigger.short_names import MAX_SHORT_NAME_LENGTH
from shared.events import CompanyState, Tenant

MAX_ADDRESS_LENGTH = 254
CompanyId = Annotated[str, Path(max_length=MAX_SHORT_NAME_LENGTH, description="The company's short name.")]


class CompanyBody(BaseModel):
    """A company to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)
    id: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_SHORT_NAME_LENGTH,
            description="Its short name: small letters, digits, hyphens. It is never given to another one.",
        ),
    ]
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH, description="As customers read it.")]
    admin: Annotated[
        str | None,
        Field(
            min_length=3,
            max_length=MAX_ADDRESS_LENGTH,
            description="Mail address of its first administrator, who gets no mail: the answer has a link.",
        ),
    ] = None
    time_zone: Annotated[
        str, Field(max_length=MAX_ZONE_LENGTH, description="Where its days begin and end.")
    ] = "UTC"
    country: Annotated[
        str, Field(max_length=2, description="Two capital letters; decides which law holds.")
    ] = "DK"
    languages: Annotated[
        list[str],
        Field(min_length=1, max_length=MAX_LANGUAGES, description="Of its customers, as language tags."),
    ] = ["en"]
    postal_address: Annotated[
        str | None,
        Field(min_length=1, max_length=MAX_POSTAL_ADDRESS_LENGTH, description="At the end of each mail."),
    ] = None


class OperatedChange(BaseModel):
    """What whoever runs the installation changes of a company."""

    model_config = ConfigDict(extra="forbid", strict=True)
    time_zone: Annotated[
        str,
        Field(
            max_length=MAX_ZONE_LENGTH,
            description="Where its days begin and end from now on. The days of answers that were accepted "
            "stay.",
        ),
    ]


class LeavingBody(BaseModel):
    """How a company leaves."""

    model_config = ConfigDict(extra="forbid", strict=True)
    grace_days: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_GRACE_DAYS,
            description="After so many days from now it is erased for good; until then it can stay after "
            f"all. Left out: {GRACE_DAYS}, or the day that was said before if it leaves already.",
        ),
    ] = None


class OperatedCompany(BaseModel):
    """A company as whoever runs the installation sees it."""

    id: str
    name: str
    time_zone: str
    country: str
    state: Annotated[
        CompanyState,
        Field(
            description="`running`; `paused`: nobody is asked; `leaving`: all is closed, nothing is erased "
            "yet; `left`: nothing but the short name is kept."
        ),
    ]
    leaves_at: Annotated[datetime | None, Field(description="From when on it is, or was, erased.")]

    @classmethod
    def of(cls, company: Tenant) -> Self:
        """The company."""
        return cls(
            id=company.id,
            name=company.name,
            time_zone=company.time_zone,
            country=company.country,
            state=company.state,
            leaves_at=company.leaves_at,
        )


class OperatedCompanyList(BaseModel):
    """All companies of the installation, those that have left among them."""

    companies: list[OperatedCompany]


class NewCompany(OperatedCompany):
    """A company that was made just now."""

    key: Annotated[str, Field(description="Its first API key, which is not shown again.")]
    sign_in_link: Annotated[
        str | None, Field(description="With it its first administrator signs in once, within a day.")
    ]


class ErasureOfCompany(BaseModel):
    """How far one service is with erasing a company that has left."""

    service: str
    erased_at: Annotated[datetime | None, Field(description="When it had erased all; null: not yet.")]
    swept_at: Annotated[datetime | None, Field(description="When it had looked once more, an hour later.")]


class CompanyDetail(OperatedCompany):
    """A company, and how far its erasure is."""

    erasures: Annotated[list[ErasureOfCompany], Field(description="Of a company that has left, by service.")]


class ExportLinkOut(BaseModel):
    """Where all of a company can be downloaded."""

    url: str
    expires_at: datetime
