"""What differs between two versions of a survey's words."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.dispatcher.surveys.domain import SurveyVersion
from services.dispatcher.surveys.draft_fields import word_fields
from services.dispatcher.surveys.field_labels import label_of, shown_value
from services.dispatcher.typed_times import hours_in_words


@dataclass(frozen=True)
class WordChange:
    """A field that is not the same in two versions."""

    label: str
    before: str
    after: str


def changes_between(older: SurveyVersion, newer: SurveyVersion) -> list[WordChange]:
    """The fields that differ, in the order in which they stand in the form; an empty one has no own words."""
    before, after = word_fields(older.draft), word_fields(newer.draft)
    names = list(dict.fromkeys([*before, *after]))
    return [
        WordChange(label_of(name), _shown(name, before), _shown(name, after))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]


def _shown(name: str, fields: Mapping[str, str]) -> str:
    value = fields.get(name, "")
    return hours_in_words(int(value)) if name == "edit" and value else shown_value(name, value)
