"""What becomes of the replies to a survey's further questions. Pure: no clock, no database, no web."""

from collections.abc import Sequence

from shared.events import ChosenValue, Question, QuestionTexts, Reply
from shared.events.questions import Values, replied, shown_questions


def replies_after(
    old: Sequence[Reply],
    submitted: Values,
    score: int,
    questions: Sequence[tuple[Question, QuestionTexts | None]],
) -> tuple[Reply, ...]:
    """The replies to the questions that an answer is asked by now, in its language.

    :param submitted: what changes; a reply to a question that is not among these stays.
    :param questions: with their words in that language. A reply to one without them stays as it was given.
    """
    values, kept = {**replied(old), **submitted}, {reply.question: reply for reply in old}
    found: dict[str, Reply] = {}
    for question, words in questions:
        given = values.get(question.id, ())
        if words is not None and given:
            found[question.id] = _reply(question, words, given)
        elif question.id in kept and kept[question.id].values == given:
            found[question.id] = kept[question.id]
    shown = shown_questions([question for question, _ in questions], score, replied(list(found.values())))
    return tuple(found[question.id] for question in shown if question.id in found)


def _reply(question: Question, words: QuestionTexts, given: tuple[str, ...]) -> Reply:
    if question.kind == "text":
        return Reply(question=question.id, kind="text", asked=words.text, text=given[0])
    chosen = tuple(ChosenValue(id=value, words=words.options.get(value, value)) for value in given)
    return Reply(question=question.id, kind=question.kind, asked=words.text, chosen=chosen)
