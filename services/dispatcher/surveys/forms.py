"""A survey's form: what stands in its fields, and what is wrong with them."""

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from babel.core import Locale, UnknownLocaleError
from fastapi import Request
from pydantic import ValidationError

from services.dispatcher.surveys.schemas import MINUTES_A_DAY
from services.dispatcher.surveys.survey_commands import StoredSurvey
from shared.http.numbers import whole_number
from shared.http.problems import Problem
from shared.http.text_safety import text_faults
from shared.http.validation_errors import faults_of

NUMBERS = ("quarantine_days", "link_days", "max_age_days", "position")
PLAIN = ("name", "trigger", "measurement", "default_language")
UNITS = {"minutes": 1, "hours": 60, "days": MINUTES_A_DAY}
"""What a delay can be written in, in minutes."""
FOLLOW_UPS = ("detractor", "passive", "promoter")
LABELS = {
    "name": "Name",
    "trigger": "Type of the events it asks about",
    "measurement": "What it measures",
    "delay": "Time between the event and the mail",
    "delay_unit": "Unit of that time",
    "quarantine_days": "Days before the same customer is asked again",
    "max_age_days": "Days after which an event is too old to ask about",
    "link_days": "Days for which the link in the mail can be answered",
    "position": "Place in the order",
    "default_language": "Language for customers of no other",
}
WORDS = {
    "occasion": "What it is about, such as “your delivery”",
    "subject": "Subject of the mail",
    "intro": "Line before the question",
    "question": "The question",
    "reason": "The question for the reason",
    "follow_up.detractor": "Asked further after 0 to 6",
    "follow_up.passive": "Asked further after 7 or 8",
    "follow_up.promoter": "Asked further after 9 or 10",
    "thanks": "Thanks",
}
REMEDIES = {
    "name": "Give the survey a name of at most 200 characters.",
    "trigger": "Write one type of event without blanks, such as order.delivered; a * may end it.",
    "measurement": "Choose one purchase or contact, or the whole relation.",
    "delay": "Write a whole number, 0 or more; a year is the most.",
    "quarantine_days": "Write a whole number of days from 0 to 3650.",
    "max_age_days": "Write a whole number of days from 1 to 365.",
    "link_days": "Write a whole number of days from 1 to 365.",
    "position": "Write a whole number from 1 to 1,000,000, or leave it empty.",
    "default_language": "Write the short name of a language in small letters, such as en.",
}
"""What to write in each field, for people; the JSON door says it in its own terms."""
_TOO_SLOW = (
    "The mail would leave when the event is too old to ask about, so nobody would ever be asked. Write a "
    "shorter time here, or more days after which an event is too old."
)
DEFAULTS = {
    "name": "",
    "trigger": "",
    "measurement": "transactional",
    "default_language": "en",
    "delay": "1",
    "delay_unit": "days",
    "quarantine_days": "90",
    "link_days": "30",
    "max_age_days": "7",
    "position": "",
}


