"""Answers from elsewhere: a batch read item by item, so that a bad one never harms its neighbours."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from services.collector.schemas import ImportItem, ItemFault
from shared.events import Answer
from shared.events.envelope import Instant, Name
from shared.events.segments import (
    MAX_SEGMENT_BYTES,
    ORGANISATION,
    BadSegment,
    clean_organisation,
    clean_segments,
    too_long,
)
from shared.events.surveys import Measurement
from shared.http.json_items import MAX_ITEMS, BadItem, NotJson, TooMany, elements, id_of, member, read_item
from shared.http.validation_errors import FieldFault
from shared.ids import derived
from shared.values.json_pointers import pointer
from shared.values.text import one_form

MAX_CLOCK_SKEW = timedelta(minutes=5)
EARLIEST_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Net Promoter is younger; and no time zone can push such a day out of the calendar."""
MAX_SCORE = 10

Address = Annotated[str, Meta(max_length=320)]
Score = Annotated[Any, Meta(extra_json_schema={"type": "integer", "minimum": 0, "maximum": MAX_SCORE})]
HINTS = frozenset({"/customer/name"})


class ImportedCustomer(Struct, forbid_unknown_fields=True):
    """Whose answer it is. Of all this only the id is kept; without one, a keyed hash of the address."""

    id: Annotated[str, Meta(max_length=200)] | None = None
    email: Address | None = None
    phone: Address | None = None
    name: Annotated[Any, Meta(extra_json_schema={"type": ["string", "null"]})] = None


class AnswerIn(Struct, forbid_unknown_fields=True):
    """One answer from elsewhere. Without a customer it is anonymous history."""

    id: Name
    score: Score
    answered_at: Instant
    comment: Annotated[str, Meta(max_length=5_000)] | None = None
    invited_at: Instant | None = None
    customer: ImportedCustomer | Annotated[str, Meta(max_length=200)] | None = None
    segments: Annotated[
        dict[str, Any] | None,
        Meta(extra_json_schema={"additionalProperties": {"type": ["string", "null"]}, "maxProperties": 8}),
    ] = None
    organisation: Annotated[
        list[Any] | None,
        Meta(extra_json_schema={"items": {"type": "string", "minLength": 1}, "maxItems": 6}),
    ] = None
    measurement: Measurement | None = None


class BadBatch(Exception):
    """The body as a whole is no batch: the message says what to do."""


class ReadItem(NamedTuple):
    """One item: its id as far as it has one, and what it says, or what is wrong with it."""

    id: str | None
    item: AnswerIn | None
    faults: list[FieldFault]


def read_batch(body: bytes, now: datetime) -> list[ReadItem]:
    """Every item of a batch, in order; each is judged as it would be alone.

    :raises Unreadable: when there is no list of answers in it, or one too long.
    """
    try:
        answers = member(body, "answers")
        pieces = elements(answers) if answers is not None else None
    except NotJson:
        pieces = None
    except TooMany:
        raise BadBatch(f"A request may carry {MAX_ITEMS:,} answers. Send the rest in another.") from None
    if pieces is None:
        raise BadBatch('Send {"answers": [ … ]}, as JSON.')
    return [_read(piece, now) for piece in pieces]


def _read(piece: bytes, now: datetime) -> ReadItem:
    try:
        item, _ = read_item(_item, piece, helps=HINTS, choices="transactional or relational")
    except BadItem as bad:
        return ReadItem(id_of(piece), None, bad.faults)
    faults = [*_faults_in_score(item), *_faults_in_time(item, now), *_put_in_one_form(item)]
    return ReadItem(item.id, None if faults else item, faults)


def _faults_in_score(item: AnswerIn) -> list[FieldFault]:
    """A whole number is one however it is written (9.0, 1e1): that is how tables are exported."""
    score = item.score
    if isinstance(score, str):
        return [FieldFault(field="/score", detail=f"Must be a number from 0 to {MAX_SCORE}, without quotes.")]
    whole = isinstance(score, int | float) and not isinstance(score, bool) and score == int(score)
    if not whole or not 0 <= score <= MAX_SCORE:
        return [FieldFault(field="/score", detail=f"Must be a whole number from 0 to {MAX_SCORE}.")]
    item.score = int(score)
    return []


