"""What is posted to a model that labels comments, and what it answers: README.md has all of it. Pure."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from services.scorer.themes.domain import Theme

PROTOCOL_VERSION = 1
MAX_TEXT_CHARS = 5_000
"""Of a comment: what stands behind them is not sent."""
MAX_ANSWER_BYTES = 1_000_000


class ModelComment(msgspec.Struct, frozen=True):
    """A comment as it is sent."""

    id: str
    """Of this request alone."""
    language: str | None
    text: str


class ModelTheme(msgspec.Struct, frozen=True):
    """A theme as it is sent."""

    id: str
    name: str
    words: Mapping[str, tuple[str, ...]]
    """Its stems as they are written, by language."""


class ModelRequest(msgspec.Struct, frozen=True):
    """What is posted."""

    version: int
    comments: Sequence[ModelComment]
    themes: Sequence[ModelTheme]


class ModelLabel(msgspec.Struct, frozen=True):
    """What a model says of one comment."""

    id: str
    themes: tuple[str, ...]


class ModelAnswer(msgspec.Struct, frozen=True):
    """What it answers."""

    version: int
    labels: tuple[ModelLabel, ...]


class BadAnswer(Exception):
    """The answer is none of this protocol's; the message says why, and quotes nothing of it."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ModelAnswer).decode


def sent_theme(theme: Theme, name: str) -> ModelTheme:
    """A theme as it is sent.

    :param name: the company's, or ours.
    """
    return ModelTheme(theme.id, name, theme.stems)


def request_of(comments: Sequence[ModelComment], themes: Sequence[ModelTheme]) -> bytes:
    """The body of a request."""
    return _encode(ModelRequest(PROTOCOL_VERSION, comments, themes))


def read_answer(body: bytes, comments: Collection[str], themes: Collection[str]) -> dict[str, frozenset[str]]:
    """The ids of the themes that each comment names: none of one that the answer leaves out.

    Comments that were not sent, and themes that the company has not, are passed over.

    :param comments: the ids of those that were sent.
    :param themes: the ids of the company's.
    :raises BadAnswer: when it cannot be read.
    """
    if len(body) > MAX_ANSWER_BYTES:
        raise BadAnswer(f"it has more than {MAX_ANSWER_BYTES} bytes")
    try:
        answer = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer("it is not the JSON of the protocol") from error
    if answer.version != PROTOCOL_VERSION:
        raise BadAnswer(f"its version is not {PROTOCOL_VERSION}")
    found: dict[str, frozenset[str]] = dict.fromkeys(comments, frozenset())
    for label in answer.labels:
        if label.id in found:
            found[label.id] |= frozenset(label.themes) & frozenset(themes)
    return found