@dataclass(frozen=True)
class SurveyForm:
    """The form as it was typed: never cleared by a fault."""

    fields: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)
    heading: str = ""
    """Why it was not saved; empty when nothing was refused."""

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def seen(self) -> int | None:
        """The version of the survey that the reader saw."""
        return whole_number(self["version"])

    @property
    def languages(self) -> set[str]:
        """The languages that have words of their own."""
        return {name.partition(".")[0] for name, typed in self.fields.items() if "." in name and typed}

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Each field with a fault once, by its label."""
        return [(name, f"{label_of(name)}: {words}") for name, words in self.faults.items()]

    def values(self) -> dict[str, Any]:
        """As the JSON door would take it; the state is none of the form's."""
        found: dict[str, Any] = {name: self[name].strip() for name in PLAIN}
        for name in NUMBERS:
            typed = self[name].strip()
            if typed or name != "position":
                number = whole_number(typed)
                found[name] = typed if number is None else number
        delay, unit = whole_number(self["delay"].strip()), UNITS.get(self["delay_unit"])
        found["delay_minutes"] = "" if delay is None or unit is None else delay * unit
        found["texts"] = {language: self._texts(language) for language in sorted(self.languages)}
        return found

    def with_faults(self, error: ValidationError) -> "SurveyForm":
        """The same with what is wrong beside each field."""
        faults: dict[str, str] = {}
        found = error.errors()
        told = faults_of([{**one, "loc": ("body", *one["loc"])} for one in found])
        for one, fault in zip(found, told, strict=False):  # only the first hundred are told
            name = fault["field"].strip("/").replace("texts/", "").replace("/", ".")
            if not name:
                faults.setdefault("delay", _TOO_SLOW)
            elif name == "delay_minutes":
                faults.setdefault("delay", REMEDIES["delay"])
            elif name.endswith(".[key]"):
                faults.setdefault(f"{name.partition('.')[0]}.occasion", "There is no language of this name.")
            elif one["type"] == "string_too_long" and name not in REMEDIES:
                faults.setdefault(name, "Write at most 1,000 characters.")
            else:
                faults.setdefault(name, REMEDIES.get(name, fault["detail"]))
        return replace(self, faults=faults, heading="Nothing was saved.")

    def over(self, now: StoredSurvey) -> "SurveyForm":
        """The same; what the form did not show stays as it stands."""
        return replace(self, fields={**form_of(now).fields, "version": "", **self.fields})

    def overtaken(self, now: StoredSurvey) -> "SurveyForm":
        """Somebody else has changed the survey: what was typed is still here, beside each field stands what
        is there now, and it may be saved over that.
        """
        stands = form_of(now).fields
        faults = {
            name: f"By now it is “{words}”." if (words := stands.get(name, "")) else "By now it is empty."
            for name, typed in self.fields.items()
            if (name in LABELS or "." in name) and typed.strip() != stands.get(name, "")
        }
        heading = (
            "Nothing was saved: somebody changed this survey, or how you send, since the page was drawn. "
            "Your words are still here; save again to keep yours."
        )
        return SurveyForm({**stands, **self.fields, "version": str(now.version)}, faults, heading)

    def _texts(self, language: str) -> dict[str, Any]:
        own: dict[str, Any] = {word: self[f"{language}.{word}"].strip() or None for word in _WORDS}
        own["follow_up"] = {
            outcome: self[f"{language}.follow_up.{outcome}"].strip() or None for outcome in FOLLOW_UPS
        }
        return own


def blank_form() -> SurveyForm:
    """A new survey's form."""
    return SurveyForm(dict(DEFAULTS))


def form_of(survey: StoredSurvey) -> SurveyForm:
    """The form of a survey as it stands."""
    draft = survey.draft
    unit = next(unit for unit in reversed(UNITS) if draft.delay_minutes % UNITS[unit] == 0)
    if draft.delay_minutes == 0:
        unit = "minutes"
    fields = {
        "version": str(survey.version),
        "delay": str(draft.delay_minutes // UNITS[unit]),
        "delay_unit": unit,
    }
    for name in (*PLAIN, *NUMBERS):
        value = getattr(draft, name)
        fields[name] = "" if value is None else str(value)
    for language, texts in draft.texts.items():
        told = msgspec.to_builtins(texts)
        fields |= {f"{language}.{word}": told.get(word) or "" for word in _WORDS}
        fields |= {
            f"{language}.follow_up.{outcome}": told["follow_up"][outcome] or "" for outcome in FOLLOW_UPS
        }
    return SurveyForm(fields)


def label_of(name: str) -> str:
    """What a field is called on the page, such as “The question (Danish)”."""
    language, _, word = name.partition(".")
    return f"{WORDS.get(word, word)} ({language_name(language)})" if word else LABELS.get(name, name)


def language_name(tag: str) -> str:
    """A language in English; its short name where nobody has told us more."""
    try:
        return Locale.parse(tag.replace("-", "_")).get_display_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag


async def read_form(request: Request) -> SurveyForm:
    """What somebody has typed.

    :raises Problem: when a part of it is no text.
    """
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    if faults := text_faults(dict(form)):
        raise Problem(400, errors=faults)
    return SurveyForm(form)


_WORDS = tuple(word for word in WORDS if "." not in word)
