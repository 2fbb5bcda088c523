"""What the pages of introductions show, in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from services.alerts.cases.times import elapsed_percent, moment
from services.alerts.cases.views import name_of
from services.alerts.introductions.domain import (
    STATES_BY_ACT,
    Introduction,
    IntroductionActName,
    IntroductionState,
    IntroductionStep,
)
from services.alerts.introductions.repository.figures import IntroductionFigures
from services.alerts.introductions.words import (
    NO_TASK_LABELS,
    NOT_ASKED_LABELS,
    RESULT_LABELS,
    STATE_LABELS,
    due_words,
    reason_words,
    short_due_words,
    step_words,
)
from shared.events import Answer, Invitation
from shared.pages.filters import thousands
from shared.pages.language import counted, spoken, translated
from shared.pages.page import Page

WHOSE = ("mine", "team", "all")
_LISTED: tuple[IntroductionState, ...] = ("open", "asked", "agreed", "introduced", "met", "declined")
"""The states that the menu of the list has; all the others are in the list of all states."""


class IntroductionRow(NamedTuple):
    """A task in the list, as ``case_row`` of ``_parts.html`` shows it."""

    id: UUID
    href: str
    score: int
    text: str | None
    lang: str | None
    about: Markup
    due: str
    elapsed: float
    late: bool
    owner: str
    new: bool = False


class IntroductionLink(NamedTuple):
    """An entry of the menu beside the list."""

    words: str
    href: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class IntroductionsPage(Page):
    """Tasks to ask for an introduction, and what came of them."""

    template: ClassVar[str] = "introductions.html"
    finding: str
    enabled: bool
    views: list[IntroductionLink]
    states: list[IntroductionLink]
    rows: list[IntroductionRow]
    next: str
    figures: list[tuple[str, str]]
    results: list[tuple[str, str]]
    reasons: list[tuple[str, str]]
    may_read_reasons: bool


class StepLine(NamedTuple):
    """Something that happened to a task."""

    words: str
    detail: str
    at: str


@dataclass(frozen=True, kw_only=True)
class IntroductionPage(Page):
    """One task."""

    template: ClassVar[str] = "introduction.html"
    task: Introduction
    name: str
    comment: str
    language: str | None
    state: str
    due: str
    reason: str
    result: str
    owner: str
    acts: list[IntroductionActName]
    steps: list[StepLine]
    reason_options: list[tuple[str, str]]
    result_options: list[tuple[str, str]]
    people_options: list[tuple[str, str]]
    typed: Mapping[str, str]
    faults: Mapping[str, str]
    refused: str
    done: str


@dataclass(frozen=True, kw_only=True)
class IntroductionSettingsPage(Page):
    """Whether promoters' answers open tasks, and in which countries only with permission."""

    template: ClassVar[str] = "introduction_settings.html"
    enabled: bool
    countries: list[tuple[str, bool, str]]
    done: str


def whose_links(chosen: str, choices: Sequence[str]) -> list[IntroductionLink]:
    """The menu of whose tasks are shown."""
    labels = {"mine": translated("Mine"), "team": translated("Of my teams"), "all": translated("All")}
    return [IntroductionLink(labels[one], f"/introductions?whose={one}", one == chosen) for one in choices]


def state_links(chosen: str, whose: str) -> list[IntroductionLink]:
    """The menu of the states."""
    words = [("", translated("To do")), *((one, spoken(STATE_LABELS[one])) for one in _LISTED)]
    words.append(("all", translated("All states")))
    return [
        IntroductionLink(label, f"/introductions?{urlencode({'whose': whose, 'state': one})}", one == chosen)
        for one, label in words
    ]


def row_of(
    task: Introduction,
    answer: Answer | None,
    event: Invitation | None,
    owners: Mapping[UUID, str],
    now: datetime,
    zone: ZoneInfo,
) -> IntroductionRow:
    """A task in the list."""
    about = [Markup("<bdi>{}</bdi>").format(_customer(task, event))]
    if task.account_id:
        about.append(Markup("<bdi>{}</bdi>").format(task.account_id))
    is_open = task.state == "open"
    return IntroductionRow(
        id=task.id,
        href=f"/introductions/{task.id}",
        score=task.score,
        text=answer.comment if answer is not None else None,
        lang=answer.language if answer is not None else None,
        about=Markup(", ").join(about),
        due=short_due_words(task, now, zone) if is_open else spoken(STATE_LABELS[task.state]),
        elapsed=elapsed_percent(task.said_at, task.due_at, now) if is_open else 0.0,
        late=task.is_late(now),
        owner=_owner(task, owners),
    )


