"""What the pages of actions show, in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.scorer.domain import MIN_ANSWERS_SHOWN, ScoreChange
from services.scorer.improvements import labels
from services.scorer.improvements.domain import (
    COMPARED_DAYS,
    OPEN_STATUSES,
    ImprovementAct,
    acts_on,
    is_late,
)
from services.scorer.improvements.figures import ImprovementResult, groups_of_baseline
from services.scorer.improvements.forms import FORM_LANGUAGES, ImprovementForm
from services.scorer.improvements.published_texts import PublishedTextView
from services.scorer.improvements.reading import ImprovementReader, ReadImprovement
from services.scorer.improvements.repository import CauseFrequency
from services.scorer.labels import margin, p_value
from services.scorer.views import drawing_of
from shared.events import Improvement
from shared.pages.cause_labels import cause_label, cause_options
from shared.pages.filters import thousands
from shared.pages.language import counted, native_name, spoken, translated
from shared.pages.page import Page
from shared.pages.svg.primitives import ChartScore

STATUSES_BY_LIST: Mapping[str, Sequence[str]] = {
    "open": OPEN_STATUSES,
    "late": OPEN_STATUSES,
    "done": ("done",),
    "dropped": ("dropped",),
}
"""Which actions each list of the page holds; ``late`` only those that are."""


class ActionLine(NamedTuple):
    """An action in the list."""

    id: UUID
    title: str
    about: str
    owner: str
    due: date
    late: bool
    status: str


class CauseLine(NamedTuple):
    """A cause of closed cases, with the link that opens an action about it."""

    label: str
    cases: str
    code: str


@dataclass(frozen=True, kw_only=True)
class ActionsPage(Page):
    """The actions of a company that the reader may see."""

    template: ClassVar[str] = "actions.html"

    heading: str
    lines: list[ActionLine]
    show: str
    show_options: list[tuple[str, str]]
    owner: str
    owner_options: list[tuple[str, str]]
    """Empty: the reader does not see the names of the staff."""
    theme: str
    theme_options: list[tuple[str, str]]
    causes: list[CauseLine]
    may_write: bool
    next_href: str
    """Empty: these are the last ones."""


@dataclass(frozen=True, kw_only=True)
class NewActionPage(Page):
    """The form of a new action."""

    template: ClassVar[str] = "action_new.html"

    form: ImprovementForm
    faults: dict[str, str]
    causes: list[tuple[str, str, list[tuple[str, str]]]]
    segment_options: list[tuple[str, str]]
    owners: list[str]
    first_due: str


class ComparedRow(NamedTuple):
    """One of the two windows of an action that is done."""

    days: str
    answers: str
    score: ChartScore | None
    """None below ten answers."""
    margin: str


class ImprovementStepLine(NamedTuple):
    """A step of an action."""

    at: datetime
    words: str
    reason: str
    who: str


class ActButton(NamedTuple):
    """What may be done to an action now."""

    act: ImprovementAct
    words: str


@dataclass(frozen=True, kw_only=True)
class ActionPage(Page):
    """One action: what is known, what was done, whether it helped, and what customers are told."""

    template: ClassVar[str] = "action.html"

    id: UUID
    improvement: Improvement
    theme: str
    place: str
    status: str
    owner: str
    late: bool
    expected: str
    baseline_cases: str
    """Empty: the theme is no cause."""
    baseline_score: str
    baseline_drawing: ChartScore | None
    finding: str
    """What the comparison says; empty: it is not done."""
    rows: list[ComparedRow]
    change: ScoreChange | None
    p: str
    shares: str
    shares_p: str
    caution: str
    steps: list[ImprovementStepLine]
    acts: list[ActButton]
    days_options: list[tuple[str, str]]
    texts: list[PublishedTextView]
    told: list[str]
    """How many customers were told of it by mail."""
    case_count: str
    """How many closed cases have the cause; empty: the theme is no cause."""
    may_write: bool
    administers: bool
    form: ImprovementForm
    languages: list[tuple[str, str]]
    owners: list[str]
    faults: dict[str, str]
    refusal: str
    confirmation: str


def line_of(read: ReadImprovement, reader: ImprovementReader) -> ActionLine:
    """An action in the list."""
    one = read.kept.improvement
    return ActionLine(
        id=one.id,
        title=one.title,
        about=f"{labels.theme_of(one)}, {labels.place_of(one)}",
        owner=owner_of(read, reader),
        due=one.due,
        late=is_late(one, reader.today),
        status=labels.status_label(one.status),
    )


def owner_of(read: ReadImprovement, reader: ImprovementReader) -> str:
    """Who sees to an action, as far as the reader may know."""
    if not reader.shows_names:
        return translated("Somebody")
    return read.kept.owner or translated("Nobody is named")


def show_options() -> list[tuple[str, str]]:
    """The lists of the page."""
    return [
        ("open", translated("still open")),
        ("late", translated("late")),
        ("done", translated("done")),
        ("dropped", translated("dropped")),
    ]


def theme_options() -> list[tuple[str, str]]:
    """The themes by which the list may be narrowed, each with its causes."""
    found = [("", translated("any theme"))]
    for theme, name, causes in cause_options():
        found += [(theme, name), *causes]
    return [*found, ("other", cause_label("other"))]


def cause_lines(causes: Sequence[CauseFrequency]) -> list[CauseLine]:
    """The causes as rows of a table."""
    return [CauseLine(cause_label(each.cause), thousands(each.n), each.cause) for each in causes]


def list_heading(show: str, n: int, *, is_part: bool) -> str:
    """What a list holds."""
    if not n:
        return {
            "open": translated("No action is open."),
            "late": translated("No action is late."),
            "done": translated("No action is done yet."),
            "dropped": translated("No action was dropped."),
        }[show]
    if is_part:
        return translated("%(n)s actions on this page; there are more.") % {"n": thousands(n)}
    words = {
        "open": counted("%(n)s action is open.", "%(n)s actions are open.", n),
        "late": counted("%(n)s action is late.", "%(n)s actions are late.", n),
        "done": counted("%(n)s action is done.", "%(n)s actions are done.", n),
        "dropped": counted("%(n)s action was dropped.", "%(n)s actions were dropped.", n),
    }[show]
    return words % {"n": thousands(n)}


def compared_rows(result: ImprovementResult) -> list[ComparedRow]:
    """The two windows, as the pages of scores show them."""
    rows = []
    for words, groups in zip(
        labels.window_words(result), (result.scores.before, result.scores.after), strict=True
    ):
        drawing = drawing_of(groups) if groups.n >= MIN_ANSWERS_SHOWN else None
        answers = counted("%(n)s answer", "%(n)s answers", groups.n) % {"n": thousands(groups.n)}
        has_margin = drawing is not None and drawing.margin is not None
        rows.append(ComparedRow(words, answers, drawing, margin(drawing) if drawing and has_margin else ""))
    return rows


def action_page(
    read: ReadImprovement,
    reader: ImprovementReader,
    *,
    texts: list[PublishedTextView],
    case_count: str,
    owners: list[str],
    may_write: bool,
    administers: bool,
    form: ImprovementForm | None,
    faults: dict[str, str],
    refusal: str,
    confirmation: str,
) -> ActionPage:
    """The page of one action.

    :param form: as it was typed, where it is refused.
    """
    kept, one, result = read.kept, read.kept.improvement, read.result
    groups = groups_of_baseline(one.baseline)
    change = result.scores.change if result is not None else None
    return ActionPage(
        id=one.id,
        improvement=one,
        theme=labels.theme_of(one),
        place=labels.place_of(one),
        status=labels.status_label(one.status),
        owner=owner_of(read, reader),
        late=is_late(one, reader.today),
        expected=labels.expected_words(one),
        baseline_cases=labels.baseline_cases(one.baseline) if one.cause else "",
        baseline_score=labels.baseline_score(one.baseline),
        baseline_drawing=drawing_of(groups) if groups is not None else None,
        finding=labels.result_finding(result) if result is not None else "",
        rows=compared_rows(result) if result is not None else [],
        change=change,
        p=p_value(change) if change is not None else "",
        shares=labels.shares_sentence(result) if result is not None else "",
        shares_p=labels.shares_p(result) if result is not None else "",
        caution=spoken(labels.CAUTION),
        steps=[
            ImprovementStepLine(
                step.at,
                spoken(labels.STEP_LABELS[step.status]),
                step.reason,
                kept.name_of_step(number) if reader.shows_names else "",
            )
            for number, step in enumerate(one.steps)
        ],
        acts=[ActButton(act, spoken(labels.ACT_LABELS[act])) for act in acts_on(one.status)],
        days_options=[
            (str(days), counted("%(n)s day", "%(n)s days", days) % {"n": days}) for days in COMPARED_DAYS
        ],
        texts=texts,
        told=labels.update_lines(one, read.told),
        case_count=case_count,
        may_write=may_write,
        administers=administers,
        form=form or ImprovementForm.of(kept),
        languages=[(language, native_name(language)) for language in FORM_LANGUAGES],
        owners=owners,
        faults=faults,
        refusal=refusal,
        confirmation=confirmation,
    )
