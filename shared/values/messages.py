"""Messages for people that rules return: an English text with its facts, translated where it is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Message(msgspec.Struct, frozen=True):
    """``str()`` gives it in English; ``shared.pages.language.spoken`` in the reader's language."""

    text: str
    """In English, with ``%(name)s`` placeholders: the key of its translations."""
    facts: Mapping[str, Any] = {}
    """The values of the placeholders. One that is a ``Message`` is translated, too."""
    many: str | None = None
    """The plural of ``text``, chosen by the fact ``n``."""

    def __str__(self) -> str:
        text = self.text if self.many is None or self.facts["n"] == 1 else self.many
        return text % self.facts if self.facts else text


def message(text: str, many: str | None = None, /, **facts: Any) -> Message:
    """A message. The texts are literals, so that the extraction of messages finds them."""
    return Message(text, facts, many)


def sentences(parts: Sequence[Message]) -> Message:
    """The messages one after the other, as one."""
    facts = {f"sentence_{number}": part for number, part in enumerate(parts)}
    return Message(" ".join(f"%({name})s" for name in facts), facts)


def alternatives(words: Sequence[str]) -> Message:
    """Words that stay English, such as the values of a field, as an enumeration with “or”."""
    if len(words) == 1:
        return Message("%(last)s", {"last": words[0]})
    return message("%(first)s or %(last)s", first=", ".join(words[:-1]), last=words[-1])


class Count(int):
    """A fact that is written with the reader's thousands separators: 1,000 or 1.000."""

    def __str__(self) -> str:
        return f"{int(self):,}"


def translatable(text: str) -> str:
    """The text itself. Shows it to the extraction of messages, where it is translated later."""
    return text
