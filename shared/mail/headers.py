"""Header fields by RFC 5322 and RFC 2047: ASCII, folded, and decoded to the same text."""

import re
from base64 import b64encode
from functools import lru_cache

MAX_ENCODED_WORD_LENGTH = 75
"""Characters of one encoded word, with its delimiters (RFC 2047, 2)."""
MAX_LINE_LENGTH = 76
"""Characters of a line with an encoded word (the same); others may have two more (RFC 5322, 2.1.1)."""
_WORD_BEGIN, _WORD_END = "=?utf-8?", "?="
_PLAIN = re.compile(r"[ !-~]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
"""A display name of these characters needs no quotes (RFC 5322, 3.2.3)."""
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
"""Bytes that need no encoding in an encoded word, in any header (RFC 2047, 5)."""


def one_line(text: str) -> str:
    """The text without line breaks, so that a name cannot begin another header."""
    return " ".join(text.split())


def field(name: str, value: str) -> str:
    """A field whose value is ASCII, or addresses with raw UTF-8; it is not folded."""
    return f"{name}: {one_line(value)}\r\n"


def text_field(name: str, text: str) -> str:
    """A field of free text, such as Subject."""
    return f"{name}: {_folded(one_line(text), used=len(name) + 2)}\r\n"


def mailbox_field(name: str, display: str, address: str) -> str:
    """A field with an address and its display name, such as From."""
    display = one_line(display)
    if not display:
        return field(name, address)
    used = len(name) + 2
    if len(display) <= MAX_LINE_LENGTH - used - 2 and _needs_no_encoding(display, MAX_LINE_LENGTH):
        if not _ATOMS.fullmatch(display):
            escaped = display.replace("\\", "\\\\").replace('"', '\\"')
            display = f'"{escaped}"'
    else:
        display = _encoded(display, used)
    last = len(display.rpartition("\r\n")[2]) + (0 if "\r\n" in display else used)
    between = " " if last + len(address) + 3 <= MAX_LINE_LENGTH else "\r\n "
    return f"{name}: {display}{between}<{address}>\r\n"


def _folded(text: str, used: int) -> str:
    """The text itself if it needs no encoding, folded at its blanks; else encoded words."""
    if not _needs_no_encoding(text, room := MAX_LINE_LENGTH - used):
        return _encoded(text, used)
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if len(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
            room = MAX_LINE_LENGTH - 1
    return "\r\n ".join(lines)


def _needs_no_encoding(text: str, room: int) -> bool:
    """Whether the text is printable ASCII, looks like no encoded word, and can be folded at its blanks."""
    return (
        _PLAIN.fullmatch(text) is not None
        and "=?" not in text
        and all(len(w) <= room for w in text.split(" "))
    )


def _encoded(text: str, used: int) -> str:
    """Encoded words, one on each line, each of whole characters; decoders join them without the blanks."""
    quoted = [_quoted(character) for character in text]
    size = len(text.encode(errors="replace"))
    # Quoted characters, which people and filters can read, unless base64 is much shorter.
    base64 = 2 * size < sum(map(len, quoted))
    lines: list[str] = []
    part, filled, room = "", 0, _capacity(min(MAX_ENCODED_WORD_LENGTH, MAX_LINE_LENGTH - used), base64=base64)
    for character, coded in zip(text, quoted, strict=True):
        size = len(character.encode(errors="replace")) if base64 else len(coded)
        if filled + size > room:
            lines.append(_encoded_word(part, base64=base64))
            part, filled, room = "", 0, _capacity(MAX_ENCODED_WORD_LENGTH, base64=base64)
        part += character
        filled += size
    return "\r\n ".join([*lines, _encoded_word(part, base64=base64)])


def _capacity(characters: int, *, base64: bool) -> int:
    """How many bytes, or quoted characters, fit into an encoded word of so many characters."""
    inner = characters - len(_WORD_BEGIN) - len("b?") - len(_WORD_END)
    return inner // 4 * 3 if base64 else inner


def _encoded_word(part: str, *, base64: bool) -> str:
    if base64:
        return f"{_WORD_BEGIN}b?{b64encode(part.encode(errors='replace')).decode()}{_WORD_END}"
    return f"{_WORD_BEGIN}q?{''.join(map(_quoted, part))}{_WORD_END}"


@lru_cache(4096)
def _quoted(character: str) -> str:
    """One character in the encoding of quoted characters."""
    return "".join(
        chr(byte) if byte in _SAFE else "_" if byte == ord(" ") else f"={byte:02X}"
        for byte in character.encode(errors="replace")
    )
