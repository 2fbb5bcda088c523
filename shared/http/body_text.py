"""The body of a request as the text that a client meant: unpacked, UTF-8, without a mark of byte order."""

import zlib

from fastapi import Request

from shared.http.media_types import media_type
from shared.http.problems import Problem
from shared.http.request_limits import RequestLimits

MAX_BODY_BYTES = RequestLimits().body
"""Bytes of a body, unpacked too."""
MOST_MEMBERS = 100
"""Of a gzip file. Each costs a copy of what follows it: fifty thousand empty ones took seconds."""
BOM = b"\xef\xbb\xbf"


async def read_text(request: Request) -> bytes:
    """The body of a request in UTF-8, as far as its beginning tells; what stands in it is not looked at.

    :raises Problem: 415 for an encoding or a character set that is not read here, 413 where unpacking it
        would give more than a request may carry, 400 where it cannot be unpacked.
    """
    body = _unpacked(await request.body(), request.headers.getlist("content-encoding"))
    _, parameters = media_type(request.headers.get("content-type", ""))
    charset = parameters.get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii", "ascii"} or _is_wide(body):
        raise Problem(
            415,
            "This character set is not read here.",
            "Send UTF-8: “Content-Type: application/json”, without another charset.",
        )
    return body.removeprefix(BOM)


def _is_wide(body: bytes) -> bool:
    """Whether this is UTF-16 or UTF-32: by its mark, or by a zero among the first two bytes, which no JSON
    begins with.
    """
    return body.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in body[:2]


def _unpacked(body: bytes, encodings: list[str]) -> bytes:
    named = [name.strip().lower() for value in encodings for name in value.split(",")]
    applied = [name for name in named if name not in {"", "identity"}]
    if not applied:
        return body
    if applied not in (["gzip"], ["x-gzip"]):
        raise Problem(
            415,
            "This Content-Encoding is not read here.",
            "Send the body as it is, or packed once with gzip.",
            headers={"Accept-Encoding": "gzip, identity"},
        )
    try:
        return _gunzipped(body)
    except (zlib.error, EOFError):
        raise Problem(
            400, errors=[{"field": "/", "detail": "Content-Encoding says gzip, but the body is not, or cut."}]
        ) from None


def _gunzipped(packed: bytes) -> bytes:
    """All members of a gzip file, one after the other; never more than a request may carry.

    :raises EOFError: when the last one breaks off.
    :raises Problem: 413.
    """
    unpacked = bytearray()
    for _ in range(MOST_MEMBERS):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        unpacked += member.decompress(packed, MAX_BODY_BYTES + 1 - len(unpacked))
        if len(unpacked) > MAX_BODY_BYTES:
            raise Problem(413)
        if not member.eof:
            raise EOFError
        packed = member.unused_data.lstrip(b"\0")
        if not packed:
            return bytes(unpacked)
    raise Problem(413, f"This gzip file has more than {MOST_MEMBERS} members.", "Pack it as one.")
