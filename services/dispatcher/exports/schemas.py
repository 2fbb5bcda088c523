"""The document of an export, as it is downloaded."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field
from sqlalchemy import Row

from shared.events.envelope import Instant
from shared.http.openapi import schema_of
from shared.privacy.export import ExportSection
from shared.privacy.export_records import KEPT, PURPOSES, AnyRecord, ExportKind, ExportPurpose, KeptKind

LeftOut = Literal["staff_notes", "staff_names"]
LEFT_OUT_BY_SERVICE: tuple[LeftOut, ...] = ("staff_notes", "staff_names")
"""What colleagues wrote for each other, and who they are, is in no export."""


class ExportedSection(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one kind in one service, newest first, with why and how long they are kept."""

    service: str
    kind: ExportKind
    purpose: ExportPurpose
    kept: KeptKind
    kept_days: int | None
    """None: as long as the customer is not asked."""
    records: tuple[AnyRecord, ...]
    older_before: Instant | None
    """Not None: there are older records; ask again with this ``kind``, and with this as ``before``."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of one customer."""

    format: Literal["afterword.customer-export.v1"] = "afterword.customer-export.v1"
    company: str
    company_name: str
    made_at: Instant
    person: str
    """The pseudonym under which the customer's data are kept."""
    contact: str | None
    """The keyed hash of the one address that is meant; None: the customer under every address."""
    left_out: tuple[LeftOut, ...] = LEFT_OUT_BY_SERVICE
    sections: tuple[ExportedSection, ...]

    @property
    def is_cut(self) -> bool:
        """Whether there are older records than these."""
        return any(section.older_before is not None for section in self.sections)


def exported(section: ExportSection, days: int | None) -> ExportedSection:
    """The section with its purpose and how long it is kept."""
    return ExportedSection(
        service=section.service,
        kind=section.kind,
        purpose=PURPOSES[section.kind],
        kept=KEPT[section.kind],
        kept_days=days,
        records=section.records,
        older_before=section.older_before,
    )


class ExportLinkAnswer(BaseModel):
    """A link by which a customer reads what is kept of them."""

    id: UUID
    person: str = Field(description="The pseudonym under which the customer's data are kept.")
    only_under_address: bool = Field(description="Whether it shows what came under one address alone.")
    who: str = Field(description="Who made it.")
    made_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: Row[Any]) -> "ExportLinkAnswer":
        """A stored link."""
        return cls(
            id=row.id,
            person=row.person,
            only_under_address=row.contact is not None,
            who=row.who,
            made_at=row.made_at,
            expires_at=row.expires_at,
        )


class ExportLinkList(BaseModel):
    """A page of links, newest first."""

    links: list[ExportLinkAnswer]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")


EXAMPLE: dict[str, Any] = {
    "format": "afterword.customer-export.v1",
    "company": "havnbo",
    "company_name": "Havnbo",
    "made_at": "2026-11-20T10:00:00Z",
    "person": "5b1f0c6a9d1e4f7c8b2a3d4e5f60718293a4b5c6d7e8f90123456789abcdef01",
    "contact": None,
    "left_out": ["staff_notes", "staff_names"],
    "sections": [
        {
            "service": "collector",
            "kind": "answer",
            "purpose": "listen",
            "kept": "comments",
            "kept_days": 730,
            "records": [
                {
                    "kind": "answer",
                    "at": "2026-11-18T08:30:00Z",
                    "obtained_from": "customer",
                    "id": "019a9633-7d00-7000-8000-000000000001",
                    "customer_id": "c-1024",
                    "state": "sent",
                    "test": False,
                    "score": 3,
                    "comment": "It came two days late.",
                    "follow_up_question": None,
                    "follow_up": None,
                    "replies": [],
                    "may_contact": True,
                    "survey": None,
                    "measurement": "transactional",
                    "touchpoint": "delivery",
                    "segments": {"touchpoint": "delivery"},
                    "organisation": [],
                    "language": "en",
                    "layout": "horizontal",
                    "channel": "mail",
                    "seconds_to_score": 12,
                    "staff_network": None,
                    "device_ordinal": 1,
                    "objections": [],
                    "signs": [],
                    "judgement": None,
                    "day": "2026-11-18",
                    "invited_at": "2026-11-17T08:00:00Z",
                    "answered_at": "2026-11-18T08:30:00Z",
                    "changed_at": "2026-11-18T08:31:00Z",
                    "before": [],
                }
            ],
            "older_before": None,
        }
    ],
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "All that is kept of the customer.",
        "content": {"application/json": {"schema": schema_of(Export), "example": EXAMPLE}},
    }
}
"""For the OpenAPI document."""
