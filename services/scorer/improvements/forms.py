"""What the pages of actions send. What is wrong is said beside its field, and nothing typed is lost."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.scorer.improvements.domain import (
    DEFAULT_COMPARED_DAYS,
    MAX_EXPECTED_POINTS,
    MAX_PUBLISHED_CHARS,
    MAX_REASON_CHARS,
    ImprovementAct,
    KeptImprovement,
)
from services.scorer.improvements.schemas import ImprovementBody, ImprovementMove
from shared.http.form_texts import day_of
from shared.http.numbers import whole_number
from shared.http.validation_errors import FieldFault, faults_of_body
from shared.pages.language import spoken
from shared.values.messages import message

_Short = Annotated[str, Field(max_length=40)]
_Line = Annotated[str, Field(max_length=2_000)]
_Texts = Annotated[str, Field(max_length=4 * MAX_PUBLISHED_CHARS)]
FORM_LANGUAGES = ("en", "da", "nl")
"""In which the page offers to write; a program may write in more, which the page keeps."""


class ImprovementForm(BaseModel):
    """The fields of each form of the pages."""

    model_config = ConfigDict(extra="ignore")

    act: Literal["", "save", "publish", "accept", "begin", "finish", "drop", "reopen"] = ""
    new_id: _Short = ""
    """Of a new action the form has it, so that it is opened once."""
    version: _Short = ""
    title: _Line = ""
    cause: _Short = ""
    theme: _Line = ""
    segment: _Line = ""
    measurement: _Short = "transactional"
    owner: _Line = ""
    due: _Short = ""
    expected: _Short = ""
    reason: Annotated[str, Field(max_length=4 * MAX_REASON_CHARS)] = ""
    days: _Short = str(DEFAULT_COMPARED_DAYS)
    text_en: _Texts = ""
    text_da: _Texts = ""
    text_nl: _Texts = ""

    @classmethod
    def of(cls, kept: KeptImprovement) -> Self:
        """What the forms about an action show."""
        one = kept.improvement
        return cls(
            version=str(one.version),
            title=one.title,
            cause=one.cause or "",
            theme=one.theme or "",
            segment=one.segment,
            measurement=one.measurement,
            owner=kept.owner or "",
            due=one.due.isoformat(),
            expected=str(one.expected or ""),
            **{f"text_{language}": one.texts.get(language, "") for language in FORM_LANGUAGES},
        )

    @property
    def seen_version(self) -> int:
        """The version that the form was rendered from."""
        return whole_number(self.version) or 0

    def body(self) -> tuple[ImprovementBody | None, dict[str, str]]:
        """The action that the form describes, as the API would get it; or what is wrong by field."""
        faults: dict[str, str] = {}
        if not self.title.strip():
            faults["title"] = spoken(message("Write what is to be done."))
        if not self.owner.strip():
            faults["owner"] = spoken(message("Write who sees to it."))
        due = day_of(self.due)
        if due is None:
            faults["due"] = spoken(message("Write a day like 2026-11-28."))
        expected = whole_number(self.expected.strip()) if self.expected.strip() else None
        if self.expected.strip() and not 1 <= (expected or 0) <= MAX_EXPECTED_POINTS:
            words = message("Write a number of points from 1 to %(most)s.", most=MAX_EXPECTED_POINTS)
            faults["expected"] = spoken(words)
        if faults:
            return None, faults
        try:
            body = ImprovementBody.model_validate(
                {
                    "version": self.seen_version,
                    "title": self.title,
                    "cause": self.cause or None,
                    "theme": self.theme.strip() or None,
                    "segment": self.segment,
                    "measurement": self.measurement,
                    "owner": self.owner,
                    "due": self.due.strip(),
                    "expected": expected,
                }
            )
        except ValidationError as error:
            return None, faults_by_field(faults_of_body(error))
        return body, {}

    def move(self, act: ImprovementAct | Literal["publish"], known: dict[str, str]) -> ImprovementMove:
        """What a button asks for, as the API would get it.

        :param known: the texts that are published: those in languages that the page does not offer stay.
        :raises ValidationError: for what is wrong with it.
        """
        texts = {
            **{language: text for language, text in known.items() if language not in FORM_LANGUAGES},
            **{language: getattr(self, f"text_{language}") for language in FORM_LANGUAGES},
        }
        return ImprovementMove.model_validate(
            {
                "act": act,
                "version": self.seen_version,
                "reason": self.reason.strip(),
                "days": whole_number(self.days),
                "texts": texts if act == "publish" else {},
            }
        )


def faults_by_field(found: list[FieldFault]) -> dict[str, str]:
    """What is refused, by the field of the form: a text by that of its language."""
    faults: dict[str, str] = {}
    for fault in found:
        parts = fault["field"].strip("/").split("/")
        name = f"text_{parts[1]}" if parts[0] == "texts" and len(parts) > 1 else parts[0]
        faults.setdefault("text_en" if name == "texts" else name, spoken(fault["detail"]))
    return faults
