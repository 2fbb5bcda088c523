"""Answers of the API about the log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import json
from pydantic import BaseModel, Field
from sqlalchemy import Row


class AuditLineOut(BaseModel):
    """One line of the log."""

    id: UUID
    at: datetime
    who: str
    act: str
    about: str | None = Field(
        description="The id of a case, survey, colleague or erasure, or a customer's pseudonym."
    )
    facts: dict[str, str | int | bool]

    @classmethod
    def of(cls, row: Row[Any]) -> "AuditLineOut":
        """A stored line."""
        return cls(
            id=row.id, at=row.at, who=row.who, act=row.act, about=row.about, facts=json.decode(row.facts)
        )


class AuditList(BaseModel):
    """A page of the log, newest first."""

    lines: list[AuditLineOut]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")
