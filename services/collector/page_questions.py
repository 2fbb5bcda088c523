"""The further questions of a page: each with its words, its reply so far, and when it is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.collector.domain import LinkTarget
from services.collector.forms import SurveyForm
from services.collector.merging import field_of
from shared.events import Answer
from shared.events.nps import SCALE, Group, group_of
from shared.events.questions import QuestionKind

SCORES = [str(score) for score in SCALE]
GROUP_RANGES: dict[Group, str] = {}
"""Each group with its scores as a customer reads them."""
for _group in map(group_of, SCALE):
    _scores = [score for score in SCALE if group_of(score) == _group]
    GROUP_RANGES[_group] = f"{_scores[0]}–{_scores[-1]}"  # noqa: RUF001  (a range of numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """One further question as the template sees it."""

    id: str
    name: str
    """Of its field."""
    kind: QuestionKind
    words: str
    options: list[tuple[str, str]]
    """Each value that can be chosen, and its words."""
    groups: list[Group]
    """Whose score is asked: of a question after another one, those of both."""
    range: str
    """Their scores; empty where all are asked."""
    after: str
    """In words, after which replies to the question before it is asked; empty: whatever they are."""
    opening: frozenset[str]
    """The values that let the next question be asked."""
    given: tuple[str, ...]
    """What is filled in."""
    kept: str
    """The reply as it is kept, in words."""


def asked_questions(target: LinkTarget, form: SurveyForm, given_answer: Answer | None) -> list[AskedQuestion]:
    """The questions that have words in the form's language, asked for its score or not: the page shows which.

    :param target: with the texts of that language filled.
    """
    kept = {reply.question: reply.words for reply in given_answer.replies} if given_answer else {}
    found: list[AskedQuestion] = []
    groups: dict[str, list[Group]] = {}
    options: dict[str, dict[str, str]] = {}
    for question in target.questions:
        words, after = target.words_of(question, form.language), question.after
        if words is None or (after is not None and after.question not in groups):
            continue
        outcomes = groups[after.question] if after is not None else list(GROUP_RANGES)
        groups[question.id] = [group for group in outcomes if group in question.shown_to]
        options[question.id] = {value: words.options.get(value, value) for value in question.answers}
        followers = [each.after for each in target.questions if each.after is not None]
        found.append(
            AskedQuestion(
                id=question.id,
                name=field_of(question.id),
                kind=question.kind,
                words=words.text,
                options=list(options[question.id].items()),
                groups=groups[question.id],
                range=", ".join(GROUP_RANGES[group] for group in groups[question.id])
                if len(groups[question.id]) < len(GROUP_RANGES)
                else "",
                after=_after(options[after.question], after.chosen) if after is not None else "",
                opening=frozenset(
                    value for each in followers if each.question == question.id for value in each.chosen
                ),
                given=form.replies.get(question.id, ()),
                kept=kept.get(question.id, ""),
            )
        )
    return found


def _after(options: Mapping[str, str], chosen: Sequence[str]) -> str:
    """The replies after which a question is asked, in words; of numbers that follow each other, from which to
    which.
    """
    places = [place for place, value in enumerate(options) if value in chosen]
    is_row = len(places) > 2 and places[-1] - places[0] == len(places) - 1  # noqa: PLR2004  (two stand alone)
    words = list(options.values())
    if is_row and list(options) == SCORES:
        return f"{words[places[0]]}–{words[places[-1]]}"  # noqa: RUF001  (a range of numbers)
    return " / ".join(options.get(value, value) for value in chosen)
