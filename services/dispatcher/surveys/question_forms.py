"""The further questions in a survey's form: two slots, each with rows for its options.

A row keeps the id of its option in a hidden field, so that other words make no other option; a slot keeps its
question's in the same way, with the kind that it is of.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from services.dispatcher.surveys.question_rules import QUESTION_ID
from shared.events import Question, SurveyTexts
from shared.events.nps import SCALE
from shared.events.questions import CHOICES, MAX_FURTHER_QUESTIONS, MAX_OPTIONS, OUTCOMES, YES_NO
from shared.values.messages import Message, message

Fields = Mapping[str, str]
SLOTS = tuple(f"q{number + 1}" for number in range(MAX_FURTHER_QUESTIONS))
OPENING_SLOT = SLOTS[0]
"""The one whose replies can let the other be asked."""
SCORES = tuple(str(score) for score in SCALE)
MIN_ROWS = 4
ON = "yes"
OPENS = "-opens"
"""The end of the name of a box that lets the next question be asked after a reply."""
LONGEST_ID = 30
KIND_LABELS = {
    "": message("Not asked"),
    "one_of": message("One of several options"),
    "several_of": message("Any of several options"),
    "yes_no": message("Yes or no"),
    "score": message("A number from 0 to 10"),
    "text": message("In their own words"),
}
SLOT_LABELS = {"q1": message("The third question"), "q2": message("The fourth question")}
OPENING_LABEL = message("Ask the fourth question only after some of its answers")
OPTION_LABEL = message("Option %(number)s")
OUTCOME_LABELS = {
    "detractor": message("Who gave 0 to 6"),
    "passive": message("Who gave 7 or 8"),
    "promoter": message("Who gave 9 or 10"),
}
NO_KIND = message("Choose how it is answered, or clear its words.")
NO_OUTCOME = message("Choose who is asked.")
TAKE_A_QUESTION_OUT = message(
    "A survey asks four questions at most. Take one of these out, or what is asked further by outcome."
)
NO_WORDS = message("Write it in one language at least, below.")
NO_OPTIONS = message("Write at least two options below, each with words of its own.")


def is_structure(name: str) -> bool:
    """Whether a field says what a question is, in whatever words."""
    slot, _, what = name.partition("-")
    return slot in SLOTS and (what in {"kind", *OUTCOMES} or name.endswith(OPENS))


def rows_of(fields: Fields, slot: str) -> range:
    """The numbers of the rows that are shown for a slot's options: two more than are in use."""
    used = [row for row in range(1, MAX_OPTIONS + 1) if _is_used(fields, slot, row)]
    return range(1, min(MAX_OPTIONS, max(MIN_ROWS, max(used, default=0) + 2)) + 1)


def words_of_row(fields: Fields, slot: str, row: int) -> str:
    """A row's words in the survey's default language, else in any; empty where it has none."""
    own = fields.get(f"{fields.get('default_language', '')}.{slot}.o{row}", "").strip()
    return own or next(_row_words(fields, slot, row), "")


def has_words(fields: Fields, slot: str) -> bool:
    """Whether anything is written for a slot, in any language."""
    pattern = re.compile(rf"[^.]+\.{slot}(\.o\d+)?")
    return any(pattern.fullmatch(name) and typed.strip() for name, typed in fields.items())


def fields_of(questions: tuple[Question, ...], texts: Mapping[str, SurveyTexts]) -> dict[str, str]:
    """The fields of stored questions; those of a slot without one are empty."""
    fields: dict[str, str] = {}
    stored: dict[str, Question] = dict(zip(SLOTS, questions, strict=False))
    opening = {value for each in questions if each.after is not None for value in each.after.chosen}
    for slot in SLOTS:
        question = stored.get(slot)
        fields |= {f"{slot}-kind": question.kind if question else ""}
        fields |= {f"{slot}-id": f"{question.kind}/{question.id}" if question else ""}
        for outcome in OUTCOMES:
            fields[f"{slot}-{outcome}"] = ON if question is None or outcome in question.shown_to else ""
        values = question.answers if question is not None and slot == OPENING_SLOT else ()
        for value in (*YES_NO, *SCORES):
            fields[f"{slot}-{value}-opens"] = ON if value in values and value in opening else ""
        for row, option in enumerate(question.options if question else (), 1):
            fields[f"{slot}-o{row}-id"] = option
            fields[f"{slot}-o{row}-opens"] = ON if slot == OPENING_SLOT and option in opening else ""
        if question is None:
            continue
        for language, own in texts.items():
            if (words := own.questions.get(question.id)) is not None:
                fields[f"{language}.{slot}"] = words.text
                for row, option in enumerate(question.options, 1):
                    fields[f"{language}.{slot}.o{row}"] = words.options.get(option, "")
    return fields


