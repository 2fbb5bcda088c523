"""The page of how long each kind of data is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from services.dispatcher.retention.labels import KIND_LABELS
from shared.events import RetentionRules
from shared.events.retention import RETENTION_KINDS
from shared.pages.language import spoken
from shared.pages.page import Page


@dataclass(frozen=True)
class KindLine:
    """One kind of data, with its days as they were typed."""

    kind: str
    name: str
    meaning: str
    days: str
    default_days: int
    fault: str
    stale: int | None
    """How many rows are too old; None: not counted."""


@dataclass(frozen=True, kw_only=True)
class RetentionPage(Page):
    """For how long each kind of data is kept, and what trying that has counted."""

    template: ClassVar[str] = "retention.html"
    lines: Sequence[KindLine]
    version: int
    """The version of the rules that the form was rendered from."""
    tried: bool
    """Whether what is too old was counted."""
    needs_confirmation: bool
    """Whether something that is kept now would be removed."""
    refusal: str
    done: str


def kind_lines(
    typed: Mapping[str, str], faults: Mapping[str, str], stale: Mapping[str, int] | None
) -> list[KindLine]:
    """The kinds in their order."""
    defaults = RetentionRules()
    return [
        KindLine(
            kind=kind,
            name=spoken(KIND_LABELS[kind].name),
            meaning=spoken(KIND_LABELS[kind].meaning),
            days=typed.get(kind, ""),
            default_days=getattr(defaults, kind),
            fault=faults.get(kind, ""),
            stale=None if stale is None else stale.get(kind, 0),
        )
        for kind in RETENTION_KINDS
    ]
