"""The words of surveys as they are kept, and as one mail says them."""

import msgspec

from shared.events import SurveyTexts

SPOKEN = ("en", "da", "nl")
"""The languages that our own words are complete in."""
_decoder = msgspec.json.Decoder(dict[str, SurveyTexts])


def read_texts(kept: bytes) -> dict[str, SurveyTexts]:
    """A version's own words by language."""
    return _decoder.decode(kept)


def write_texts(texts: dict[str, SurveyTexts]) -> bytes:
    """The form in which they are kept: equal words are equal bytes."""
    return msgspec.json.encode({language: texts[language] for language in sorted(texts)})


def said(texts: SurveyTexts, company: str) -> SurveyTexts:
    """The words as they are said: ``{company}`` in them is the company's name."""

    def filled(words: str | None) -> str | None:
        return words.replace("{company}", company) if words else None

    return msgspec.structs.replace(
        texts,
        subject=filled(texts.subject),
        intro=filled(texts.intro),
        question=filled(texts.question),
        reason=filled(texts.reason),
        thanks=filled(texts.thanks),
    )
