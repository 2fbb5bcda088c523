"""Dead letters of erased customers: found by what names the customer in them.

In an event that is the fields by which events name customers; in bytes that are no event, any text in them
whose keyed hash is the customer's.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from shared.db.database import Database, UnitOfWork
from shared.events import TRANSACTIONS
from shared.kafka.kernel.dead_letters import KEY_HEADER, TOPIC_HEADER, Headers, decode_headers
from shared.kafka.kernel.source_letters import SOURCE_KEY_HEADER, tenant_of_place
from shared.kafka.kernel.topic_reader import partitions_of, records_between, topic_reader
from shared.privacy.erased import Target
from shared.privacy.persons import person_of
from shared.secrets import customer_hash

_MAX_TEXT_LENGTH = 1_000
_QUOTE = re.compile(r'(?<!\\)"')
_MORE = 0x80
"""The bit of a byte of a number that says that another one follows."""
_WORD = re.compile(r'[^\s"<>,;:/\[\]{}]{1,200}')

FIND_UNPUBLISHED = """
    SELECT topic, key, value, headers FROM outbox
    WHERE topic = ANY(CAST(:topics AS text[])) AND headers IS NOT NULL
"""


class Tombstone(NamedTuple):
    """What erases one record of a customer: its topic and key."""

    target: Target
    topic: str
    key: bytes


class LetterRecord(NamedTuple):
    """A dead letter, on its topic or not yet published."""

    topic: str
    key: bytes
    value: bytes | None
    headers: dict[str, bytes]

    @property
    def own_key(self) -> bytes:
        """The key of the record; a version that knew no such header gave it to the dead letter."""
        return self.headers.get(KEY_HEADER, self.key)


@dataclass
class _Names:
    """What names customers in a dead letter; the fields are hashed by each tenant's key."""

    tenants: set[str] = field(default_factory=set)
    """The tenants that the letter names; empty: it may be of any."""
    persons: set[str] = field(default_factory=set)
    contact_keys: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    """All texts, where no field says which of them name a customer."""


@dataclass(frozen=True)
class DeadLetterSearch:
    """Searches the dead letters of one service."""

    bootstrap: str
    secret: str
    topics: Sequence[str]
    database: Database

    async def find(self, targets: Sequence[Target]) -> list[Tombstone]:
        """What erases the dead letters of these customers, and the records that became them."""
        # Before the topics: what is relayed meanwhile is found there.
        async with self.database.reading() as uow:
            unpublished = await self._unpublished(uow)
        found = [each for letter in unpublished for each in self._tombstones(letter, targets)]
        async with topic_reader(self.bootstrap, "afterword-erasing") as reader:
            partitions = await partitions_of(reader, self.topics)
            since = await reader.beginning_offsets(partitions)
            until = await reader.end_offsets(partitions)
            async for tp, records in records_between(reader, since, until):
                for record in records:
                    letter = read_letter(tp.topic, record.key, record.value, list(record.headers))
                    found += self._tombstones(letter, targets) if letter else []
        return found

    async def _unpublished(self, uow: UnitOfWork) -> list[LetterRecord]:
        rows = await uow.execute(FIND_UNPUBLISHED, {"topics": list(self.topics)})
        letters = [read_letter(row.topic, row.key, row.value, decode_headers(row.headers)) for row in rows]
        return [letter for letter in letters if letter is not None]

    def _tombstones(self, letter: LetterRecord, targets: Sequence[Target]) -> list[Tombstone]:
        found = []
        for target in self.named_in(letter, targets):
            found.append(Tombstone(target, letter.topic, letter.key))
            is_transaction = letter.headers[TOPIC_HEADER] == TRANSACTIONS.name.encode()
            if is_transaction and _is_of_one_event(letter.own_key):
                # No decision was made of it by which its record would be found.
                found.append(Tombstone(target, TRANSACTIONS.name, letter.own_key))
        return found

    def named_in(self, letter: LetterRecord, targets: Sequence[Target]) -> list[Target]:
        """Those of the customers whose letter it is."""
        names = _names_in(letter)
        by_tenant: dict[str, tuple[AbstractSet[str], AbstractSet[str], AbstractSet[str]]] = {}
        named = []
        for target in targets:
            if names.tenants and target.tenant not in names.tenants:
                continue
            if target.tenant not in by_tenant:
                by_tenant[target.tenant] = self._hashed(target.tenant, names)
            persons, contacts, anything = by_tenant[target.tenant]
            if (target.contact or target.person) in anything or _is_of(target, persons, contacts):
                named.append(target)
        return named

    def _hashed(
        self, tenant: str, names: _Names
    ) -> tuple[AbstractSet[str], AbstractSet[str], AbstractSet[str]]:
        """Persons and contacts that the fields name, and what any of the texts would name."""
        contacts = names.contact_keys | {customer_hash(self.secret, tenant, each) for each in names.addresses}
        persons = names.persons or {person_of(self.secret, tenant, each) for each in names.ids | contacts}
        anything = {each for text in names.texts for each in self._names_of_text(tenant, text)}
        return persons, contacts, anything

    def _names_of_text(self, tenant: str, text: str) -> Iterator[str]:
        """The text itself, and what it is called if it is an id, an address or a keyed hash."""
        hashed = customer_hash(self.secret, tenant, text)
        yield from (
            text,
            hashed,
            person_of(self.secret, tenant, text),
            person_of(self.secret, tenant, hashed),
        )


