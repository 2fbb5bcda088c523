"""A survey's further questions: what they are, which of them an answer is asked, and the replies to them.

The structure is one for all languages; ids tie the words of each language, and the replies, to it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, get_args

from msgspec import Meta, field

from shared.events.envelope import Data, Name, Text
from shared.events.nps import SCALE, Group, group_of

QuestionKind = Literal["text", "one_of", "several_of", "yes_no", "score"]
OUTCOMES: tuple[Group, ...] = get_args(Group)
MAX_FURTHER_QUESTIONS = 2
"""After the recommend question and its reason: never more than four in all."""
MIN_OPTIONS, MAX_OPTIONS = 2, 12
CHOICES: frozenset[QuestionKind] = frozenset({"one_of", "several_of"})
"""The kinds that have options."""
YES_NO = ("yes", "no")

Values = Mapping[str, tuple[str, ...]]
"""What is given to each question by its id: the text, or the chosen values; an empty tuple is no reply."""


class After(Data, frozen=True, kw_only=True):
    """A question is asked only when an earlier one of the list has one of these replies."""

    question: Name
    chosen: tuple[Name, ...] = field(name="is")


class Question(Data, frozen=True, kw_only=True):
    """One further question. Whatever its values are, an event is read; what may be set is checked before."""

    id: Name
    kind: QuestionKind
    options: tuple[Name, ...] = ()
    """The ids of the options, in the order in which they are shown."""
    shown_to: tuple[Group, ...] = OUTCOMES
    after: After | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """All values that can be chosen, in their order; none where the reply is a text."""
        match self.kind:
            case "yes_no":
                return YES_NO
            case "score":
                return tuple(str(score) for score in SCALE)
            case "text":
                return ()
        return self.options


class QuestionTexts(Data, frozen=True, kw_only=True):
    """The words of one question in one language."""

    text: Text
    options: dict[str, Text] = {}
    """By the id of the option."""


class ChosenValue(Data, frozen=True, kw_only=True):
    """One chosen value, and its words as they were shown."""

    id: Name
    """Of an option its id, else ``yes``, ``no``, or the number."""
    words: Text


class Reply(Data, frozen=True, kw_only=True):
    """The reply to a further question, with the words that the customer read, in the answer's language."""

    question: Name
    kind: QuestionKind
    asked: Text
    text: Annotated[str, Meta(max_length=10_000)] | None = None
    """Of a question whose reply is a text; else ``chosen`` has the reply."""
    chosen: tuple[ChosenValue, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """The reply as :data:`Values` have it."""
        return (self.text,) if self.text else tuple(choice.id for choice in self.chosen)

    @property
    def words(self) -> str:
        """The reply in words, for those who read it."""
        return self.text or ", ".join(choice.words for choice in self.chosen)


def shown_questions(questions: Sequence[Question], score: int, values: Values) -> list[Question]:
    """The questions that an answer with this score and these replies is asked, in their order."""
    shown: dict[str, Question] = {}
    for question in questions:
        after = question.after
        is_after = after is None or (
            after.question in shown and not set(after.chosen).isdisjoint(values.get(after.question, ()))
        )
        if group_of(score) in question.shown_to and is_after:
            shown[question.id] = question
    return list(shown.values())


def known_values(question: Question, given: Sequence[str]) -> tuple[str, ...]:
    """What of a given reply the question has: several values only where it takes several."""
    if question.kind == "text":
        return tuple(text for text in given[:1] if text)
    known = tuple(value for value in question.answers if value in given)
    return known if question.kind == "several_of" else known[:1]


def replied(replies: Sequence[Reply]) -> dict[str, tuple[str, ...]]:
    """The values of replies."""
    return {reply.question: reply.values for reply in replies}
