"""The words of surveys as they are kept."""

import msgspec

from shared.events import SurveyTexts

STANDARD_LANGUAGES = ("en", "da", "nl")
"""The languages that our own words are complete in."""
_decoder = msgspec.json.Decoder(dict[str, SurveyTexts])


def read_texts(kept: bytes) -> dict[str, SurveyTexts]:
    """A version's own words by language."""
    return _decoder.decode(kept)


def write_texts(texts: dict[str, SurveyTexts]) -> bytes:
    """The form in which they are kept: equal words are equal bytes."""
    return msgspec.json.encode({language: texts[language] for language in sorted(texts)})
