"""One POST to a server that a company named: within seconds, through the guard, once."""

import asyncio
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple

import httpcore

from shared.outbound.address_guard import AddressRefused

MAX_READ_BYTES = 16_384
"""Of an answer; what says more loses its connection."""
_REQUEST_BEGAN = "send_request_headers.started"

NetworkFault = Literal["timeout", "connection", "certificate", "address"]
"""No answer in time; no connection, or one that broke; its certificate; an address that none may name."""


class PostAnswer(NamedTuple):
    """What a server answered, as far as it did."""

    status: int | None
    fault: NetworkFault | None
    """Why there is no status."""
    may_have_arrived: bool
    """Whether a byte of the request has left."""
    duration_ms: int
    body: bytes
    """The beginning of it."""
    retry_after: timedelta | None
    """For how long it asks to be left alone."""


async def post_once(
    pool: httpcore.AsyncConnectionPool,
    url: str,
    headers: dict[str, str],
    body: bytes,
    now: datetime,
    *,
    timeout_s: float,
    most_bytes: int = MAX_READ_BYTES,
) -> PostAnswer:
    """Post; it does not raise for what a server or a network does.

    :param timeout_s: for the whole of it: the name, the connection, the answer.
    :param most_bytes: of the answer: no more than a part beyond them is read.
    """
    began = time.monotonic()
    status: int | None = None
    answer, retry_after = b"", None
    fault: NetworkFault | None = None
    left = _Left()
    try:
        async with (
            asyncio.timeout(timeout_s),
            pool.stream(
                "POST", url, headers=_encoded(headers), content=body, extensions={"trace": left.note}
            ) as response,
        ):
            status = response.status
            retry_after = _retry_after(response, now)
            async for part in response.aiter_stream():
                answer += part
                if len(answer) > most_bytes:
                    break
    except AddressRefused:
        fault = "address"
    except (TimeoutError, httpcore.TimeoutException):
        fault = "timeout"
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
        fault = "certificate" if _is_of_certificate(error) else "connection"
    # It has decided once there is a status: what broke afterwards changes nothing.
    duration_ms = int((time.monotonic() - began) * 1000)
    return PostAnswer(status, fault if status is None else None, left.any, duration_ms, answer, retry_after)


class _Left:
    """Notes whether a request has begun to leave."""

    def __init__(self) -> None:
        self.any = False

    async def note(self, name: str, _: dict[str, Any]) -> None:
        self.any = self.any or name.endswith(_REQUEST_BEGAN)


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    own = {"content-type": "application/json", "accept-encoding": "identity"}
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
