"""The reader of a response: a person whose language its texts for people are in."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, cast

from fastapi import Request

from shared.http.context import http_of
from shared.values.messages import Message

LANGUAGE_COOKIE = "aw_language"
"""Holds the language that a member of staff has chosen; without it the browser's own decides."""
VARY = "Accept-Language, Cookie"
"""What the language of a response to staff and to programs depends on."""
_READER_KEY = "afterword.reader"
"""Of the scope of a request."""


class Reader(Protocol):
    """Who reads a response."""

    @property
    def language(self) -> str:
        """Of our texts in the response."""
        ...

    def spoken(self, words: Message | str) -> str:
        """The words in this language."""
        ...


class Readers(Protocol):
    """Finds the readers of a service's responses, and has their translations."""

    def reading(self, request: Request) -> AbstractContextManager[Reader]:
        """The reader of the response to this request, for whom all is translated inside the context."""
        ...


class _EnglishReader:
    language = "en"

    def spoken(self, words: Message | str) -> str:
        return str(words)


_ENGLISH = _EnglishReader()


def reading(request: Request) -> AbstractContextManager[Reader]:
    """The reader of the response to this request; of English in an application without translations."""
    readers = http_of(request).readers
    return nullcontext(_ENGLISH) if readers is None else readers.reading(request)


def spoken_to(request: Request, words: Message | str) -> str:
    """The words in the language of the request's reader, who is looked for once for each request."""
    if _READER_KEY not in request.scope:
        with reading(request) as reader:
            request.scope[_READER_KEY] = reader
    return cast("Reader", request.scope[_READER_KEY]).spoken(words)
