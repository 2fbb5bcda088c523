"""The placeholders in a survey's texts, such as ``{company}``: which exist, and how they are filled.

This is the only grammar of them. ``{name}`` is replaced by a value; ``{{`` and ``}}`` are braces themselves.
When a survey is saved, anything else in braces is refused (``placeholder_faults``); in texts that were stored
before that rule, it is shown as it was written.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from msgspec import UNSET

from shared.events.questions import QuestionTexts
from shared.events.surveys import FollowUp, SurveyTexts
from shared.values.messages import Message, message, translatable

PLACEHOLDERS: Final = {
    "company": translatable("the company's name"),
    "occasion": translatable("what it is about, such as “your delivery”"),
    "day": translatable("the day on which that was, such as “17 November”"),
    "touchpoint": translatable("where it was; what it is about, when the event does not say"),
}
"""The meaning of each, in the order in which they are listed."""
OCCASION_PLACEHOLDERS: Final = tuple(name for name in PLACEHOLDERS if name != "occasion")
"""The placeholders in a survey's text for its occasion, which cannot contain itself."""
MAX_PLACEHOLDER_LENGTH: Final = 1_000
"""Characters of a filled text that is stored and published: as many as an event's ``Text`` takes."""

# In this order: a doubled pair around a word is the placeholder of other tools.
_TOKEN = re.compile(r"\{\{\s*\w+\s*\}\}|\{\{|\}\}|\{([^{}]*)\}|[{}]")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced by values, in one pass: braces in a value have no meaning.

    Line breaks in a value become blanks, so that it cannot begin another header of a mail. The result is
    plain text, not escaped for HTML.
    """

    def filled(token: re.Match[str]) -> str:
        whole, name = token[0], token[1]
        if name in PLACEHOLDERS and name in values:
            return " ".join(values[name].split())
        if whole.startswith("{{") or whole == "}}":
            return whole.replace("{{", "{").replace("}}", "}")
        return whole

    return _TOKEN.sub(filled, text)


def placeholder_faults(text: str, known: Collection[str] = PLACEHOLDERS) -> list[Message]:
    """What is wrong with a text, in sentences that say what to write instead; empty if it is valid."""
    found: list[Message] = []
    for token in _TOKEN.finditer(text):
        whole, name = token[0], token[1]
        if whole in {"{{", "}}"} or (name is not None and name in known):
            continue
        if whole.startswith("{{"):
            found.append(
                message(
                    "%(braces)s would be shown as it stands: a placeholder has one pair of braces.",
                    braces=whole,
                )
            )
        elif name is None:
            found.append(
                message(
                    "A %(brace)s stands alone. Write %(pair)s for a brace itself.",
                    brace=whole,
                    pair=whole * 2,
                )
            )
        else:
            found.append(message("There is no %(placeholder)s.", placeholder=whole))
    if found:
        names = ", ".join(f"{{{name}}}" for name in known)
        found.append(message("These placeholders exist: %(names)s.", names=names))
    return [fault for number, fault in enumerate(found) if fault not in found[:number]]


def filled_texts(texts: SurveyTexts, values: Mapping[str, str]) -> SurveyTexts:
    """All texts of a language, filled. The occasion is a value itself, so it is filled before."""

    def filled(text: str | None, max_length: int | None = None) -> str | None:
        return fill(text, values)[:max_length] if text else None

    return msgspec.structs.replace(
        texts,
        **{name: filled(getattr(texts, name)) for name in PUBLISHED_TEXTS},
        # The question is stored and published with its answer.
        follow_up=FollowUp(
            **{
                name: filled(getattr(texts.follow_up, name), MAX_PLACEHOLDER_LENGTH)
                for name in texts.follow_up.__struct_fields__
            }
        ),
        question_texts=UNSET
        if texts.question_texts is UNSET
        else {
            id_: QuestionTexts(
                text=fill(words.text, values)[:MAX_PLACEHOLDER_LENGTH],
                options={
                    option: fill(text, values)[:MAX_PLACEHOLDER_LENGTH]
                    for option, text in words.options.items()
                },
            )
            for id_, words in texts.questions.items()
        },
    )


PUBLISHED_TEXTS: Final = tuple(
    name for name in SurveyTexts.__struct_fields__ if name not in {"follow_up", "occasion", "question_texts"}
)
"""The texts of a survey that are shown as they are, once filled."""


def own_occasion(texts: SurveyTexts) -> str | None:
    """The survey's own text for its occasion, in the language of these texts."""
    return None if texts.occasion is UNSET else texts.occasion or None
