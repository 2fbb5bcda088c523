"""Answers from elsewhere: a batch is read item by item, so that a bad item never harms its neighbours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from services.collector.domain import MAX_TEXT_LENGTH, amended
from services.collector.schemas import ImportItem, ItemFault
from shared.events import Answer
from shared.events.envelope import Instant, Name
from shared.events.nps import SCALE
from shared.events.segments import (
    MAX_DIMENSIONS,
    MAX_LEVELS,
    MAX_SEGMENT_BYTES,
    ORGANISATION,
    BadSegment,
    clean_organisation,
    clean_segments,
    too_long,
)
from shared.events.surveys import NpsMeasurement
from shared.http.json_items import (
    MAX_ITEMS,
    BadItem,
    NotJson,
    TooManyItems,
    find_member,
    id_of,
    read_item,
    split_array,
)
from shared.http.validation_errors import FieldFault
from shared.ids import derived
from shared.privacy.subjects import Subject, erase_event
from shared.values.json_pointers import pointer
from shared.values.messages import Count, Message, alternatives, message
from shared.values.text import normalized_text

MAX_CLOCK_SKEW = timedelta(minutes=5)
EARLIEST_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Net Promoter is younger; and no time zone can push such a day out of the calendar."""
MAX_SCORE = SCALE[-1]

Address = Annotated[str, Meta(max_length=320)]
Score = Annotated[Any, Meta(extra_json_schema={"type": "integer", "minimum": 0, "maximum": MAX_SCORE})]
Segments = Annotated[
    dict[str, Any] | None,
    Meta(
        extra_json_schema={
            "additionalProperties": {"type": ["string", "null"]},
            "maxProperties": MAX_DIMENSIONS,
        }
    ),
]
Organisation = Annotated[
    list[Any] | None,
    Meta(extra_json_schema={"items": {"type": "string", "minLength": 1}, "maxItems": MAX_LEVELS}),
]
HINTS = frozenset({"/customer/name"})
"""Fields that are ignored, so that no fault in them costs the item."""


class ImportedCustomer(Struct, forbid_unknown_fields=True):
    """Whose answer it is. Of all this only the id and a keyed hash of the address are kept."""

    id: Annotated[str, Meta(max_length=200)] | None = None
    email: Address | None = None
    phone: Address | None = None
    name: Annotated[Any, Meta(extra_json_schema={"type": ["string", "null"]})] = None


class AnswerIn(Struct, forbid_unknown_fields=True):
    """One answer from elsewhere. Without a customer it is anonymous history."""

    id: Name
    score: Score
    answered_at: Instant
    comment: Annotated[str, Meta(max_length=MAX_TEXT_LENGTH)] | None = None
    invited_at: Instant | None = None
    customer: ImportedCustomer | Annotated[str, Meta(max_length=200)] | None = None
    segments: Segments = None
    organisation: Organisation = None
    measurement: NpsMeasurement | None = None


