"""A survey's form: what stands in its fields, and what is wrong with them."""

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from fastapi import Request
from pydantic import ValidationError

from services.dispatcher.surveys import Survey
from shared.http.faults import faults_of
from shared.http.numbers import whole_number
from shared.http.problems import Problem
from shared.http.sound import unsound

NUMBERS = ("delay_minutes", "quarantine_days", "link_days", "max_age_days", "position")
PLAIN = ("name", "trigger", "measurement", "state", "default_language")
WORDS = ("subject", "intro", "question", "reason", "thanks")
OUTCOMES = ("detractor", "passive", "promoter")
DEFAULTS = {
    "name": "",
    "trigger": "",
    "measurement": "transactional",
    "state": "live",
    "default_language": "en",
    "delay_minutes": "1440",
    "quarantine_days": "90",
    "link_days": "30",
    "max_age_days": "7",
    "position": "",
}


@dataclass(frozen=True)
class Filled:
    """The form as it was typed: never cleared by a fault."""

    fields: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)

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

    def values(self) -> dict[str, Any]:
        """As the JSON door would take it."""
        found: dict[str, Any] = {name: self[name].strip() for name in PLAIN}
        for name in NUMBERS:
            typed = self[name].strip()
            if typed or name != "position":
                number = whole_number(typed)
                found[name] = typed if number is None else number
        found["texts"] = {language: self._texts(language) for language in sorted(self.languages)}
        return found

    def with_faults(self, error: ValidationError) -> "Filled":
        """The same with what is wrong beside each field."""
        faults = {}
        for fault in faults_of([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]):
            name = fault["field"].strip("/").replace("texts/", "").replace("/", ".")
            faults[name or "delay_minutes"] = fault["detail"]
        return replace(self, faults=faults)

    def overtaken(self, now: Survey) -> "Filled":
        """Somebody else has changed the survey: what was typed is still here, and may be saved over it."""
        said = (
            "Somebody changed this survey a moment ago. Your words are still here; save again to keep yours."
        )
        return Filled({**self.fields, "version": str(now.version)}, {"name": said})

    def _texts(self, language: str) -> dict[str, Any]:
        own: dict[str, Any] = {word: self[f"{language}.{word}"].strip() or None for word in WORDS}
        own["follow_up"] = {
            outcome: self[f"{language}.follow_up.{outcome}"].strip() or None for outcome in OUTCOMES
        }
        return own


def blank() -> Filled:
    """A new survey's form."""
    return Filled(dict(DEFAULTS))


def form_of(survey: Survey) -> Filled:
    """The form of a survey as it stands."""
    fields = {"version": str(survey.version)}
    for name in (*PLAIN, *NUMBERS):
        value = getattr(survey.draft, name)
        fields[name] = "" if value is None else str(value)
    for language, texts in survey.draft.texts.items():
        told = msgspec.to_builtins(texts)
        fields |= {f"{language}.{word}": told[word] or "" for word in WORDS}
        fields |= {
            f"{language}.follow_up.{outcome}": told["follow_up"][outcome] or "" for outcome in OUTCOMES
        }
    return Filled(fields)


async def filled(request: Request) -> Filled:
    """What somebody has typed.

    :raises Problem: when a part of it is no text.
    """
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    if faults := unsound(dict(form)):
        raise Problem(400, errors=faults)
    return Filled(form)
