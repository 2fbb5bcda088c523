"""Answers from elsewhere: a batch read item by item, so that a bad one never harms its neighbours."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Raw, Struct

from services.collector.schemas import ImportItem, ItemFault
from shared.events import Answer
from shared.events.envelope import Instant, Name, ScoreValue
from shared.events.segments import LONGEST, MOST_DIMENSIONS, MOST_LEVELS, ORGANISATION, too_long
from shared.events.surveys import Measurement
from shared.http.faults import Fault, pointer
from shared.http.sound import unsound
from shared.ids import derived

MOST = 1_000
CLOCKS_DIFFER = timedelta(minutes=5)
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Net Promoter is younger; and no time zone can push such a day out of the calendar."""

Address = Annotated[str, Meta(min_length=1, max_length=320)]


class CustomerIn(Struct, forbid_unknown_fields=True):
    """Whose answer it is. Of all this only the id is kept; without one, a keyed hash of the address."""

    id: Name | None = None
    email: Address | None = None
    phone: Address | None = None
    name: Annotated[str, Meta(max_length=200)] | None = None


class AnswerIn(Struct, forbid_unknown_fields=True):
    """One answer from elsewhere. Without a customer it is anonymous history."""

    id: Name
    score: ScoreValue
    answered_at: Instant
    comment: Annotated[str, Meta(max_length=5_000)] | None = None
    invited_at: Instant | None = None
    customer: CustomerIn | Name | None = None
    segments: Annotated[dict[Name, Name], Meta(max_length=MOST_DIMENSIONS)] = {}
    organisation: Annotated[tuple[Name, ...], Meta(max_length=MOST_LEVELS)] = ()
    measurement: Measurement = "transactional"


class Batch(Struct):
    answers: Annotated[list[Raw], Meta(max_length=MOST)]


class Unreadable(Exception):
    """The body as a whole is no batch: the message says what to do."""


class Read(NamedTuple):
    """One item: its id as far as it has one, and what it says, or what is wrong with it."""

    id: str | None
    item: AnswerIn | None
    faults: list[Fault]


def read_batch(body: bytes, now: datetime) -> list[Read]:
    """Every item of a batch, in order.

    :raises Unreadable: when there is no list of answers in it, or one too long.
    """
    try:
        pieces = _batch.decode(body).answers
    except RecursionError:
        raise Unreadable("It is nested too deeply. Flatten it.") from None
    except msgspec.ValidationError as error:
        if "length" in str(error):
            raise Unreadable(f"A request may carry {MOST:,} answers. Send the rest in another.") from None
        raise Unreadable('Send {"answers": [ … ]}.') from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _read_leniently(body, now)
    return [_folded_in(_read(bytes(piece), now)) for piece in pieces]


def _read_leniently(body: bytes, now: datetime) -> list[Read]:
    """A body with NaN in it is no JSON, yet the good items are taken: Python's own reader lets it pass."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("It is not JSON.") from None
    answers = found.get("answers") if isinstance(found, dict) else None
    if not isinstance(answers, list) or len(answers) > MOST:
        raise Unreadable(f'Send {{"answers": [ … ]}} with at most {MOST:,} of them.')
    reads = []
    for answer in answers:
        faults = unsound(answer)
        reads.append(
            Read(_id_of(answer), None, faults) if faults else _read(json.dumps(answer).encode(), now)
        )
    return reads


def _read(piece: bytes, now: datetime) -> Read:
    try:
        item = _item.decode(piece)
    except RecursionError:
        return Read(None, None, [Fault(field="/", detail="Nested too deeply. Flatten it.")])
    except UnicodeDecodeError:
        return Read(None, None, [Fault(field="/", detail="Not UTF-8, or half a character. Send whole ones.")])
    except msgspec.ValidationError as error:
        return Read(_id_of(_loosely(piece)), None, [_fault(str(error))])
    except msgspec.MsgspecError:
        return _read_unsound(piece)
    if b"\\u0000" in piece and (faults := unsound(_loosely(piece))):
        return Read(_id_of(_loosely(piece)), None, faults)
    return Read(item.id, item, _faults_in_time(item, now) + _faults_in_names(item))


def _read_unsound(piece: bytes) -> Read:
    """What msgspec could not read at all: lone surrogates, or no JSON."""
    found = _loosely(piece)
    faults = unsound(found) or [Fault(field="/", detail="This is not JSON.")]
    return Read(_id_of(found), None, faults)


def _loosely(piece: bytes) -> Any:
    try:
        return json.loads(piece)
    except (ValueError, RecursionError):
        return None


def _id_of(answer: Any) -> str | None:
    """The item's own name, to find it again, where it is one that can be said."""
    name = answer.get("id") if isinstance(answer, dict) else None
    return name if isinstance(name, str) and not unsound(name) else None


