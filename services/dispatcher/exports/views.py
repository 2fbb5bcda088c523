"""The pages about what is kept of one customer: what each template sees."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.exports import labels
from services.dispatcher.exports.domain import SeveralCustomers
from services.dispatcher.exports.schemas import Export, ExportedSection
from services.dispatcher.story.labels import customer_label
from shared.pages.filters import day
from shared.pages.language import counted, spoken
from shared.pages.page import Page
from shared.privacy.export_records import AnswerRecord, AnyRecord, CaseRecord, ExportKind


@dataclass(frozen=True)
class ShownFact:
    """A value with its label; ``at`` where the value is a time."""

    label: str
    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ShownLine:
    """One of the things that happened to a record, in their order."""

    at: datetime
    text: str


@dataclass(frozen=True)
class ShownRecord:
    """One thing that is kept, as a sentence with its facts."""

    at: datetime | None
    sentence: str
    origin: str
    facts: Sequence[ShownFact]
    lines: Sequence[ShownLine]


@dataclass(frozen=True)
class ShownKind:
    """All of one kind: why and for how long it is kept, and the records of all services, newest first."""

    kind: ExportKind
    heading: str
    purpose: str
    kept: str
    records: Sequence[ShownRecord]
    is_cut: bool


@dataclass(frozen=True)
class ShownExport:
    """All that is kept of a customer, in sentences."""

    company: str
    made_at: datetime
    kinds: Sequence[ShownKind]

    @classmethod
    def of(cls, export: Export) -> "ShownExport":
        """The page's form of an export; a copy that a service keeps of another's is shown once."""
        kinds = [
            shown_kind(kind, list(sections))
            for kind, sections in groupby(export.sections, key=lambda section: section.kind)
        ]
        return cls(export.company_name, export.made_at, [kind for kind in kinds if kind.records])


@dataclass(frozen=True)
class Typed:
    """What was typed to find a customer."""

    customer_id: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Choice:
    """A customer that may be meant."""

    customer_id: str
    label: str
    addresses: str
    has_several: bool
    """Whether it may be one of several people."""
    is_shared: bool
    """Whether the id stands for nobody: only with an address it means a customer."""

    @classmethod
    def all_of(cls, several: SeveralCustomers) -> "list[Choice]":
        """The customers of whom one has to be chosen."""
        return [
            cls(
                one.customer_id,
                customer_label(one.customer_id),
                counted("%(num)s mail address", "%(num)s mail addresses", one.addresses)
                % {"num": one.addresses},
                one.addresses > 1,
                one.is_shared,
            )
            for one in several.customers
        ]


@dataclass(frozen=True)
class ShownLink:
    """A link that is still valid."""

    id: UUID
    path: str
    """Of the customer's page."""
    made_at: datetime
    expires_at: datetime
    who: str

    @classmethod
    def of(cls, row: Row[Any]) -> "ShownLink":
        """A stored link."""
        contact = f"?contact={row.contact}" if row.contact else ""
        return cls(row.id, f"/customers/{row.person}{contact}", row.made_at, row.expires_at, row.who)


@dataclass(frozen=True, kw_only=True)
class FindCustomerPage(Page):
    """Asks whose data are wanted."""

    template: ClassVar[str] = "customers.html"
    typed: Typed
    choices: Sequence[Choice] = ()
    refused: str = ""
    why: str = ""
    faults: Sequence[tuple[str, str]] = ()
    links: Sequence[ShownLink] = ()
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class CustomerDataPage(Page):
    """What is kept of a customer, for administrators."""

    template: ClassVar[str] = "customer_data.html"
    export: ShownExport
    path: str
    """Of this page; the acts are below it."""
    contact: str
    addresses: int
    """Under how many the customer came, as far as this page knows."""
    refused: bool = False
    """Whether no link was made, since there is another address than before."""
    links: Sequence[ShownLink] = ()
    link: str = ""
    """The link for the customer, once it was made."""
    link_ends: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OwnDataPage(Page):
    """The same, for the customer who has the link."""

    template: ClassVar[str] = "own_data.html"
    export: ShownExport
    time_zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class EndedLinkPage(Page):
    """One page for a link that is wrong, has ended, or whose customer was erased."""

    template: ClassVar[str] = "own_data_ended.html"


