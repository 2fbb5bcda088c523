"""Remedies as they are stored: with their facts, so that each reader gets them in their own language."""

from typing import Any

import msgspec

from shared.values.messages import Count, Message


def encode_remedy(remedy: Message | str) -> bytes:
    """The remedy as JSON."""
    return msgspec.json.encode(_plain(remedy))


def decode_remedy(encoded: bytes) -> Message | str:
    """The remedy again."""
    read: Message | str = _read(msgspec.json.decode(encoded))
    return read


def _plain(fact: Any) -> Any:
    if isinstance(fact, Message):
        facts = {name: _plain(each) for name, each in fact.facts.items()}
        return {"text": fact.text, "many": fact.many, "facts": facts}
    if isinstance(fact, Count):
        return {"count": int(fact)}
    return fact if isinstance(fact, int) else str(fact)


def _read(fact: Any) -> Any:
    if not isinstance(fact, dict):
        return fact
    if "count" in fact:
        return Count(fact["count"])
    facts = {name: _read(each) for name, each in fact["facts"].items()}
    return Message(fact["text"], facts, fact["many"])
