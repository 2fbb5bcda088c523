"""A survey's form: the values of its fields, and what is wrong with them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from fastapi import Request
from msgspec import structs
from pydantic import ValidationError

from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from services.dispatcher.surveys.draft_fields import (
    ADAPTIVE,
    DEFAULTS,
    FOLLOW_UPS,
    NO,
    NUMBERS,
    REMINDERS,
    STRINGS,
    TEXT_FIELDS,
    TIME_RULES,
    YES,
    draft_fields,
)
from services.dispatcher.surveys.field_labels import ADD_LANGUAGE, label_of, shown_value
from services.dispatcher.surveys.labels import (
    DELAY_TOO_LONG,
    FIELD_LABELS,
    MADE_ALREADY,
    NO_LANGUAGE,
    REMEDIES,
    SURVEY_CHANGED,
)
from services.dispatcher.surveys.question_forms import (
    SLOTS,
    TypedQuestions,
    remedy_of,
    rows_of,
    words_of_row,
)
from services.dispatcher.surveys.refusals import DraftRefused
from services.dispatcher.surveys.schemas import SurveyBody
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from services.dispatcher.typed_times import typed_time
from shared.conditions.rows import (
    can_be_rows,
    faulty_name,
    label_of_row,
    row_fields,
    row_numbers,
    rows_body,
)
from shared.events.conditions import Condition
from shared.http.form_texts import read_texts
from shared.http.numbers import whole_number
from shared.http.validation_errors import faults_of_body
from shared.pages.language import spoken
from shared.values.languages import language_tag
from shared.values.messages import Message, message

NEW_ID = "new_id"
"""The field with the id of the survey that a form makes."""
ADDED = "added_languages"
"""The field with the further languages whose fields were asked for."""
NOTHING_SAVED = message("Nothing was saved.")


@dataclass(frozen=True)
class DraftForm:
    """The form as it was typed: a fault never clears a field."""

    fields: dict[str, str]
    faults: dict[str, Message | str] = field(default_factory=dict)
    refusal: Message | None = None
    """Why it was not saved."""
    stored: Condition | None = None
    """The conditions of the survey as it is stored."""
    stored_survey: bool = False
    """Whether it is the form of a survey that is there."""
    new_language: str = ""
    """The language for whose words fields were just added."""

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def seen(self) -> int | None:
        """The version of the survey that the form was rendered from."""
        return whole_number(self["version"])

    @property
    def moves_last(self) -> bool:
        """Whether its place was emptied: the survey is to be the last."""
        return "position" in self.fields and not self["position"].strip()

    @property
    def languages(self) -> set[str]:
        """The languages that have words of their own."""
        return {name.partition(".")[0] for name, typed in self.fields.items() if "." in name and typed}

    @property
    def added_languages(self) -> list[str]:
        """Languages whose fields somebody has asked for, and the default one: words may be missing there."""
        tags = [*self[ADDED].split(","), self["default_language"]]
        return list(dict.fromkeys(tag for each in tags if (tag := language_tag(each)) is not None))

    @property
    def condition_rows(self) -> range:
        """The numbers of the rows in which conditions are typed; none where they are more than rows."""
        return row_numbers(self.fields) if can_be_rows(self.stored) else range(0)

    @property
    def heading(self) -> str:
        """Why it was not saved; empty when nothing was refused."""
        return spoken(self.refusal or "")

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Each field with a fault once, by its label."""
        return [(name, f"{label_of(name)}: {self.fault(name)}") for name in self.faults]

    @property
    def asks_more(self) -> bool:
        """Whether it has further questions."""
        return any(self[f"{slot}-kind"] for slot in SLOTS)

    def stands_out(self, name: str) -> bool:
        """Whether a field is not as in a new survey's form, or has a fault: then it is not folded away."""
        standard = DEFAULTS.get(name, "")
        return name in self.faults or self.fields.get(name, standard).strip() != standard

    def rows(self, slot: str) -> list[tuple[int, str]]:
        """The rows for the options of a further question: number, and words where there are any."""
        return [(row, words_of_row(self.fields, slot, row)) for row in rows_of(self.fields, slot)]

    def fault(self, name: str) -> str:
        """What is wrong with a field; empty when nothing is."""
        return spoken(self.faults.get(name, ""))

    def values(self) -> dict[str, Any]:
        """The body that the API would get; the state is not in the form."""
        body: dict[str, Any] = {name: self[name].strip() for name in STRINGS}
        for name in NUMBERS:
            typed = self[name].strip()
            # A page that was open before there was a field posts none.
            if typed or (name in self.fields and name not in self._may_be_empty):
                number = whole_number(typed)
                body[name] = typed if number is None else number
        for name, rule in TIME_RULES.items():
            if name in self.fields or name == "delay":  # as above
                body[rule.name] = typed_time(self.fields, name, rule.units)
        for name in ("anonymous", "neutral", "incentive", "stop_after_click"):
            if typed := self[name]:  # a page that was open before there was this field posts none
                body[name] = {YES: True, NO: False}.get(typed, typed)
        body |= self._chosen()
        body["reminders"] = [{"after_days": _number_or(self[name].strip())} for name in self._reminders]
        if "programme" in self.fields:  # as above
            typed = self["programme"].strip()
            body["programme"] = {"every_days": _number_or(typed)} if typed else None
        body |= self._adaptive_sampling()
        body["conditions"] = self._conditions()
        questions = TypedQuestions(self.fields)
        body["questions"] = questions.structure()
        body["texts"] = {
            language: {**self._texts(language), "questions": questions.words(language)}
            for language in sorted(self.languages)
        }
        return body

    @property
    def _may_be_empty(self) -> tuple[str, ...]:
        """The numbers in whose place something fits: in a survey that is there the days stay written."""
        return ("position",) if self.stored_survey else ("position", "quarantine_days")

    def _chosen(self) -> dict[str, Any]:
        """What is chosen of a list; a page that was open before there was a list posts none."""
        read: dict[str, Callable[[str], tuple[str, Any]]] = {
            "quarantine_scope": lambda typed: ("quarantine", {"scope": typed}),
            "layout": lambda typed: ("layout", typed),
            "channels": lambda typed: ("channels", typed.split(",")),
        }
        return dict(of(self[name]) for name, of in read.items() if self[name])

    def draft(self, **more: Any) -> SurveyDraft:
        """What was typed, as a draft. Conditions that were left as they are may be older than today's rules.

        :param more: of the body, what is not in the form.
        :raises ValidationError: naming the fields.
        """
        body = {**self.values(), **more}
        if not self._keeps_conditions:
            return SurveyBody.model_validate(body).draft()
        del body["conditions"]
        return structs.replace(SurveyBody.model_validate(body).draft(), conditions=self.stored)

    def with_faults(self, error: ValidationError) -> "DraftForm":
        """The same with what is wrong beside each field."""
        faults: dict[str, Message | str] = {}
        errors, questions = error.errors(), TypedQuestions(self.fields)
        # Only the first hundred are described.
        for each, fault in zip(errors, faults_of_body(error), strict=False):
            name = fault["field"].strip("/").replace("texts/", "").replace("/", ".")
            name = "quarantine_scope" if name == "quarantine.scope" else name
            name = "channels" if name.startswith("channels.") else name
            if (place := questions.place(name)) is not None:
                faults.setdefault(place, remedy_of(name, each["type"]) or fault["detail"])
            elif not name:
                faults.setdefault("delay", DELAY_TOO_LONG)
            elif name.startswith(("reminders", "adaptive_sampling")):
                note = self._note_reminder if name.startswith("reminders") else self._note_adaptive
                note(faults, name, fault["detail"])
            elif name.partition(".")[0] == "programme":
                faults.setdefault("programme", REMEDIES["programme"] if "." in name else fault["detail"])
            elif name.partition(".")[0] == "conditions":
                faults.setdefault(faulty_name(self.fields, name.split(".")[1:]), fault["detail"])
            elif time := next((own for own, rule in TIME_RULES.items() if rule.name == name), None):
                faults.setdefault(time, fault["detail"] if each["type"] == "value_error" else REMEDIES[time])
            elif name.endswith(".[key]"):
                unknown = message("There is no language of this name.")
                faults.setdefault(f"{name.partition('.')[0]}.occasion", unknown)
            elif each["type"] == "string_too_long" and name not in REMEDIES:
                faults.setdefault(name, message("Write at most 1,000 characters."))
            else:
                faults.setdefault(name, REMEDIES.get(name, fault["detail"]))
        return replace(self, faults=faults, refusal=NOTHING_SAVED)

    def refused(self, why: DraftRefused) -> "DraftForm":
        """The same with why such a survey is not made; the fields of the API have these names here, too."""
        return replace(self, faults={why.field: why.remedy}, refusal=NOTHING_SAVED)

    def _note_reminder(self, faults: dict[str, Message | str], name: str, detail: Message | str) -> None:
        """A fault of one of the reminders, or of the last one where they do not fit each other."""
        _, _, place = name.partition(".")
        number = whole_number(place.partition(".")[0])
        field_name = self._reminders[-1 if number is None else number]
        faults.setdefault(field_name, detail if number is None else REMEDIES[field_name])

    def with_language(self) -> "DraftForm":
        """The same with fields for the words of one more language, or with what is wrong with its tag."""
        tag = language_tag(self[ADD_LANGUAGE])
        if tag is None or tag in {*STANDARD_LANGUAGES, *self.languages, *self.added_languages}:
            known = message("The fields of this language stand here already.")
            return replace(self, faults={ADD_LANGUAGE: known if tag is not None else NO_LANGUAGE})
        added = ",".join([*self[ADDED].split(","), tag] if self[ADDED] else [tag])
        return replace(self, fields={**self.fields, ADDED: added, ADD_LANGUAGE: ""}, new_language=tag)

    def made_already(self) -> "DraftForm":
        """The same of which another survey was made; saved once more it makes one of its own."""
        return replace(self, fields={**self.fields, NEW_ID: ""}, refusal=MADE_ALREADY)

    def _note_adaptive(self, faults: dict[str, Message | str], name: str, detail: Message | str) -> None:
        """A fault of a field of adaptive sampling, or of the whole: then of what is missing, or the first."""
        _, _, part = name.partition(".")
        margin = ADAPTIVE[1]
        field_name = f"adaptive_{part}" if part else margin if not self[margin].strip() else ADAPTIVE[0]
        faults.setdefault(field_name, REMEDIES.get(field_name, detail) if part else detail)

    def completed(self, current: StoredSurvey) -> "DraftForm":
        """The same; a field that the form did not send is as in the survey."""
        fields = {**form_of(current).fields, "version": "", **self.fields}
        return replace(self, fields=fields, stored=current.draft.conditions, stored_survey=True)

    def with_conflicts(self, current: StoredSurvey) -> "DraftForm":
        """The form of a survey that has changed meanwhile.

        What was typed stays and may be saved over what is stored by now, which is shown beside each field.
        """
        stored = form_of(current).fields
        faults: dict[str, Message | str] = {
            name: message("By now it is “%(value)s”.", value=shown_value(name, value))
            if (value := stored.get(name, ""))
            else message("By now it is empty.")
            for name, typed in self.fields.items()
            if (name in FIELD_LABELS or "." in name or label_of_row(name) or name.partition("-")[0] in SLOTS)
            and typed.strip() != stored.get(name, "")
        }
        fields = {**stored, **self.fields, "version": str(current.version)}
        return DraftForm(fields, faults, SURVEY_CHANGED, current.draft.conditions, stored_survey=True)

    def _conditions(self) -> Any:
        """What was typed; conditions that the form cannot show, or that mean the same, stay as they are."""
        if self._keeps_conditions:
            return msgspec.json.decode(msgspec.json.encode(self.stored))
        return rows_body(self.fields)

    @property
    def _keeps_conditions(self) -> bool:
        return not can_be_rows(self.stored) or rows_body(self.fields) == rows_body(row_fields(self.stored))

    def _adaptive_sampling(self) -> dict[str, Any]:
        """What was typed, by its name in the body; without dimension and margin there is none."""
        if ADAPTIVE[0] not in self.fields:  # a page that was open before there were these fields posts none
            return {}
        dimension, margin, window = (self[name].strip() for name in ADAPTIVE)
        if not dimension and not margin:
            return {"adaptive_sampling": None}
        typed = {"dimension": dimension or None, "margin": _number_or(margin) if margin else None}
        if window:
            typed["window_days"] = _number_or(window)
        return {"adaptive_sampling": typed}

    @property
    def _reminders(self) -> list[str]:
        """The fields of reminders that are filled in."""
        return [name for name in REMINDERS if self[name].strip()]

    def _texts(self, language: str) -> dict[str, Any]:
        own: dict[str, Any] = {name: self[f"{language}.{name}"].strip() or None for name in TEXT_FIELDS}
        own["follow_up"] = {
            outcome: self[f"{language}.follow_up.{outcome}"].strip() or None for outcome in FOLLOW_UPS
        }
        return own


async def read_form(request: Request) -> DraftForm:
    """What was typed.

    :raises Problem: 400 when a part of it is no text.
    """
    return DraftForm(await read_texts(request))


def form_of(survey: StoredSurvey) -> DraftForm:
    """The form of a survey as it is stored."""
    fields = {"version": str(survey.version), **draft_fields(survey.draft)}
    return DraftForm(fields, stored=survey.draft.conditions, stored_survey=True)


def _number_or(typed: str) -> int | str:
    """The whole number, or what was typed in its place."""
    number = whole_number(typed)
    return typed if number is None else number