def _is_of(target: Target, persons: AbstractSet[str], contacts: AbstractSet[str]) -> bool:
    """Like ``Target.covers``; and what names an address alone is of it."""
    if target.person in persons:
        return target.contact is None or not contacts or target.contact in contacts
    return not persons and target.contact in contacts


def _is_of_one_event(key: bytes) -> bool:
    """Whether it is the key of one transaction: a version before gave all of a customer one key."""
    try:
        UUID(key.decode().partition("/")[2])
    except ValueError:
        return False
    return True


def read_letter(topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> LetterRecord | None:
    """The dead letter in a record; None: a tombstone, or a record without a key, which none could erase."""
    named = dict(headers)
    return (
        LetterRecord(topic, bytes(key), value, named) if key is not None and TOPIC_HEADER in named else None
    )


def companies_of_letter(letter: LetterRecord) -> AbstractSet[str]:
    """The companies that a dead letter names; none where nobody could say whose it is."""
    return _names_in(letter).tenants


def _names_in(letter: LetterRecord) -> _Names:
    names = _Names()
    place = letter.headers[TOPIC_HEADER].decode(errors="replace")
    if (company := tenant_of_place(place)) is not None:
        # A record of a company's own topic: no field of it means what it means in our events.
        names.tenants.add(company)
        for part in (letter.headers.get(SOURCE_KEY_HEADER, b""), letter.value or b""):
            names.texts |= set(texts_of_foreign(part))
        return names
    tenant, slash, thing = letter.own_key.decode(errors="replace").partition("/")
    if KEY_HEADER in letter.headers or not letter.own_key.startswith(letter.headers[TOPIC_HEADER] + b"/"):
        names.tenants |= {tenant} if slash else set()
        names.texts |= {thing} if slash else set()
    value = letter.value or b""
    try:
        event = msgspec.json.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        names.texts |= set(texts_of_unreadable(value))
        return names
    if isinstance(event, dict) and isinstance(event.get("tenant"), str):
        names.tenants.add(event["tenant"])
    _add_fields(event, names, of_customer=False)
    if not names.persons | names.contact_keys | names.ids | names.addresses:
        names.texts |= set(_strings(event))
    return names


def _add_fields(value: Any, names: _Names, *, of_customer: bool) -> None:
    """Add what the fields of an event name, at any depth."""
    if isinstance(value, list):
        for each in value:
            _add_fields(each, names, of_customer=False)
    if not isinstance(value, dict):
        return
    for name, each in value.items():
        if isinstance(each, str | int) and not isinstance(each, bool) and each != "":
            _add_field("customer_id" if of_customer and name == "id" else name, str(each), names)
        else:
            _add_fields(each, names, of_customer=name == "customer")


def _add_field(name: str, text: str, names: _Names) -> None:
    match name:
        case "person":
            names.persons.add(text)
        case "contact_key":
            names.contact_keys.add(text)
        case "customer_id":
            names.ids.add(text)
        case "email" | "phone":
            names.addresses.add(text)


def texts_of_unreadable(value: bytes) -> Iterator[str]:
    """In what is no JSON: what is between two quotes, and each word."""
    text = value.decode(errors="replace")
    yield from (each for each in _QUOTE.split(text) if len(each) <= _MAX_TEXT_LENGTH)
    yield from _WORD.findall(text)


def texts_of_foreign(value: bytes) -> Iterator[str]:
    """In a record of whatever format: the texts and numbers of JSON, those of Avro, and each word."""
    try:
        yield from _scalars(msgspec.json.decode(value))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        yield from _avro_texts(value)
    yield from texts_of_unreadable(value)


def _scalars(value: Any) -> Iterator[str]:
    match value:
        case str() | int():
            yield str(value)
        case list():
            for each in value:
                yield from _scalars(each)
        case dict():
            for each in value.values():
                yield from _scalars(each)


def _avro_texts(value: bytes) -> Iterator[str]:
    """What could be a text of Avro, wherever it begins: its length as a number in zigzag form, its bytes."""
    for place in range(len(value) - 1):
        first, begin = value[place], place + 1
        length = first >> 1
        if first >= _MORE:
            length, begin = (first - _MORE + _MORE * value[begin]) >> 1, place + 2
        if first % 2 == 0 and 0 < length <= _MAX_TEXT_LENGTH and begin + length <= len(value):
            try:
                text = value[begin : begin + length].decode()
            except UnicodeDecodeError:
                continue
            if text.isprintable():
                yield text


def _strings(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _strings(each)
        case dict():
            for each in value.values():
                yield from _strings(each)