class BadBatch(Exception):
    """The body as a whole is no batch."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


class ReadItem(NamedTuple):
    """One item: its id, if that can be read, and either its content or what is wrong with it."""

    id: str | None
    item: AnswerIn | None
    faults: list[FieldFault]


def read_batch(body: bytes, now: datetime) -> list[ReadItem]:
    """Every item of a batch, in order; each is judged as it would be alone.

    :raises BadBatch: when it has no list of answers, or too long a list.
    """
    try:
        array = find_member(body, "answers")
        items = split_array(array) if array is not None else None
    except NotJson:
        items = None
    except TooManyItems:
        raise BadBatch(
            message("A request may carry %(most)s answers. Send the rest in another.", most=Count(MAX_ITEMS))
        ) from None
    if items is None:
        raise BadBatch(message('Send {"answers": [ … ]}, as JSON.'))
    return [_read(item, now) for item in items]


def _read(encoded: bytes, now: datetime) -> ReadItem:
    try:
        item, _ = read_item(
            _decoder, encoded, helps=HINTS, choices=alternatives(("transactional", "relational"))
        )
    except BadItem as bad:
        return ReadItem(id_of(encoded), None, bad.faults)
    faults = [*_normalise_score(item), *_time_faults(item, now), *_normalise_text(item)]
    return ReadItem(item.id, None if faults else item, faults)


def _normalise_score(item: AnswerIn) -> list[FieldFault]:
    """A whole number counts however it is written (9.0, 1e1): spreadsheets export it so."""
    score = item.score
    if isinstance(score, str):
        return [
            FieldFault(
                field="/score",
                detail=message("Must be a number from 0 to %(most)s, without quotes.", most=MAX_SCORE),
            )
        ]
    is_whole = isinstance(score, int | float) and not isinstance(score, bool) and score == int(score)
    if not is_whole or score not in SCALE:
        return [
            FieldFault(
                field="/score", detail=message("Must be a whole number from 0 to %(most)s.", most=MAX_SCORE)
            )
        ]
    item.score = int(score)
    return []


def _normalise_text(item: AnswerIn) -> list[FieldFault]:
    if not normalized_text(item.id):
        return [FieldFault(field="/id", detail=message("Is blank. Give each answer an id of its own."))]
    if isinstance(item.customer, str):
        item.customer = item.customer if normalized_text(item.customer) else None
    try:
        item.segments = segments = clean_segments(item.segments or {})
        item.organisation = organisation = list(clean_organisation(item.organisation or ()))
    except BadSegment as bad:
        return [FieldFault(field=pointer(*bad.place), detail=bad.remedy)]
    dimension = too_long(_CleanSegments(segments, organisation))
    if dimension is None:
        return []
    field = f"/{ORGANISATION}" if dimension == ORGANISATION else pointer("segments", dimension)
    detail = message(
        "A segment's name has more than %(most)s bytes. Use a short code.", most=MAX_SEGMENT_BYTES
    )
    return [FieldFault(field=field, detail=detail)]


class _CleanSegments(NamedTuple):
    segments: dict[str, str]
    organisation: list[str]


def _time_faults(item: AnswerIn, now: datetime) -> list[FieldFault]:
    faults: list[FieldFault] = []
    for name, at in (("answered_at", item.answered_at), ("invited_at", item.invited_at)):
        if at is None:
            continue
        if at > now + MAX_CLOCK_SKEW:
            faults.append(
                FieldFault(field=pointer(name), detail=message("Lies in the future. Send when it happened."))
            )
        elif at < EARLIEST_TIME:
            faults.append(
                FieldFault(field=pointer(name), detail=message("Lies before 1970. Send when it happened."))
            )
    if not faults and item.invited_at is not None and item.invited_at > item.answered_at:
        detail = message("Lies after answered_at: nobody answers before being asked.")
        faults.append(FieldFault(field="/invited_at", detail=detail))
    return faults


def refuse_contradictions(reads: list[ReadItem]) -> list[ReadItem]:
    """The items, of which a later one is refused when it has the id of an earlier one and other content."""
    earlier: dict[str, AnswerIn] = {}
    detail = message("This id stands in this batch already, with other content.")
    return [
        ReadItem(read.id, None, [FieldFault(field="/id", detail=detail)])
        if read.item is not None and earlier.setdefault(read.item.id, read.item) != read.item
        else read
        for read in reads
    ]


def import_item(read: ReadItem, spoken: Callable[[Message | str], str]) -> ImportItem:
    """The result of an item, for the client; ``spoken`` translates what is wrong."""
    if read.item is None:
        faults = [ItemFault(field=fault["field"], detail=spoken(fault["detail"])) for fault in read.faults]
        return ImportItem(id=read.id, status="refused", errors=faults)
    return ImportItem(id=read.id, status="accepted", errors=[])


class ImportedNames(NamedTuple):
    """By what an item names its customer."""

    customer_id: str | None
    """The client's own id, or else, also where that stands for nobody, a keyed hash of the address."""
    contact: str | None
    """The keyed hash of the mail address."""
    number: str | None = None
    """That of the phone number, where it can be dialled."""


def answer_id(tenant: str, item: AnswerIn) -> UUID:
    """The answer's id, made of the tenant and the client's own id, always the same."""
    return derived("import", tenant, item.id)


def imported_answer(
    id_: UUID,
    zone: ZoneInfo,
    item: AnswerIn,
    named: ImportedNames,
    subject: Subject,
    is_erased: bool,
    old: Answer | None,
    now: datetime,
) -> Answer | None:
    """The answer that an item becomes, or None when it changes nothing.

    Other content under a known id amends the answer; its time and day stay those of the first import. Of a
    customer who was erased only what is counted is kept, also when the id comes again under another customer.
    One that was kept before numbers were gets its own, by which the dispatcher spares it: that is published,
    and is no change of the answer.
    """
    answered_at = old.answered_at if old and old.answered_at else item.answered_at
    segments = item.segments or {}
    new = Answer(
        id=id_,
        version=old.version if old else 1,
        state="sent",
        origin="import",
        score=item.score,
        comment=(item.comment or "").strip() or None,
        customer_id=named.customer_id,
        contact_key=subject.contact,
        number_key=named.number,
        person=subject.person,
        measurement=item.measurement or "transactional",
        touchpoint=segments.get("touchpoint"),
        segments=segments,
        organisation=tuple(item.organisation or ()),
        channel=old.channel if old else "import",
        day=old.day if old else answered_at.astimezone(zone).date(),
        invited_at=item.invited_at,
        answered_at=answered_at,
        changed_at=old.changed_at if old else now,
        earlier_scores=old.earlier_scores if old else (),
    )
    if is_erased or (old is not None and old.erased):
        new = erase_event(new)
    if old is None:
        return new
    if new == old:
        return None
    gets_number = old.number_key is None and msgspec.structs.replace(new, number_key=None) == old
    return amended(old, new, old.changed_at if gets_number else now)


_decoder = msgspec.json.Decoder(AnswerIn)
