"""The body of a request as UTF-8 text: decompressed and without a byte order mark."""

import zlib

from fastapi import Request

from shared.http.media_types import media_type
from shared.http.problems import Problem
from shared.http.request_limits import RequestLimits
from shared.values.messages import message

MAX_BODY_BYTES = RequestLimits().body_bytes
"""Of a body, before and after decompression."""
MAX_GZIP_MEMBERS = 100
"""Each member costs a copy of all that follows it: fifty thousand empty ones took seconds."""
BOM = b"\xef\xbb\xbf"


async def read_text(request: Request) -> bytes:
    """The body as UTF-8 bytes, judged by the headers and the first bytes; the rest is not checked.

    :raises Problem: 415 for an encoding or a character set that is not supported, 413 when the decompressed
        body exceeds ``MAX_BODY_BYTES``, 400 when it cannot be decompressed.
    """
    body = _decompressed(await request.body(), request.headers.getlist("content-encoding"))
    _, parameters = media_type(request.headers.get("content-type", ""))
    charset = parameters.get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii", "ascii"} or _is_wide(body):
        raise Problem(
            415,
            message("This character set is not read here."),
            message("Send UTF-8: “Content-Type: application/json”, without another charset."),
        )
    return body.removeprefix(BOM)


def _is_wide(body: bytes) -> bool:
    """Whether this is UTF-16 or UTF-32: it has their mark, or a zero in the first two bytes, unlike JSON."""
    return body.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in body[:2]


def _decompressed(body: bytes, content_encodings: list[str]) -> bytes:
    named = [name.strip().lower() for value in content_encodings for name in value.split(",")]
    applied = [name for name in named if name not in {"", "identity"}]
    if not applied:
        return body
    if applied not in (["gzip"], ["x-gzip"]):
        raise Problem(
            415,
            message("This Content-Encoding is not read here."),
            message("Send the body as it is, or packed once with gzip."),
            headers={"Accept-Encoding": "gzip, identity"},
        )
    try:
        return _gunzipped(body)
    except (zlib.error, EOFError):
        detail = message("Content-Encoding says gzip, but the body is not, or cut.")
        raise Problem(400, errors=[{"field": "/", "detail": detail}]) from None


def _gunzipped(packed: bytes) -> bytes:
    """All members of a gzip file, concatenated.

    :raises EOFError: when the last member is incomplete.
    :raises Problem: 413 when there is more than a request may carry.
    """
    unpacked = bytearray()
    for _ in range(MAX_GZIP_MEMBERS):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        unpacked += member.decompress(packed, MAX_BODY_BYTES + 1 - len(unpacked))
        if len(unpacked) > MAX_BODY_BYTES:
            raise Problem(413)
        if not member.eof:
            raise EOFError
        packed = member.unused_data.lstrip(b"\0")
        if not packed:
            return bytes(unpacked)
    raise Problem(
        413,
        message("This gzip file has more than %(most)s members.", most=MAX_GZIP_MEMBERS),
        message("Pack it as one."),
    )