def shown_kind(kind: ExportKind, sections: Sequence[ExportedSection]) -> ShownKind:
    """The records of one kind of all services."""
    first, seen, shown = sections[0], set[UUID](), list[AnyRecord]()
    for section in sections:
        # The owner of a thing comes first, and knows the most of it: copies in other services are not shown.
        shown += [record for record in section.records if getattr(record, "id", None) not in seen]
        seen |= {one for record in section.records if isinstance(one := getattr(record, "id", None), UUID)}
    shown.sort(key=lambda record: record.at.timestamp() if record.at else 0.0, reverse=True)
    days = counted("%(num)s day", "%(num)s days", first.kept_days or 0) % {"num": first.kept_days}
    return ShownKind(
        kind,
        spoken(labels.HEADINGS[kind]),
        spoken(labels.PURPOSES[first.purpose]),
        spoken(labels.KEPT[first.kept]) % {"days": days}
        if first.kept_days
        else spoken(labels.KEPT[first.kept]),
        [shown_record(record) for record in shown],
        is_cut=any(section.older_before is not None for section in sections),
    )


def shown_record(record: AnyRecord) -> ShownRecord:
    """One record in words."""
    return ShownRecord(
        record.at,
        spoken(labels.sentence_of(record)),
        spoken(labels.ORIGINS[record.obtained_from]),
        [
            fact
            for name in labels.FIELDS
            if hasattr(record, name)
            for fact in _facts_of_field(name, getattr(record, name))
        ],
        list(_lines(record)),
    )


def _facts_of_field(name: str, value: Any) -> Iterator[ShownFact]:
    """The facts of one field; of several bases those of each."""
    if name != "bases":
        return facts_of(name, value)
    return (fact for basis in value for fact in facts_of("basis", basis))


def facts_of(name: str, value: Any) -> Iterator[ShownFact]:
    """The facts of one field; none where nothing is known. An object has one for each of its members."""
    if name == "replies":
        yield from (ShownFact(reply.asked, reply.words, None) for reply in value)
        return
    label = spoken(labels.FIELDS[name])
    if name == "objections":
        yield from (ShownFact(label, one.words or "", None if one.words else one.said_at) for one in value)
        return
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if name == "customer_id" and value is not None:
        value = customer_label(value)
    match value:
        case dict():
            for member, inner in value.items():
                if inner is not None:
                    yield ShownFact(f"{label}: {member}", *_written(inner))
        case None | False | msgspec.UNSET | () | "" | UUID() if value is not False or name == "test":
            return
        case _:
            yield ShownFact(label, *_written(value))


def _written(value: Any) -> tuple[str, datetime | None]:
    match value:
        case bool():
            return spoken(labels.YES if value else labels.NO), None
        case datetime():
            return "", value
        case date():
            return day(value), None
        case tuple() | list() if all(isinstance(each, str) for each in value):
            return ", ".join(value), None
        case str() | int() | float():
            return str(value), None
    return msgspec.json.encode(value).decode(), None


def _lines(record: AnyRecord) -> Iterator[ShownLine]:
    if isinstance(record, AnswerRecord):
        for version in record.before:
            said = [str(version.score), version.comment or "", version.follow_up or ""]
            said += [f"{reply.asked} {reply.words}" for reply in version.replies]
            yield ShownLine(version.changed_at, " · ".join(filter(None, said)))
    if isinstance(record, CaseRecord):
        for step in record.steps:
            yield ShownLine(step.at, spoken(labels.step_sentence(step)))
