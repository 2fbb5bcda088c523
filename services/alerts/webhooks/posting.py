"""One request to an endpoint: signed, within seconds, to an address that the guard lets pass, once."""

import re
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpcore
import msgspec

from services.alerts.webhooks.domain import Fault, Posted
from shared.outbound.posting import post_once

POST_TIMEOUT_S = 15.0
"""For the whole of it: the name, the connection, the answer."""
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
    answer = await post_once(
        pool, url, {"user-agent": USER_AGENT, **headers}, body, now, timeout_s=POST_TIMEOUT_S
    )
    status = answer.status
    fault: Fault | None = answer.fault
    if status is not None and not is_taken(status):
        fault = "gone" if status == HTTPStatus.GONE else "status"
    asked = answer.retry_after if status in BUSY else None
    return Posted(status, fault, answer.duration_ms, excerpt_of(answer.body, body), asked)


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
