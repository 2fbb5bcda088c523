"""What differs between two versions of a survey: of its words, or of its rules, too."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.draft_fields import TIME_RULES, draft_fields
from services.dispatcher.surveys.field_labels import label_of, shown_value
from services.dispatcher.surveys.question_forms import is_structure
from services.dispatcher.typed_times import time_in_words
from shared.conditions.labels import condition_sentence

VERSIONED = ("measurement", "layout", "edit", "default_language")
"""The fields that are of a version of the words, beside the words and the questions."""
HARMLESS = ("name", "position", "sender_name", "reply_to")
"""The fields that change neither the words nor whom a survey asks, and when."""


@dataclass(frozen=True)
class FieldChange:
    """A field that is not the same in two versions."""

    name: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """What the field is called on the page."""
        return label_of(self.name)

    @property
    def is_text(self) -> bool:
        """Whether it is a text in one language, in whose place the standard words stand where it is empty."""
        return "." in self.name


def changes_between(older: SurveyDraft, newer: SurveyDraft, *, rules: bool = False) -> list[FieldChange]:
    """The fields that differ, those of the words last; an empty one has no own words, or is not set.

    :param rules: the rules, too. The state is none of them.
    """
    before, after = _shown(older, rules=rules), _shown(newer, rules=rules)
    names = list(dict.fromkeys([*before, *after]))
    return [
        FieldChange(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]


def is_felt(changes: Sequence[FieldChange]) -> bool:
    """Whether customers are asked otherwise by any of them."""
    return any(change.name not in HARMLESS for change in changes)


def _shown(draft: SurveyDraft, *, rules: bool) -> dict[str, str]:
    """The fields in words; a time is one, and so are all conditions."""
    fields = draft_fields(draft)
    left_out = {f"{name}_unit" for name in TIME_RULES}
    shown = {
        name: shown_value(name, value)
        for name, value in fields.items()
        if name not in left_out
        and not name.startswith("condition_")
        and not name.endswith("-id")
        and (rules or name in VERSIONED or "." in name or is_structure(name))
    }
    for name, rule in TIME_RULES.items():
        if name in shown:
            shown[name] = time_in_words(getattr(draft, rule.name), rule.units)
    if rules and draft.conditions is not None:
        shown["conditions"] = condition_sentence(draft.conditions)
    return shown
