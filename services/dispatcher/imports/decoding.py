"""In which encoding a file is, and its lines as text: bounded, whatever the file holds."""

import codecs
from collections.abc import Iterator
from io import TextIOWrapper
from typing import BinaryIO, NamedTuple

from services.dispatcher.csv_tables import BadTable
from shared.values.messages import Count, message

MAX_LINE_CHARACTERS = 1_000_000
_SAMPLE_BYTES = 4_096
_CHUNK_BYTES = 32 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""In this order: the mark of UTF-32 begins as that of UTF-16 does."""
UNREADABLE = "\ufffd"
"""Stands for what is no character in the encoding, and for NUL, which no database keeps."""


class Decoded(NamedTuple):
    """A file as text."""

    encoding: str
    lines: Iterator[str]


def find_encoding(file: BinaryIO) -> str:
    """The encoding of a file: by its mark, else by its zeros, else UTF-8, else Windows-1252.

    A file of UTF-8 in which some bytes are broken is one all the same: they are faults of their cells.

    Reads the file in pieces, and leaves it at its beginning.
    """
    file.seek(0)
    sample = file.read(_SAMPLE_BYTES)
    file.seek(0)
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros) > len(sample) // 8:  # western text has a zero in every second byte
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    characters, broken = _characters_of_utf8(file)
    file.seek(0)
    # In a text of Windows-1252 hardly any two letters are by chance one character of UTF-8.
    return "utf-8" if characters > broken or not broken else "cp1252"


def _characters_of_utf8(file: BinaryIO) -> tuple[int, int]:
    """How many characters of more than one byte there are, and how many bytes belong to none."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    characters = broken = 0
    at_end = False
    while not at_end:
        chunk = file.read(_CHUNK_BYTES)
        at_end = not chunk
        text = decoder.decode(chunk, final=at_end)
        if not text.isascii():
            beyond = len(text) - len(text.encode("ascii", "ignore"))
            broken_here = len(text) - len(text.encode("utf-8", "ignore").decode())
            characters, broken = characters + beyond - broken_here, broken + broken_here
    return characters, broken


def decoded(file: BinaryIO) -> Decoded:
    """The lines of a file, each with its end; one of them is in memory at a time.

    Taking one raises ``BadTable`` when it is longer than any row is.
    """
    encoding = find_encoding(file)
    # Each row ends as its system writes it; a line break in a cell becomes "\n".
    text = TextIOWrapper(file, encoding, errors="replace", newline=None)
    return Decoded(encoding.removesuffix("-sig"), _lines(text))


def _lines(text: TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MAX_LINE_CHARACTERS):
        if len(line) == MAX_LINE_CHARACTERS and not line.endswith("\n"):
            raise BadTable(
                message(
                    "A line has more than %(most)s characters: this is no table of rows.",
                    most=Count(MAX_LINE_CHARACTERS),
                )
            )
        yield line.replace("\0", UNREADABLE)
    text.detach()
