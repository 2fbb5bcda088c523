"""Texts with placeholders such as {name}."""

import re
from collections.abc import Callable, Collection, Mapping

_PLACEHOLDER = re.compile(r"\{([^{}\r\n]*)\}")
MAX_NAMED_CHARS = 40
"""Of an unknown placeholder, where it is named."""


def unknown_placeholder(text: str, known: Collection[str]) -> str | None:
    """The first placeholder that is none of the known ones, with its braces; None: all are."""
    for found in _PLACEHOLDER.finditer(text):
        if found[1] not in known:
            return found[0] if len(found[0]) <= MAX_NAMED_CHARS else f"{found[0][:MAX_NAMED_CHARS]}…"
    return None


def placeholders_of(text: str) -> set[str]:
    """The names of the placeholders in a text."""
    return {found[1] for found in _PLACEHOLDER.finditer(text)}


def filled(text: str, values: Mapping[str, str], written: Callable[[str], str] = str) -> str:
    """The text with its values; a placeholder without a value stays as it is.

    What a value holds is never read as a placeholder.
    """
    return _PLACEHOLDER.sub(lambda found: written(values[found[1]]) if found[1] in values else found[0], text)


def listed(names: Collection[str]) -> str:
    """The placeholders as people write them: {name}, {number}."""
    return ", ".join(f"{{{name}}}" for name in names)
