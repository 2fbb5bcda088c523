"""The forms of chat channels: what is typed, as the API would get it, and how a channel fills the form."""

from collections.abc import Mapping
from typing import Any

from services.alerts.chats.domain import CHAT_TOPICS, ChatChannel


def body_of_channel(form: Mapping[str, str]) -> dict[str, Any]:
    """The body that the API would get. Of a channel that is changed, no address is the one that it has."""
    address = form.get("address", "").strip()
    return {
        "name": form.get("name", ""),
        "kind": form.get("kind", ""),
        **({"address": address} if address or "new_id" in form else {}),
        "topics": [topic for topic in CHAT_TOPICS if form.get(topic) == "on"],
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
