"""The pages of sources: what each template sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple

import msgspec

from services.trigger.sources.domain import FORMATS, SASL_MECHANISMS, Source
from services.trigger.sources.labels import FORMAT_LABELS, PROBLEM_LABELS, SASL_LABELS
from services.trigger.sources.preview import PreviewedRecord
from services.trigger.sources.repository.faults import Fault
from services.trigger.sources.repository.sources import SourceStatus
from services.trigger.sources.schemas import event_out, worded
from shared.pages.language import spoken
from shared.pages.page import Page

MAX_SHOWN_FAULTS = 50


class SourceLine(NamedTuple):
    """A source with how it stands, in words."""

    source: Source
    status: SourceStatus
    problem: str
    """What keeps it from being read; empty: nothing, or it is paused."""

    @classmethod
    def of(cls, source: Source, status: SourceStatus) -> "SourceLine":
        shown = status.problem is not None and source.state == "running"
        return cls(source, status, spoken(PROBLEM_LABELS[status.problem]) if shown and status.problem else "")


class FaultLine(NamedTuple):
    """A dead letter in words."""

    at: datetime | None
    part: int
    offset: int
    field: str
    remedy: str

    @classmethod
    def of(cls, fault: Fault) -> "FaultLine":
        return cls(fault.at, fault.part, fault.offset, fault.field, worded(fault.remedy))


class PreviewLine(NamedTuple):
    """One of the newest records, and what would become of it."""

    part: int
    offset: int
    at: datetime | None
    record: str
    event: str
    """As JSON; empty: it is skipped, or does not fit."""
    field: str
    remedy: str

    @classmethod
    def of(cls, found: PreviewedRecord) -> "PreviewLine":
        event = event_out(found)
        return cls(
            found.part,
            found.offset,
            found.at,
            found.record,
            msgspec.json.format(msgspec.json.encode(event), indent=2).decode() if event else "",
            found.field,
            worded(found.remedy) if found.remedy is not None else "",
        )


def format_options() -> list[tuple[str, str]]:
    """The formats, for a choice."""
    return [(each, spoken(FORMAT_LABELS[each])) for each in FORMATS]


def sasl_options() -> list[tuple[str, str]]:
    """The ways of signing in, for a choice."""
    return [(each, spoken(SASL_LABELS[each])) for each in SASL_MECHANISMS]


@dataclass(frozen=True, kw_only=True)
class SourcesPage(Page):
    """All sources of a company, and the form of another one."""

    template: ClassVar[str] = "sources.html"
    sources: Sequence[SourceLine]
    new_id: str
    form: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    formats: Sequence[tuple[str, str]] = field(default_factory=format_options)
    mechanisms: Sequence[tuple[str, str]] = field(default_factory=sasl_options)
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class SourcePage(Page):
    """One source: how it stands, its newest records, what did not fit, and the form that changes it."""

    template: ClassVar[str] = "source.html"
    line: SourceLine
    dead_letters: Sequence[FaultLine]
    form: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    formats: Sequence[tuple[str, str]] = field(default_factory=format_options)
    mechanisms: Sequence[tuple[str, str]] = field(default_factory=sasl_options)
    preview: Sequence[PreviewLine] | None = None
    """None: nobody has asked to see any."""
    preview_fault: str = ""
    done: str = ""
