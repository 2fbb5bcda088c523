"""A message as its provider takes it: Slack's Block Kit, or one Adaptive Card for a workflow of Teams.

No text of a company or a customer is read as markup: in Slack its control characters are escaped, in Teams
rich text is used, which has none.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from services.alerts.chats.domain import ChatKind

MAX_HEADER = 150
"""Characters of a header block of Slack."""
MAX_SECTION = 3_000
"""Characters of a section's text in Slack."""
MAX_LINES = 40
"""Slack takes 50 blocks."""
MAX_TEXT_BYTES = 12_000
"""Of all paragraphs: a message of Teams may have 28 KB in all, and characters may be escaped in JSON."""
CARD_VERSION = "1.4"


class ChatText(NamedTuple):
    """What a message says; plain text."""

    subject: str
    paragraphs: Sequence[str]
    call: str
    """What the link is called."""
    link: str


def body_of(kind: ChatKind, text: ChatText) -> bytes:
    """The body of the request."""
    shortened = text._replace(paragraphs=_within(text.paragraphs, MAX_TEXT_BYTES))
    return msgspec.json.encode(slack_message(shortened) if kind == "slack" else teams_message(shortened))


def slack_message(text: ChatText) -> dict[str, Any]:
    """``text`` is what notifications and screen readers get, ``blocks`` what is shown."""
    link = f"<{escaped(text.link)}|{escaped(_one_line(text.call))}>"
    paragraphs = [_section(_cut(escaped(each), MAX_SECTION)) for each in text.paragraphs[:MAX_LINES] if each]
    subject = _one_line(text.subject)
    header = {
        "type": "header",
        "text": {"type": "plain_text", "text": _cut(subject, MAX_HEADER), "emoji": False},
    }
    return {
        "text": _cut(escaped(subject), MAX_SECTION),
        "blocks": [header, *paragraphs, _section(link)],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def teams_message(text: ChatText) -> dict[str, Any]:
    """A message with one card, as a workflow that posts cards reads it."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": CARD_VERSION,
        "fallbackText": _one_line(text.subject),
        "body": [
            _rich(text.subject, weight="Bolder", size="Medium"),
            *[_rich(each) for each in text.paragraphs[:MAX_LINES] if each],
        ],
        "actions": [{"type": "Action.OpenUrl", "title": _one_line(text.call), "url": text.link}],
        "msteams": {"width": "Full"},
    }
    content_type = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": content_type, "contentUrl": None, "content": card}],
    }


def escaped(text: str) -> str:
    """Text without Slack's control sequences: no link, mention or channel can come of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(mrkdwn: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn, "verbatim": True}}


def _rich(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "-"


def _cut(text: str, most: int) -> str:
    """At most so many characters, and no escaped character in two."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    begun = cut.rfind("&")
    return (cut[:begun] if begun > cut.rfind(";") else cut) + "…"


def _within(paragraphs: Sequence[str], most: int) -> list[str]:
    """As many paragraphs as fit, the last of them cut."""
    kept, left = list[str](), most
    for each in paragraphs:
        size = len(msgspec.json.encode(escaped(each)))
        if size > left:
            return [*kept, *_beginning(each, left)]
        kept.append(each)
        left -= size
    return kept


def _beginning(paragraph: str, most: int) -> list[str]:
    while paragraph and len(msgspec.json.encode(escaped(paragraph))) + 3 > most:
        paragraph = paragraph[: len(paragraph) * 3 // 4]
    return [paragraph + "…"] if paragraph else []