def finding_of(rows: int, late: int, *, more: bool, enabled: bool) -> str:
    """The heading of the list."""
    if not rows:
        if not enabled:
            return translated("Nobody is asked for an introduction: it is switched off.")
        return translated("Nobody is to be asked for an introduction here.")
    words = counted("One introduction", "%(n)s introductions", rows)
    if more:
        words = translated("More than %(n)s introductions")
    found = words % {"n": thousands(rows)}
    if late:
        return found + ", " + counted("one is overdue", "%(n)s are overdue", late) % {"n": thousands(late)}
    return found


def figure_lines(found: IntroductionFigures) -> list[tuple[str, str]]:
    """How far the tasks have come."""
    lines = [
        (translated("Tasks"), found.opened),
        (translated("Asked"), found.asked),
        (translated("Agreed"), found.agreed),
        (translated("Introduced"), found.introduced),
        (translated("Met"), found.met),
        (translated("Declined"), found.declined),
        (translated("Not asked"), found.not_asked),
        (translated("Not to be asked"), found.blocked),
        (translated("Withdrawn"), found.withdrawn),
    ]
    return [(label, thousands(n)) for label, n in lines]


def result_lines(found: IntroductionFigures) -> list[tuple[str, str]]:
    """What came of the asking within 90 days."""
    lines = [
        (spoken(RESULT_LABELS["contract"]), found.contracts),
        (spoken(RESULT_LABELS["meeting"]), found.meetings),
        (spoken(RESULT_LABELS["none"]), found.nothing),
        (translated("Not known yet"), found.waiting),
    ]
    return [(label, thousands(n)) for label, n in lines]


def reason_lines(found: Mapping[str, int]) -> list[tuple[str, str]]:
    """Why answers opened no task."""
    labels = {str(key): label for key, label in NO_TASK_LABELS.items()}
    return [(spoken(labels[reason]), thousands(n)) for reason, n in found.items() if reason in labels]


def possible_acts(task: Introduction) -> list[IntroductionActName]:
    """What may be done to a task."""
    return [act for act, states in STATES_BY_ACT.items() if task.state in states]


def page_of(
    task: Introduction,
    answer: Answer | None,
    event: Invitation | None,
    steps: Sequence[IntroductionStep],
    owners: Mapping[UUID, str],
    colleagues: Sequence[tuple[UUID, str]],
    now: datetime,
    zone: ZoneInfo,
    *,
    typed: Mapping[str, str],
    faults: Mapping[str, str],
    refused: str,
    done: str,
) -> IntroductionPage:
    """The page of a task.

    :param owners: the names of whoever has it, or had.
    :param colleagues: to whom it may be handed over.
    """
    choose = ("", translated("Choose"))
    return IntroductionPage(
        task=task,
        name=_customer(task, event),
        comment=(answer.comment or "") if answer is not None else "",
        language=answer.language if answer is not None else None,
        state=spoken(STATE_LABELS[task.state]),
        due=due_words(task, now, zone) if task.state == "open" else "",
        reason=reason_words(task),
        result=spoken(RESULT_LABELS[task.result]) if task.result is not None else "",
        owner=_owner(task, owners),
        acts=possible_acts(task),
        steps=[StepLine(step_words(one), _detail(one, owners), moment(one.at, now, zone)) for one in steps],
        reason_options=[choose, *((key, spoken(label)) for key, label in NOT_ASKED_LABELS.items())],
        result_options=[choose, *((key, spoken(label)) for key, label in RESULT_LABELS.items())],
        people_options=[choose, *((str(key), name) for key, name in colleagues)],
        typed={"note": task.note or "", **typed},
        faults=faults,
        refused=refused,
        done=done,
    )


def _detail(step: IntroductionStep, owners: Mapping[UUID, str]) -> str:
    if step.act == "hand_over" and step.detail is not None:
        return owners.get(UUID(step.detail), "")
    if step.act == "conclude":
        return next((spoken(label) for key, label in RESULT_LABELS.items() if key == step.detail), "")
    return ""


def _customer(task: Introduction, event: Invitation | None) -> str:
    if task.state == "withdrawn":
        return translated("An erased customer")
    if event is None or (event.customer.name is None and not event.erased):
        return task.customer_id or name_of(event)
    return name_of(event)


def _owner(task: Introduction, owners: Mapping[UUID, str]) -> str:
    return owners.get(task.owner_id, "") if task.owner_id is not None else ""