def _faults_in_time(item: AnswerIn, now: datetime) -> list[Fault]:
    faults: list[Fault] = []
    for name, at in (("answered_at", item.answered_at), ("invited_at", item.invited_at)):
        if at is None:
            continue
        if at > now + CLOCKS_DIFFER:
            faults.append(Fault(field=pointer(name), detail="Lies in the future. Send when it happened."))
        elif at < OLDEST:
            faults.append(Fault(field=pointer(name), detail="Lies before 1970. Send when it happened."))
    if not faults and item.invited_at is not None and item.invited_at > item.answered_at:
        faults.append(
            Fault(field="/invited_at", detail="Lies after answered_at: nobody answers before being asked.")
        )
    return faults


def _faults_in_names(item: AnswerIn) -> list[Fault]:
    dimension = too_long(item)
    if dimension is None:
        return []
    field = "/organisation" if dimension == ORGANISATION else "/segments"
    return [Fault(field=field, detail=f"A segment's name has more than {LONGEST} bytes. Use a short code.")]


def _folded_in(read: Read) -> Read:
    return read._replace(item=None) if read.faults else read


_PLACE = re.compile(r" - at (?:`key` in )?`\$(.*)`$")


def _fault(message: str) -> Fault:
    """The sentence "Expected `int` <= 10 - at `$.score`" as field and remedy; it never quotes a value."""
    place = _PLACE.search(message)
    what = message[: place.start()] if place else message
    parts = re.findall(r"[^.\[\]]+", place[1]) if place else []
    if what == "Invalid RFC3339 encoded datetime" or "with a timezone component" in what:
        what = "Needs a time with its zone: 2026-11-22T05:00:00Z or 2026-11-22T06:00:00+01:00"
    return Fault(field=pointer(*parts), detail=f"{what}.")


def without_doubles(reads: list[Read]) -> list[Read]:
    """The same id twice: with the same content it is one; with another the later one is refused."""
    seen: dict[str, AnswerIn] = {}
    told: list[Read] = []
    for read in reads:
        if read.item is not None and seen.setdefault(read.item.id, read.item) != read.item:
            fault = Fault(field="/id", detail="This id stands in this batch already, with other content.")
            told.append(Read(read.id, None, [fault]))
        else:
            told.append(read)
    return told


def result(read: Read) -> ImportItem:
    """What the sender is told of an item."""
    if read.item is None:
        return ImportItem(id=read.id, status="refused", errors=[ItemFault(**fault) for fault in read.faults])
    return ImportItem(id=read.id, status="accepted", errors=[])


def imported(
    tenant: str, zone: ZoneInfo, item: AnswerIn, customer_id: str | None, old: Answer | None, now: datetime
) -> Answer | None:
    """The answer that an item becomes, or None when it says what we have.

    Other content under a known id amends it; its time and day stay those of the first.
    """
    answered_at = old.answered_at if old and old.answered_at else item.answered_at
    new = Answer(
        id=answer_id(tenant, item),
        version=old.version if old else 1,
        state="sent",
        origin="import",
        score=item.score,
        comment=(item.comment or "").strip() or None,
        customer_id=customer_id,
        measurement=item.measurement,
        touchpoint=item.segments.get("touchpoint"),
        segments=item.segments,
        organisation=item.organisation,
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


_batch = msgspec.json.Decoder(Batch)
_item = msgspec.json.Decoder(AnswerIn)
