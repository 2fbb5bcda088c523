"""What is in a row or a record, however it is encoded."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec


def texts_in(value: Any) -> Iterator[str]:
    """Every text, number and time in a value, those of encoded events included."""
    match value:
        case dict():
            for each in value.values():
                yield from texts_in(each)
        case list() | tuple():
            for each in value:
                yield from texts_in(each)
        case bytes() | memoryview():
            try:
                yield from texts_in(msgspec.json.decode(bytes(value)))
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield bytes(value).hex()
                yield bytes(value).decode(errors="replace")
        case datetime():
            yield value.astimezone(UTC).isoformat()
        case None:
            return
        case _:
            yield str(value)
