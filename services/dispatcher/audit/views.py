"""The page of the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from msgspec import json
from sqlalchemy import Row

from services.dispatcher.audit.labels import ACT_LABELS, act_label, facts_label
from services.dispatcher.sending.labels import actor_label
from shared.pages.language import spoken, translated
from shared.pages.page import Page


@dataclass(frozen=True)
class AuditEntry:
    """A line of the log in the list."""

    at: datetime
    who: str
    act: str
    about: str
    facts: str

    @classmethod
    def of(cls, row: Row[Any]) -> "AuditEntry":
        """A stored line."""
        facts = json.decode(row.facts)
        words = act_label(row.act, facts), row.about or "", facts_label(row.act, facts)
        return cls(row.at, actor_label(row.who), *words)


@dataclass(frozen=True)
class AuditSearch:
    """What was searched for, as it was typed."""

    who: str = ""
    act: str = ""
    about: str = ""
    since: str = ""
    until: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was."""
        return self == AuditSearch()


@dataclass(frozen=True, kw_only=True)
class AuditPage(Page):
    """Who looked at or changed what, newest first."""

    template: ClassVar[str] = "audit.html"
    entries: Sequence[AuditEntry]
    search: AuditSearch
    query: str
    """The search as it stands in an address, without the page."""
    before: str
    more: str | None
    """The cursor of the next page."""
    act_options: Sequence[tuple[str, str]]
    """The acts that can be searched for."""


def act_options() -> list[tuple[str, str]]:
    """The acts that can be searched for, by their codes."""
    return [("", translated("anything")), *((code, spoken(label)) for code, label in ACT_LABELS.items())]
