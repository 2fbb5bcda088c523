"""Further questions in the bodies and answers of the API about surveys."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError

from services.dispatcher.surveys.question_rules import (
    MAX_OPTION_LENGTH,
    QUESTION_ID,
    REPLY_VALUE,
    question_faults,
)
from services.dispatcher.surveys.text_bodies import needed_words
from shared.events import Question, SurveyTexts
from shared.events.nps import Group
from shared.events.placeholders import PLACEHOLDERS, placeholder_faults
from shared.events.questions import MAX_OPTIONS, OUTCOMES, QuestionKind
from shared.http.request_body import StrictBody
from shared.values.messages import Message, sentences


def without_faults(words: str | None, known: Collection[str] = PLACEHOLDERS) -> str | None:
    """Words whose placeholders exist.

    :raises ValueError: when one does not.
    """
    if words is not None and (found := placeholder_faults(words, known)):
        raise ValueError(sentences(found))
    return words


def _distinct(outcomes: list[Group]) -> list[Group]:
    return [outcome for outcome in OUTCOMES if outcome in outcomes]


Id = Annotated[str, Field(pattern=QUESTION_ID)]
Outcomes = Annotated[list[Group], Field(min_length=1, max_length=len(OUTCOMES)), AfterValidator(_distinct)]
Value = Annotated[str, Field(pattern=REPLY_VALUE)]
Chosen = Annotated[
    list[Value],
    BeforeValidator(lambda given: [given] if isinstance(given, str) else given),
    Field(min_length=1, max_length=MAX_OPTIONS),
]
_IS: dict[str, Any] = {
    "is": (
        Chosen,
        Field(description='Ids of its options, `yes` or `no`, or of a `score` its numbers: `"8"`.'),
    )
}
AfterBody = create_model(
    "AfterBody",
    __base__=StrictBody,
    __doc__="Asked only when an earlier question has one of these replies.",
    question=(Id, Field(description="The id of an earlier question of the list.")),
    # A keyword of Python, and the word for it.
    **_IS,
)


class QuestionBody(StrictBody):
    """A further question: its structure, which is the same in all languages. Its words are in `texts`."""

    id: Id = Field(description="Stays the same in all languages and versions; replies name it.")
    kind: QuestionKind = Field(
        description="`text`, `one_of` or `several_of` its options, `yes_no`, or `score` from 0 to 10."
    )
    options: list[Id] = Field(
        default=[], max_length=MAX_OPTIONS, description="Ids, in the order in which they are shown."
    )
    shown_to: Outcomes = Field(default=[*OUTCOMES], description="Who is asked, by the score.")
    after: AfterBody | None = None


_Needed = (AfterValidator(needed_words), AfterValidator(without_faults))
QuestionWords = Annotated[str, Field(min_length=1, max_length=1000), *_Needed]
OptionWords = Annotated[str, Field(min_length=1, max_length=MAX_OPTION_LENGTH), *_Needed]


class QuestionTextsBody(StrictBody):
    """The words of one question in one language."""

    text: QuestionWords
    options: dict[Id, OptionWords] = Field(
        default={}, max_length=MAX_OPTIONS, description="By the ids of the options."
    )


class StoredQuestionTexts(StrictBody):
    """The words of one question in one language as they are stored."""

    text: str
    options: dict[Id, str] = {}


_none_left_out = AfterValidator(lambda given: given or None)
TextsOfQuestions = Annotated[dict[str, QuestionTextsBody] | None, _none_left_out]
"""Words by the ids of questions; none at all are left out, so that equal words are equal."""
StoredTextsOfQuestions = Annotated[dict[str, StoredQuestionTexts] | None, _none_left_out]


class AfterAnswer(BaseModel):
    """Asked only when an earlier question has one of these replies."""

    question: str
    chosen: list[str] = Field(alias="is")


class QuestionAnswer(BaseModel):
    """A further question as it is stored."""

    id: str
    kind: str
    options: list[str]
    shown_to: list[str]
    after: AfterAnswer | None = None


class QuestionTextsAnswer(BaseModel):
    """The words of one question in one language."""

    text: str
    options: dict[str, str] = {}


QUESTIONS: Any = Field(
    default=[],
    description="Asked after the recommend question and its reason, in this order: at most two, and one "
    "beside a `follow_up` in `texts`. Their words are in `texts`; a language without them is not asked.",
)


def refuse_faults(questions: Sequence[Question], texts: Mapping[str, SurveyTexts]) -> None:
    """Let questions pass that can be asked.

    :raises ValidationError: with each fault at its place in the body.
    """
    raise_faults(question_faults(questions, texts))


def raise_faults(found: Sequence[tuple[tuple[int | str, ...], Message]]) -> None:
    """Refuse a body with these faults, each at its place.

    :raises ValidationError: when there are any.
    """
    if found:
        raise ValidationError.from_exception_data(
            "questions",
            [
                InitErrorDetails(
                    type=PydanticCustomError("value_error", "{error}", {"error": ValueError(fault)}),
                    loc=place,
                    input=None,
                )
                for place, fault in found
            ],
        )
