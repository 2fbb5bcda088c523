"""Messages for people that rules return: an English text with its facts, translated where it is shown."""

from collections.abc import Mapping
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
