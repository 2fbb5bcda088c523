"""The forms of chat channels: what is typed, as the API would get it, and how a channel fills the form."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.alerts.chats.domain import ChatChannel, ChatRefused
from services.alerts.notices.topics import NOTICE_TOPICS
from shared.http.validation_errors import faults_of
from shared.pages.language import spoken
from shared.values.messages import Message


def body_of_channel(form: Mapping[str, str]) -> dict[str, Any]:
    """The body that the API would get. Of a channel that is changed, no address is the one that it has."""
    address = form.get("address", "").strip()
    return {
        "name": form.get("name", ""),
        "kind": form.get("kind", ""),
        **({"address": address} if address or "new_id" in form else {}),
        "topics": [topic for topic in NOTICE_TOPICS if form.get(topic) == "on"],
        "segments": [line.strip() for line in form.get("segments", "").splitlines() if line.strip()],
        "team_id": form.get("team_id") or None,
        "language": form.get("language", ""),
    }


def form_of_channel(channel: ChatChannel) -> dict[str, str]:
    """What the form of a channel shows."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "segments": "\n".join(channel.segments),
        "team_id": str(channel.team_id or ""),
        "language": channel.language,
        **dict.fromkeys(channel.topics, "on"),
    }


def faults_of_channel(error: ValidationError | ChatRefused) -> dict[str, str]:
    """The faults by the fields of the form."""
    if isinstance(error, ChatRefused):
        return {error.field.strip("/"): spoken(error.remedy)}
    described = faults_of([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
    return {
        each["field"].strip("/").partition("/")[0]: _worded(each["detail"]) for each in reversed(described)
    }


def _worded(words: Message | str | None) -> str:
    return spoken(words) if isinstance(words, Message) else words or ""
