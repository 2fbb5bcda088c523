"""The words of surveys as they are stored."""

from collections.abc import Iterator

import msgspec

from shared.events import Question, SurveyTexts

STANDARD_LANGUAGES = ("en", "da", "nl", "de", "es", "fi", "fr", "nb", "sv")
"""The languages in which our words for customers are complete."""
Place = tuple[int | str, ...]
"""Where something stands in a body."""
_questions = msgspec.json.Decoder(tuple[Question, ...])
_decoder = msgspec.json.Decoder(dict[str, SurveyTexts])


def read_texts(stored: bytes) -> dict[str, SurveyTexts]:
    """A version's own words by language."""
    return _decoder.decode(stored)


def write_texts(texts: dict[str, SurveyTexts]) -> bytes:
    """The form in which they are stored: equal words are equal bytes."""
    return msgspec.json.encode({language: texts[language] for language in sorted(texts)})


def read_questions(stored: bytes) -> tuple[Question, ...]:
    """A version's further questions."""
    return _questions.decode(stored)


def write_questions(questions: tuple[Question, ...]) -> bytes:
    """The form in which they are stored: equal questions are equal bytes."""
    return msgspec.json.encode(questions)


def own_words(texts: SurveyTexts) -> Iterator[tuple[Place, str]]:
    """Each of the own words of a language, with its place among them."""
    own = msgspec.to_builtins(texts)
    for name, value in own.items():
        if isinstance(value, str):
            yield (name,), value
    for outcome, value in own["follow_up"].items():
        if value:
            yield ("follow_up", outcome), value
    for id_, question in texts.questions.items():
        yield ("questions", id_, "text"), question.text
        for option, words in question.options.items():
            yield ("questions", id_, "options", option), words
