"""Batches of records are decompressed up to a size: few bytes of a company's cluster may become gigabytes.

aiokafka decompresses a batch as a whole, and has no way to say how large it may become: its functions that do
so are replaced. Our own topics have far smaller batches.
"""

import struct
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import cramjam
from aiokafka.record import default_records, legacy_records
from aiokafka.record._crecords import default_records as fast_default_records
from aiokafka.record._crecords import legacy_records as fast_legacy_records

MAX_DECOMPRESSED_BYTES = 16 * 1024 * 1024
"""Of a batch; producers fill theirs up to a megabyte unless they are told otherwise."""
_FIRST_GUESS, _NEXT_GUESS = 4, 8
"""How many times as large as its compressed bytes a batch may be, and then how many times larger."""
_LEAST_BYTES = 100_000
_GZIP = zlib.MAX_WBITS | 16
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES = 16


class BatchTooLarge(Exception):
    """A batch of records becomes larger than any is read."""


def gzip_decode(payload: Any) -> bytes:
    """The bytes of some members of gzip, one after the other."""
    left, found = bytes(payload), bytearray()
    while left:
        member = zlib.decompressobj(_GZIP)
        found += member.decompress(left, MAX_DECOMPRESSED_BYTES + 1 - len(found))
        if len(found) > MAX_DECOMPRESSED_BYTES:
            raise BatchTooLarge
        if not member.eof:
            raise EOFError("a batch ends before its end")
        left = member.unused_data
    return bytes(found)


def snappy_decode(payload: Any) -> bytes:
    """The bytes of one block of snappy, or of the blocks that Java's library writes."""
    data = bytes(payload)
    if not data.startswith(_XERIAL):
        return _snappy_block(data, MAX_DECOMPRESSED_BYTES)
    found, at = bytearray(), _XERIAL_HEADER_BYTES
    while at < len(data):
        (size,) = struct.unpack_from("!i", data, at)
        if size <= 0:
            raise ValueError("a block of a batch has no size")
        found += _snappy_block(data[at + 4 : at + 4 + size], MAX_DECOMPRESSED_BYTES - len(found))
        at += 4 + size
    return bytes(found)


def _snappy_block(block: bytes, most: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(block) > most:
        raise BatchTooLarge
    return bytes(cramjam.snappy.decompress_raw(block))


def lz4_decode(payload: Any) -> bytes:
    """The bytes of frames of LZ4."""
    return _decoded_into(cramjam.lz4.decompress_into, bytes(payload))


def zstd_decode(payload: Any) -> bytes:
    """The bytes of frames of Zstandard."""
    return _decoded_into(cramjam.zstd.decompress_into, bytes(payload))


def _decoded_into(decompress_into: Callable[[Any, Any], int], data: bytes) -> bytes:
    size = max(_FIRST_GUESS * len(data), _LEAST_BYTES)
    while True:
        size = min(size, MAX_DECOMPRESSED_BYTES)
        room = bytearray(size)
        try:
            return bytes(memoryview(room)[: decompress_into(data, room)])
        except cramjam.DecompressionError as error:
            if "write whole buffer" not in str(error):
                raise
            if size == MAX_DECOMPRESSED_BYTES:
                raise BatchTooLarge from error
        size *= _NEXT_GUESS


_BOUNDED = (gzip_decode, snappy_decode, lz4_decode, zstd_decode)


def _replace(module: ModuleType) -> None:
    for decode in _BOUNDED:
        if hasattr(module, decode.__name__):
            setattr(module, decode.__name__, decode)


for _module in (default_records, legacy_records, fast_default_records, fast_legacy_records):
    _replace(_module)
