"""A file that arrives: its rows are stored in parts, one of which is in memory at a time."""

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO, NamedTuple

import msgspec

from services.dispatcher.csv_records import Row
from services.dispatcher.imports.domain import MAX_PART_BYTES, MAX_ROWS_PER_PART
from services.dispatcher.imports.remedies import decode_remedy, encode_remedy
from services.dispatcher.imports.tables import FileTable
from shared.values.messages import Message


class Part(NamedTuple):
    """Some rows that follow each other."""

    number: int
    rows: int
    content: bytes


_NO_REMEDY = msgspec.Raw(b"null")


class _StoredRow(msgspec.Struct, array_like=True):
    number: int
    cells: list[str]
    remedy: msgspec.Raw = _NO_REMEDY


def digest_of_file(file: BinaryIO) -> bytes:
    """By which a file that is sent again is known."""
    file.seek(0)
    digest = sha256()
    while chunk := file.read(1024 * 1024):
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


def parts_of(table: FileTable) -> Iterator[Part]:
    """The rows in parts, each of bounded size.

    :raises BadTable: when the file turns out to be no table.
    """
    number, size, part = 0, 0, list[bytes]()
    for row in table.rows:
        encoded = encode_row(row)
        if part and (len(part) == MAX_ROWS_PER_PART or size + len(encoded) > MAX_PART_BYTES):
            yield Part(number, len(part), b"[" + b",".join(part) + b"]")
            number, size, part = number + 1, 0, []
        part.append(encoded)
        size += len(encoded)
    if part:
        yield Part(number, len(part), b"[" + b",".join(part) + b"]")


def encode_row(row: Row) -> bytes:
    """A row as it is stored."""
    remedy = _NO_REMEDY if row.remedy is None else msgspec.Raw(encode_remedy(row.remedy))
    return _encoder.encode(_StoredRow(row.number, row.cells, remedy))


def rows_of_part(content: bytes) -> list[Row]:
    """The rows of a stored part."""
    return [Row(each.number, each.cells, _remedy(each)) for each in _decoder.decode(content)]


def _remedy(row: _StoredRow) -> Message | None:
    if bytes(row.remedy) == b"null":
        return None
    remedy = decode_remedy(bytes(row.remedy))
    return remedy if isinstance(remedy, Message) else Message(remedy)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[_StoredRow])