class TypedQuestions:
    """The questions that a form asks for, as the API would get them, and where their faults are shown."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._slots = [slot for slot in SLOTS if self._is_asked(slot)]
        self._options = {slot: self._options_of(slot) for slot in self._slots}
        self._ids: dict[str, str] = {}
        for slot in self._slots:
            self._ids[slot] = self._id_of(slot)  # which is none of those before it

    def structure(self) -> list[dict[str, Any]]:
        """The list ``questions``."""
        found: list[dict[str, Any]] = []
        for slot in self._slots:
            kind = self._fields.get(f"{slot}-kind", "")
            question: dict[str, Any] = {
                "id": self._ids[slot],
                "kind": kind,
                "shown_to": [each for each in OUTCOMES if self._fields.get(f"{slot}-{each}") == ON],
            }
            if kind in CHOICES:
                question["options"] = list(self._options[slot].values())
            if found and (opening := self._opening(found[0]["kind"])):
                question["after"] = {"question": found[0]["id"], "is": opening}
            found.append(question)
        return found

    def words(self, language: str) -> dict[str, Any]:
        """The member ``questions`` of the texts in one language."""
        found: dict[str, Any] = {}
        for slot in self._slots:
            options = self._options[slot] if self._fields.get(f"{slot}-kind") in CHOICES else {}
            typed = {
                id_: self._fields.get(f"{language}.{slot}.o{row}", "").strip() for row, id_ in options.items()
            }
            text = self._fields.get(f"{language}.{slot}", "").strip()
            if text or any(typed.values()):
                given = {id_: words for id_, words in typed.items() if words}
                found[self._ids[slot]] = {"text": text or None, "options": given}
        return found

    def place(self, name: str) -> str | None:
        """The field at which a fault of the API is shown, by its place there; None: of no question."""
        match name.split("."):
            case ["questions", number, *within] if number.isdecimal() and int(number) < len(self._slots):
                part = OUTCOMES[0] if within == ["shown_to"] else "kind"
                return f"{self._slots[int(number)]}-{part}"
            case ["questions", *_]:
                return f"{(self._slots or SLOTS)[-1]}-kind"
            case [language, "questions", id_, *within]:
                slot = next((slot for slot, own in self._ids.items() if own == id_), OPENING_SLOT)
                rows = {option: row for row, option in self._options.get(slot, {}).items()}
                row = next((rows[each] for each in within[1:] if each in rows), None)
                return f"{language}.{slot}" + (f".o{row}" if row is not None else "")
        return None

    def _is_asked(self, slot: str) -> bool:
        # Who takes a stored question out leaves its words; who wrote words has forgotten the kind.
        is_new = not self._fields.get(f"{slot}-id")
        return bool(self._fields.get(f"{slot}-kind")) or (is_new and has_words(self._fields, slot))

    def _typed(self, name: str) -> str:
        return self._fields.get(name, "").strip()

    def _opening(self, kind: str) -> list[str]:
        slot = self._slots[0]
        if slot != OPENING_SLOT:
            return []
        fixed = {"yes_no": YES_NO, "score": SCORES}.get(kind)
        rows = {value: value for value in fixed} if fixed is not None else self._rows_of(slot, kind)
        return [id_ for row, id_ in rows.items() if self._fields.get(f"{slot}-{row}-opens") == ON]

    def _rows_of(self, slot: str, kind: str) -> dict[str, str]:
        return {f"o{row}": id_ for row, id_ in self._options[slot].items()} if kind in CHOICES else {}

    def _options_of(self, slot: str) -> dict[int, str]:
        """The id of each row in use. One without an id gets one by its words."""
        rows = [row for row in range(1, MAX_OPTIONS + 1) if _is_used(self._fields, slot, row)]
        ids = {row: _known_id(self._fields.get(f"{slot}-o{row}-id", "")) for row in rows}
        taken = {id_ for id_ in ids.values() if id_}
        for row in rows:
            if not ids[row]:
                ids[row] = _new_id(words_of_row(self._fields, slot, row), f"option-{row}", taken)
                taken.add(ids[row])
        return ids

    def _id_of(self, slot: str) -> str:
        kind, _, id_ = self._fields.get(f"{slot}-id", "").partition("/")
        if kind == self._fields.get(f"{slot}-kind") and _known_id(id_):
            return id_
        own = self._fields.get(f"{self._fields.get('default_language', '')}.{slot}", "")
        words = own or next(
            (typed for name, typed in self._fields.items() if name.endswith(f".{slot}") and typed), ""
        )
        taken = {*self._ids.values(), *(each.partition("/")[2] for each in map(self._stored, SLOTS))}
        return _new_id(words, "question", taken)

    def _stored(self, slot: str) -> str:
        return self._fields.get(f"{slot}-id", "")


def remedy_of(name: str, kind: str) -> Message | None:
    """What to write in a field of a question, in the form's own terms; None: as the API words it.

    :param name: the place of the fault in the API.
    :param kind: of the fault.
    """
    last = name.rpartition(".")[2]
    if name == "questions":
        return TAKE_A_QUESTION_OUT
    if last == "kind":
        return NO_KIND
    if last == "shown_to" and kind == "too_short":
        return NO_OUTCOME
    if last == "options" and name.startswith("questions."):
        return NO_OPTIONS
    if name.startswith("questions.") and last.isdecimal():
        return NO_WORDS
    return None


def _is_used(fields: Fields, slot: str, row: int) -> bool:
    return next(_row_words(fields, slot, row), None) is not None


def _row_words(fields: Fields, slot: str, row: int) -> Iterator[str]:
    return (
        typed.strip() for name, typed in fields.items() if name.endswith(f".{slot}.o{row}") and typed.strip()
    )


def _known_id(typed: str) -> str:
    return typed if re.fullmatch(QUESTION_ID, typed) else ""


def _new_id(words: str, fallback: str, taken: set[str]) -> str:
    """An id that says what the words say, in the letters that an id may have."""
    plain = unicodedata.normalize("NFKD", words.casefold().replace("ø", "o").replace("æ", "ae"))
    letters = "".join(letter if letter.isascii() else "" for letter in plain)
    made = re.sub(r"[^a-z0-9]+", "-", letters).strip("-0123456789")[:LONGEST_ID].rstrip("-") or fallback
    return next(name for name in (made, *(f"{made}-{n}" for n in range(2, 100))) if name not in taken)
