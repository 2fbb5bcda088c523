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
    who: str = Field(description="The name that they had then.")
    who_kind: str = Field(description="`staff`, `key`, `command_line` or `customer`.")
    who_id: str | None = Field(description="The colleague's or the key's id.")
    act: str
    about: str | None = Field(
        description="The id of a case, survey, colleague, key or erasure, or a customer's pseudonym."
    )
    facts: dict[str, str | int | bool]

    @classmethod
    def of(cls, row: Row[Any]) -> "AuditLineOut":
        """A stored line."""
        return cls(
            id=row.id,
            at=row.at,
            who=row.who,
            who_kind=row.who_kind,
            who_id=row.who_id,
            act=row.act,
            about=row.about,
            facts=json.decode(row.facts),
        )


class AuditList(BaseModel):
    """A page of the log, newest first."""

    lines: list[AuditLineOut]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")
