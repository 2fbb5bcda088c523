"""The fields of a survey's form, as they are for a survey that is there."""

import msgspec

from services.dispatcher.surveys.answer_schemas import api_fields
from services.dispatcher.surveys.condition_rows import can_be_rows, row_fields
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.labels import TEXT_LABELS
from services.dispatcher.surveys.question_forms import fields_of, is_structure
from services.dispatcher.surveys.schemas import INTEGERS
from shared.events import SurveyTexts
from shared.events.surveys import MAX_REMINDERS, MINUTES_PER_DAY, STANDARD_WINDOW_DAYS

TIME_RULES = {"delay": "delay_minutes", "holding": "holding_minutes"}
"""The rules that are written as a number and a unit, by the names of their fields."""
NUMBERS = (*(name for name in INTEGERS if name not in TIME_RULES.values()), "edit_hours")
ADAPTIVE = ("adaptive_dimension", "adaptive_margin", "adaptive_window_days")
STRINGS = ("name", "trigger", "measurement", "default_language", "touchpoint", "sender_name", "reply_to")
REMINDERS = tuple(f"reminder_{number}" for number in range(1, MAX_REMINDERS + 1))
YES, NO = "yes", "no"
UNITS = {"minutes": 1, "hours": 60, "days": MINUTES_PER_DAY}
"""What such a time can be written in, in minutes."""
FOLLOW_UPS = ("detractor", "passive", "promoter")
TEXT_FIELDS = tuple(name for name in TEXT_LABELS if "." not in name)


def draft_fields(draft: SurveyDraft) -> dict[str, str]:
    """The fields of the form of a survey, as they would be typed."""
    values = api_fields(draft)
    fields = {name: "" if values[name] is None else str(values[name]) for name in (*STRINGS, *NUMBERS)}
    fields["quarantine_scope"] = draft.quarantine_scope
    fields["layout"] = draft.layout
    fields["channels"] = ",".join(sorted(draft.channels, reverse=True))
    fields["anonymous"] = YES if draft.anonymous else NO
    fields["neutral"] = YES if draft.neutral else NO
    fields["incentive"] = YES if draft.incentive else NO
    fields["programme"] = str(draft.programme.every_days) if draft.programme is not None else ""
    fields |= _adaptive_fields(draft)
    days = [str(reminder.after_days) for reminder in draft.reminders]
    fields |= dict(zip(REMINDERS, [*days, "", ""], strict=False))
    for name, rule in TIME_RULES.items():
        fields |= _time_fields(name, getattr(draft, rule))
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


def _time_fields(name: str, minutes: int) -> dict[str, str]:
    """A time in the largest unit in which it is a whole number."""
    unit = next(unit for unit in reversed(UNITS) if minutes % UNITS[unit] == 0) if minutes else "minutes"
    return {name: str(minutes // UNITS[unit]), f"{name}_unit": unit}


def word_fields(draft: SurveyDraft) -> dict[str, str]:
    """The fields that have versions, in the order of the form; those that are empty are left out."""
    versioned = ("measurement", "layout", "edit_hours", "default_language")
    fields = {
        name: value
        for name, value in draft_fields(draft).items()
        if name in versioned or "." in name or is_structure(name)
    }
    return {name: value for name, value in fields.items() if value}


def _text_fields(language: str, texts: SurveyTexts) -> dict[str, str]:
    own = msgspec.to_builtins(texts)
    fields = {f"{language}.{name}": own.get(name) or "" for name in TEXT_FIELDS}
    follow_up = own["follow_up"]
    return fields | {f"{language}.follow_up.{outcome}": follow_up[outcome] or "" for outcome in FOLLOW_UPS}


DEFAULTS = draft_fields(SurveyDraft(name="", trigger=""))
"""A new survey's form."""
