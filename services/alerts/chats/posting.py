"""One request to a chat's provider, and what its answer means."""

from datetime import datetime
from http import HTTPStatus

import httpcore

from services.alerts.chats.domain import ChatAnswer, ChatFault
from shared.outbound.posting import PostAnswer, post_once

POST_TIMEOUT_S = 15.0
"""For the whole of it: the name, the connection, the answer."""
HEADERS = {"user-agent": "Afterword-Chats/1", "connection": "close"}
"""A connection that is kept may be closed by the other side just when a message leaves, and nobody would know
whether it arrived."""
GONE = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Slack: 403 (``invalid_token``, ``action_prohibited``), 404 (``no_service``, ``channel_not_found``), 410
(``channel_is_archived``). A workflow of Teams that was deleted, or whose signature is another one."""
BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""The message was not taken, and will be later. After 500, 502 and 504 nobody knows whether it was."""


async def post_chat(pool: httpcore.AsyncConnectionPool, url: str, body: bytes, now: datetime) -> ChatAnswer:
    """Post a message. It does not raise for what a server or a network does."""
    return meaning_of(await post_once(pool, url, HEADERS, body, now, timeout_s=POST_TIMEOUT_S))


def meaning_of(answer: PostAnswer) -> ChatAnswer:
    """What an answer means, of Slack and Teams alike: a redirect is not followed, and is a refusal."""
    status = answer.status
    if status is None:
        return ChatAnswer(_fault_of(answer))
    fault: ChatFault | None
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        fault = None
    elif status in GONE:
        fault = "gone"
    elif status in BUSY:
        fault = "busy"
    elif status < HTTPStatus.INTERNAL_SERVER_ERROR:
        fault = "refused"
    else:
        fault = "status"
    return ChatAnswer(fault, status, answer.retry_after if fault == "busy" else None)


def _fault_of(answer: PostAnswer) -> ChatFault:
    """Why there was no answer; what had begun to leave may have been taken."""
    if answer.may_have_arrived:
        return "timeout" if answer.fault == "timeout" else "broken"
    return "connection" if answer.fault is None or answer.fault == "timeout" else answer.fault
