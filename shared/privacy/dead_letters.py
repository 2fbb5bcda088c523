"""Dead letters of erased customers: found by any text in them whose keyed hash is the customer's."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.kafka.kernel.dead_letters import KEY_HEADER, TOPIC_HEADER
from shared.kafka.kernel.handling import Record
from shared.kafka.kernel.topic_reader import partitions_of, records_between, topic_reader
from shared.privacy.erased import Target
from shared.privacy.persons import person_of
from shared.secrets import customer_hash

_TEXTS_OF_UNREADABLE = re.compile(r'"((?:[^"\\]|\\.){1,1000})"|([^\s"<>,;:/]{1,200})')
"""In what is no JSON: each quoted text, and each word."""


@dataclass(frozen=True)
class DeadLetterSearch:
    """Searches the topics of one service's dead letters."""

    bootstrap: str
    secret: str
    topics: Sequence[str]

    async def find(self, targets: Sequence[Target]) -> list[tuple[Target, str, bytes]]:
        """The dead letters of these customers: of whom, on which topic, under which key."""
        found = []
        async with topic_reader(self.bootstrap, "afterword-erasing") as reader:
            partitions = await partitions_of(reader, self.topics)
            since = await reader.beginning_offsets(partitions)
            until = await reader.end_offsets(partitions)
            async for tp, records in records_between(reader, since, until):
                for record in records:
                    if TOPIC_HEADER in dict(record.headers) and record.key is not None:
                        found += [
                            (target, tp.topic, record.key) for target in self._named_in(record, targets)
                        ]
        return found

    def _named_in(self, record: Record, targets: Sequence[Target]) -> list[Target]:
        texts = set(texts_of(record.value or b"")) | set(_texts_of_key(dict(record.headers).get(KEY_HEADER)))
        named = []
        names: dict[str, set[str]] = {}
        for target in targets:
            if target.tenant not in names:
                names[target.tenant] = {name for text in texts for name in self._names(target.tenant, text)}
            if (target.contact or target.person) in names[target.tenant]:
                named.append(target)
        return named

    def _names(self, tenant: str, text: str) -> Iterator[str]:
        """The text itself, and what it is called if it is an id, an address or a keyed hash."""
        hashed = customer_hash(self.secret, tenant, text)
        yield from (
            text,
            hashed,
            person_of(self.secret, tenant, text),
            person_of(self.secret, tenant, hashed),
        )


def texts_of(value: bytes) -> Iterator[str]:
    """Every text in a record: the strings of its JSON, or what looks like a text where it is none."""
    try:
        yield from _strings(msgspec.json.decode(value))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        for quoted, word in _TEXTS_OF_UNREADABLE.findall(value.decode(errors="replace")):
            yield quoted or word


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case int() | float():
            yield str(value)
        case list():
            for each in value:
                yield from _strings(each)
        case dict():
            for name, each in value.items():
                yield name
                yield from _strings(each)


def _texts_of_key(key: bytes | None) -> Iterator[str]:
    """The thing in the key of a record, behind its tenant."""
    if key is not None:
        yield key.decode(errors="replace").partition("/")[2]
