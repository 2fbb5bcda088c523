"""The fields of a survey's form, as they are for a survey that is there."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from services.dispatcher.surveys.answer_schemas import api_fields
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.labels import TEXT_LABELS
from services.dispatcher.surveys.question_forms import fields_of
from services.dispatcher.surveys.schemas import INTEGERS
from services.dispatcher.typed_times import HOUR_UNITS, MINUTE_UNITS, time_fields
from shared.conditions.rows import can_be_rows, row_fields
from shared.events import SurveyTexts
from shared.events.surveys import MAX_REMINDERS, STANDARD_WINDOW_DAYS


class TimeRule(NamedTuple):
    """A rule that is written as a number and a unit."""

    name: str
    """In the API."""
    units: Mapping[str, int]


TIME_RULES = {
    "delay": TimeRule("delay_minutes", MINUTE_UNITS),
    "holding": TimeRule("holding_minutes", MINUTE_UNITS),
    "edit": TimeRule("edit_hours", HOUR_UNITS),
}
"""By the names of their fields."""
NUMBERS = tuple(name for name in INTEGERS if name not in {rule.name for rule in TIME_RULES.values()})
ADAPTIVE = ("adaptive_dimension", "adaptive_margin", "adaptive_window_days")
STRINGS = ("name", "trigger", "measurement", "default_language", "touchpoint", "sender_name", "reply_to")
REMINDERS = tuple(f"reminder_{number}" for number in range(1, MAX_REMINDERS + 1))
YES, NO = "yes", "no"
FOLLOW_UPS = ("detractor", "passive", "promoter")
TEXT_FIELDS = tuple(name for name in TEXT_LABELS if "." not in name)


def draft_fields(draft: SurveyDraft) -> dict[str, str]:
    """The fields of the form of a survey, as they would be typed."""
    values = api_fields(draft)
    fields = {name: "" if values[name] is None else str(values[name]) for name in (*STRINGS, *NUMBERS)}
    fields["quarantine_scope"] = draft.quarantine_scope
    fields["layout"] = draft.layout
    # Where a link stands among them does not matter: it is asked for.
    fields["channels"] = ",".join(sorted(draft.channels, key=lambda channel: channel == "link"))
    fields["anonymous"] = YES if draft.anonymous else NO
    fields["neutral"] = YES if draft.neutral else NO
    fields["incentive"] = YES if draft.incentive else NO
    fields["stop_after_click"] = YES if draft.stop_after_click else NO
    fields["programme"] = str(draft.programme.every_days) if draft.programme is not None else ""
    fields |= _adaptive_fields(draft)
    days = [str(reminder.after_days) for reminder in draft.reminders]
    fields |= dict(zip(REMINDERS, [*days, "", ""], strict=False))
    for name, rule in TIME_RULES.items():
        fields |= time_fields(name, getattr(draft, rule.name), rule.units)
    if can_be_rows(draft.conditions):
        fields |= row_fields(draft.conditions)
    fields |= fields_of(draft.questions, draft.texts)
    for language, texts in draft.texts.items():
        fields |= _text_fields(language, texts)
    return fields


def _adaptive_fields(draft: SurveyDraft) -> dict[str, str]:
    adaptive = draft.adaptive_sampling
    if adaptive is None:
        return dict(zip(ADAPTIVE, ("", "", str(STANDARD_WINDOW_DAYS)), strict=True))
    values = (adaptive.dimension, str(adaptive.margin), str(adaptive.window_days))
    return dict(zip(ADAPTIVE, values, strict=True))


def _text_fields(language: str, texts: SurveyTexts) -> dict[str, str]:
    own = msgspec.to_builtins(texts)
    fields = {f"{language}.{name}": own.get(name) or "" for name in TEXT_FIELDS}
    follow_up = own["follow_up"]
    return fields | {f"{language}.follow_up.{outcome}": follow_up[outcome] or "" for outcome in FOLLOW_UPS}


DEFAULTS = {**draft_fields(SurveyDraft(name="", trigger="")), "quarantine_scope": "", "quarantine_days": ""}
"""A new survey's form. Which quarantine it gets, where none is chosen, depends on what it measures, and on
how often a programme asks."""
