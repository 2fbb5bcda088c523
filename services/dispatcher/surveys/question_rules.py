"""What a survey's further questions may be. Pure: the API and the form refuse by the same rules."""

from collections.abc import Iterator, Mapping, Sequence

from shared.events import Question, SurveyTexts
from shared.events.questions import CHOICES, MAX_FURTHER_QUESTIONS, MAX_OPTIONS, MIN_OPTIONS
from shared.events.surveys import has_follow_up
from shared.values.messages import Message, alternatives, message

QUESTION_ID = r"^[a-z][a-z0-9_-]{0,39}$"
REPLY_VALUE = r"^([a-z][a-z0-9_-]{0,39}|[0-9]|10)$"
"""An id of a question or an option: it stands in fields of forms and in addresses of faults."""
MAX_OPTION_LENGTH = 200
Place = tuple[str | int, ...]
"""Where a fault is in a body."""
TOO_MANY_QUESTIONS = message(
    "A survey asks four questions at most: beside a question by outcome (follow_up) there can be one more, "
    "without it two."
)


def question_faults(
    questions: Sequence[Question], texts: Mapping[str, SurveyTexts]
) -> list[tuple[Place, Message]]:
    """Everything that is wrong with the further questions and their words, with its place."""
    found: list[tuple[Place, Message]] = []
    if len(questions) > MAX_FURTHER_QUESTIONS - has_follow_up(texts):
        found.append((("questions",), TOO_MANY_QUESTIONS))
    for number, question in enumerate(questions):
        found += [(("questions", number, *at), fault) for at, fault in _faults(question, questions[:number])]
        if not any(question.id in each.questions for each in texts.values()):
            found.append((("questions", number), message("Write it in one language at least, under texts.")))
    by_id = {question.id: question for question in questions}
    for language, own in texts.items():
        for id_, words in own.questions.items():
            place = ("texts", language, "questions", id_)
            if (asked := by_id.get(id_)) is None:
                fault = message(
                    "There is no question of this id. Leave its words out, or add it to questions."
                )
                found.append((place, fault))
                continue
            for option in (each for each in asked.options if each not in words.options):
                fault = message("Every option needs words in each language of the question.")
                found.append(((*place, "options", option), fault))
            for option in (each for each in words.options if each not in asked.options):
                fault = message("The question has no option of this id.")
                found.append(((*place, "options", option), fault))
    return found


def _faults(question: Question, earlier: Sequence[Question]) -> Iterator[tuple[Place, Message]]:
    if any(other.id == question.id for other in earlier):
        yield ("id",), message("Another question has this id.")
    count, distinct = len(question.options), len(set(question.options))
    if question.kind in CHOICES and not (MIN_OPTIONS <= distinct == count <= MAX_OPTIONS):
        yield (
            ("options",),
            message(
                "Give it %(least)s to %(most)s options, each with an id of its own.",
                least=MIN_OPTIONS,
                most=MAX_OPTIONS,
            ),
        )
    if question.kind not in CHOICES and count:
        yield (
            ("options",),
            message("Only a question with one or several choices has options. Leave them out."),
        )
    after = question.after
    if after is None:
        return
    before = next((other for other in earlier if other.id == after.question), None)
    if before is None or before.kind == "text":
        yield (
            ("after", "question"),
            message(
                "Name an earlier question of the list that has options, or that is answered by yes or no, "
                "or by a number."
            ),
        )
    elif not set(after.chosen) <= set(before.answers):
        yield (
            ("after", "is"),
            message("That question has the answers %(answers)s.", answers=alternatives(before.answers)),
        )
    elif set(before.shown_to).isdisjoint(question.shown_to):
        yield ("shown_to",), message("Nobody would be asked: the earlier question is for other outcomes.")
