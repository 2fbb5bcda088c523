"""Reads a PNG of eight bits a channel, without interlacing, to look at single pixels."""

import struct
import zlib
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}


class Picture(NamedTuple):
    """Rows of pixels as red, green and blue."""

    width: int
    height: int
    rows: list[list[tuple[int, int, int]]]

    def at(self, x: float, y: float) -> tuple[int, int, int]:
        """The pixel at a place."""
        return self.rows[int(y)][int(x)]


def read_png(body: bytes) -> Picture:
    """The picture."""
    assert body.startswith(SIGNATURE)
    chunks: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    while at < len(body):
        (length,), kind = struct.unpack(">I", body[at : at + 4]), body[at + 4 : at + 8]
        chunks[kind] = chunks.get(kind, b"") + body[at + 8 : at + 8 + length]
        at += length + 12
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, interlaced) == (8, 0)
    wide = _CHANNELS[colour]
    data, before, rows = zlib.decompress(chunks[b"IDAT"]), bytearray(width * wide), []
    for start in range(0, len(data), width * wide + 1):
        before = _unfiltered(data[start], data[start + 1 : start + 1 + width * wide], before, wide)
        pixels = zip(*(before[channel::wide] for channel in range(3)), strict=True)
        rows.append([(red, green, blue) for red, green, blue in pixels])
    assert len(rows) == height
    return Picture(width, height, rows)


def _unfiltered(kind: int, line: bytes, above: bytearray, wide: int) -> bytearray:
    out = bytearray(line)
    for i in range(len(out)):
        left = out[i - wide] if i >= wide else 0
        corner = above[i - wide] if i >= wide else 0
        predicted = (0, left, above[i], (left + above[i]) // 2, _paeth(left, above[i], corner))[kind]
        out[i] = (out[i] + predicted) & 255
    return out


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))
