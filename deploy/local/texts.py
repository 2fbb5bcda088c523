"""The text messages that a local stack has received. Each is one file."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from deploy.local.mail import links


class Text(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """A text message; ids sort by time of arrival."""

    id: str
    to: str
    sender: str
    text: str
    reference: str
    at: datetime

    @property
    def links(self) -> list[str]:
        """The addresses that it names."""
        return links(self.text)


class TextStore:
    """All texts in the order of their arrival, kept over restarts; each reference once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        kept = (msgspec.json.decode(path.read_bytes(), type=Text) for path in folder.glob("*.json"))
        self._texts = {text.id: text for text in sorted(kept, key=lambda text: text.id)}
        self._references = {text.reference: text for text in self._texts.values()}
        self._last = max((int(known) for known in self._texts), default=0)

    def add(self, to: str, sender: str, content: str, reference: str) -> Text:
        """Keep a text, unless it is there."""
        if known := self._references.get(reference):
            return known
        self._last = max(self._last + 1, time.time_ns())
        at = datetime.fromtimestamp(self._last / 1e9, UTC)
        text = Text(f"{self._last:019d}", to, sender, content, reference, at)
        unfinished = self._folder / f"{text.id}.new"
        unfinished.write_bytes(msgspec.json.encode(text))
        unfinished.replace(self._folder / f"{text.id}.json")
        self._texts[text.id] = self._references[reference] = text
        return text

    def after(self, text_id: str, to: str | None) -> Iterator[Text]:
        """The texts that arrived after the text of this id, oldest first."""
        return (text for text in self._texts.values() if text.id > text_id and (to is None or text.to == to))

    def newest_first(self) -> Iterator[Text]:
        """All of them."""
        return reversed(self._texts.values())
