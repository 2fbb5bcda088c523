"""One request to an endpoint: signed, within seconds, to an address that the guard lets pass, once."""

import asyncio
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpcore
import msgspec

from services.alerts.webhooks.domain import Fault, Posted
from shared.outbound.address_guard import AddressRefused

POST_TIMEOUT_S = 15.0
"""For the whole of it: the name, the connection, the answer."""
MAX_READ_BYTES = 16_384
"""Of an answer; what says more loses its connection."""
MAX_EXCERPT_CHARS = 200
BUSY = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
"""With these statuses ``Retry-After`` is obeyed."""
USER_AGENT = "Afterword-Webhooks/1"
PERSONAL_FIELDS = {"customer_id", "comment", "follow_up", "text"}
"""Fields of a message whose texts an endpoint may repeat in its answer."""
MAX_REPEATED_CHARS = 12
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_NUMBER = re.compile(r"\+?\d[\d ()./-]{4,}\d")
_UNSHOWN = re.compile(r"[^\x20-\x7e\u00a1-\uffff]+")


async def post(
    pool: httpcore.AsyncConnectionPool, url: str, headers: dict[str, str], body: bytes, now: datetime
) -> Posted:
    """Post a message; what the endpoint answered. It does not raise for what a server or a network does."""
    began = time.monotonic()
    status: int | None = None
    answer, retry_after = b"", None
    fault: Fault | None = None
    try:
        async with (
            asyncio.timeout(POST_TIMEOUT_S),
            pool.stream("POST", url, headers=_headers(headers), content=body) as response,
        ):
            status = response.status
            retry_after = _retry_after(response, now)
            async for part in response.aiter_stream():
                answer += part
                if len(answer) > MAX_READ_BYTES:
                    break
    except AddressRefused:
        fault = "address"
    except (TimeoutError, httpcore.TimeoutException):
        fault = "timeout"
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
        fault = "certificate" if _is_of_certificate(error) else "connection"
    if status is not None:
        # It has decided: what broke afterwards changes nothing.
        fault = None if is_taken(status) else "gone" if status == HTTPStatus.GONE else "status"
    duration_ms = int((time.monotonic() - began) * 1000)
    asked = retry_after if status in BUSY else None
    return Posted(status, fault, duration_ms, excerpt_of(answer, body), asked)


def is_taken(status: int) -> bool:
    """Whether an endpoint took a message: a redirect is none of these, and is not followed."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def excerpt_of(answer: bytes, body: bytes) -> str:
    """The beginning of an answer without anything personal; empty where it repeats a text of the message."""
    text = answer[: 4 * MAX_EXCERPT_CHARS].decode("utf-8", "replace")
    if text and any(_repeats(text, each) for each in _personal_texts(msgspec.json.decode(body))):
        return ""
    text = _NUMBER.sub("…", _ADDRESS.sub("…", _UNSHOWN.sub(" ", text))).strip()
    return text if len(text) <= MAX_EXCERPT_CHARS else text[: MAX_EXCERPT_CHARS - 1] + "…"


def _repeats(text: str, personal: str) -> bool:
    """Whether a text has all of another one, or a part of it that is no single word."""
    last = max(len(personal) - MAX_REPEATED_CHARS, 0)
    return any(personal[at : at + MAX_REPEATED_CHARS] in text for at in range(last + 1))


def _personal_texts(part: Any, name: str = "") -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _personal_texts(value, key)
    elif isinstance(part, list):
        for each in part:
            yield from _personal_texts(each, name)
    elif isinstance(part, str) and part and name in PERSONAL_FIELDS:
        yield from {part, msgspec.json.encode(part)[1:-1].decode()}


def _headers(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    own = {"content-type": "application/json", "user-agent": USER_AGENT, "accept-encoding": "identity"}
    return [(name.encode(), value.encode()) for name, value in {**own, **headers}.items()]


def _retry_after(response: httpcore.Response, now: datetime) -> timedelta | None:
    """``Retry-After``, in seconds or as a date; None: it has none that can be read."""
    given = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
    text = given.decode("ascii", "replace").strip()
    if text.isdecimal():
        return timedelta(seconds=min(int(text[:10]), 10**8))
    with suppress(ValueError, TypeError):
        at = parsedate_to_datetime(text)
        return max((at if at.tzinfo else at.replace(tzinfo=UTC)) - now, timedelta())
    return None


def _is_of_certificate(error: BaseException) -> bool:
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(found):
            return True
        found = found.__cause__ or found.__context__
    return False