def _put_in_one_form(item: AnswerIn) -> list[FieldFault]:
    if not one_form(item.id):
        return [FieldFault(field="/id", detail="Is blank. Give each answer an id of its own.")]
    if isinstance(item.customer, str):
        item.customer = item.customer if one_form(item.customer) else None
    try:
        item.segments = clean_segments(item.segments or {})
        item.organisation = list(clean_organisation(item.organisation or ()))
    except BadSegment as bad:
        return [FieldFault(field=pointer(*bad.place), detail=bad.remedy)]
    dimension = too_long(_Segmented(item.segments, item.organisation))
    if dimension is None:
        return []
    field = f"/{ORGANISATION}" if dimension == ORGANISATION else pointer("segments", dimension)
    return [
        FieldFault(
            field=field, detail=f"A segment's name has more than {MAX_SEGMENT_BYTES} bytes. Use a short code."
        )
    ]


class _Segmented(NamedTuple):
    segments: dict[str, str]
    organisation: list[str]


def _faults_in_time(item: AnswerIn, now: datetime) -> list[FieldFault]:
    faults: list[FieldFault] = []
    for name, at in (("answered_at", item.answered_at), ("invited_at", item.invited_at)):
        if at is None:
            continue
        if at > now + MAX_CLOCK_SKEW:
            faults.append(
                FieldFault(field=pointer(name), detail="Lies in the future. Send when it happened.")
            )
        elif at < EARLIEST_TIME:
            faults.append(FieldFault(field=pointer(name), detail="Lies before 1970. Send when it happened."))
    if not faults and item.invited_at is not None and item.invited_at > item.answered_at:
        faults.append(
            FieldFault(
                field="/invited_at", detail="Lies after answered_at: nobody answers before being asked."
            )
        )
    return faults


def refuse_duplicates(reads: list[ReadItem]) -> list[ReadItem]:
    """The same id twice: with the same content it is one; with another the later one is refused."""
    seen: dict[str, AnswerIn] = {}
    told: list[ReadItem] = []
    for read in reads:
        if read.item is not None and seen.setdefault(read.item.id, read.item) != read.item:
            fault = FieldFault(
                field="/id", detail="This id stands in this batch already, with other content."
            )
            told.append(ReadItem(read.id, None, [fault]))
        else:
            told.append(read)
    return told


def item_result(read: ReadItem) -> ImportItem:
    """What the sender is told of an item."""
    if read.item is None:
        return ImportItem(id=read.id, status="refused", errors=[ItemFault(**fault) for fault in read.faults])
    return ImportItem(id=read.id, status="accepted", errors=[])


def imported_answer(
    tenant: str, zone: ZoneInfo, item: AnswerIn, customer_id: str | None, old: Answer | None, now: datetime
) -> Answer | None:
    """The answer that an item becomes, or None when it says what we have.

    Other content under a known id amends it; its time and day stay those of the first.
    """
    answered_at = old.answered_at if old and old.answered_at else item.answered_at
    segments = item.segments or {}
    new = Answer(
        id=answer_id(tenant, item),
        version=old.version if old else 1,
        state="sent",
        origin="import",
        score=item.score,
        comment=(item.comment or "").strip() or None,
        customer_id=customer_id,
        measurement=item.measurement or "transactional",
        touchpoint=segments.get("touchpoint"),
        segments=segments,
        organisation=tuple(item.organisation or ()),
        day=old.day if old else answered_at.astimezone(zone).date(),
        invited_at=item.invited_at,
        answered_at=answered_at,
        changed_at=old.changed_at if old else now,
    )
    if new == old:
        return None
    if old is None:
        return new
    return msgspec.structs.replace(new, version=old.version + 1, changed_at=max(now, old.changed_at))


def answer_id(tenant: str, item: AnswerIn) -> Any:
    """The identity that tenant and the sender's id make, for ever."""
    return derived("import", tenant, item.id)


_item = msgspec.json.Decoder(AnswerIn)
