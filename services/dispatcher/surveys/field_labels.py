"""What the fields of a survey's form are called on its pages."""

import msgspec
from babel.core import Locale, UnknownLocaleError

from services.dispatcher.surveys.labels import CHOICES, FIELD_LABELS, TEXT_LABELS
from services.dispatcher.surveys.question_forms import (
    KIND_LABELS,
    OPENING_LABEL,
    OPENS,
    OPTION_LABEL,
    OUTCOME_LABELS,
    SLOT_LABELS,
    SLOTS,
    is_structure,
)
from shared.conditions.rows import MATCH, ROWS_LABEL, label_of_row
from shared.pages.language import reader_locale, spoken, translated
from shared.values.messages import message

ADD_LANGUAGE = "add_language"
"""The field for the tag of a language whose words are to be written."""
_NO_RULES = {
    MATCH: ROWS_LABEL,
    ADD_LANGUAGE: message("A further language"),
    "conditions": message("Conditions"),
}
"""The labels of fields that are no rules of a survey."""


def label_of(name: str) -> str:
    """What a field is called on the page, such as “The question (Danish)”."""
    language, _, text = name.partition(".")
    if (language or name).partition("-")[0] in SLOTS and not text:
        return _slot_label(name)
    if text.partition(".")[0] in SLOTS:
        return f"{_slot_label(text)} ({language_name(language)})"
    if text:
        label = spoken(TEXT_LABELS[text]) if text in TEXT_LABELS else text
        return f"{label} ({language_name(language)})"
    if row := label_of_row(name):
        return translated("Condition %(number)s, %(part)s") % {"number": row[0], "part": spoken(row[1])}
    found = _NO_RULES.get(name) or FIELD_LABELS.get(name)
    return spoken(found) if found is not None else name


def shown_value(name: str, value: str) -> str:
    """The value of a field as it is shown: in words where it was chosen or ticked."""
    if name in CHOICES:
        return spoken(CHOICES[name].get(value, value))
    if name.endswith("-kind"):
        return spoken(KIND_LABELS.get(value, value))
    return translated("Yes") if value and is_structure(name) else value


def language_name(tag: str) -> str:
    """A language in the reader's own, such as Danish; its tag where Babel does not know it."""
    try:
        return Locale.parse(tag.replace("-", "_")).get_display_name(reader_locale().locale) or tag
    except (UnknownLocaleError, ValueError):
        return tag


def _slot_label(name: str) -> str:
    """What a field of a further question is called, such as “The third question, option 2”."""
    slot, row, outcome = name[:2], name.partition(".o")[2], name.partition("-")[2]
    parts = [spoken(SLOT_LABELS[slot])]
    if row:
        parts.append(spoken(msgspec.structs.replace(OPTION_LABEL, facts={"number": row})))
    elif outcome in OUTCOME_LABELS:
        parts.append(spoken(OUTCOME_LABELS[outcome]))
    elif name.endswith(OPENS):
        parts.append(spoken(OPENING_LABEL))
    return ": ".join(parts)
