"""Actions of improvement: their statuses, what follows what, and the windows that are compared. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from services.scorer.windows import Window
from shared.events import Improvement, ImprovementPeriod, ImprovementStatus

ImprovementAct = Literal["accept", "begin", "finish", "drop", "reopen"]
IMPROVEMENT_STATUSES: tuple[ImprovementStatus, ...] = get_args(ImprovementStatus)
OPEN_STATUSES: tuple[ImprovementStatus, ...] = ("proposed", "accepted", "doing")
NEXT_STATUS_BY_ACT: dict[ImprovementAct, dict[ImprovementStatus, ImprovementStatus]] = {
    "accept": {"proposed": "accepted"},
    "begin": {"proposed": "doing", "accepted": "doing"},
    "finish": {"proposed": "done", "accepted": "done", "doing": "done"},
    "drop": {"proposed": "dropped", "accepted": "dropped", "doing": "dropped"},
    "reopen": {"done": "doing", "dropped": "proposed"},
}
TARGET_BY_ACT: dict[ImprovementAct, ImprovementStatus] = {
    "accept": "accepted",
    "begin": "doing",
    "finish": "done",
    "drop": "dropped",
}
"""Of the acts that lead to one status: done twice they change nothing the second time."""

ComparedDays = Literal[28, 56, 91]
COMPARED_DAYS: tuple[ComparedDays, ...] = get_args(ComparedDays)
"""The lengths of the windows that are compared: whole weeks, so that both hold the same days of the week."""
DEFAULT_COMPARED_DAYS: ComparedDays = 28
BASELINE_DAYS = 90
MAX_DUE_DAYS = 3 * 366
"""Until when after its opening an action may be due."""
MAX_EXPECTED_POINTS = 100
MAX_REASON_CHARS = 500
MAX_PUBLISHED_CHARS = 600
"""Of what customers are told in one language."""
MAX_ACTIONS_PER_COMPANY = 10_000

TextLanguage = Literal["da", "de", "en", "es", "fi", "fr", "nb", "nl", "sv"]
"""Those that customers are written to in."""


def compared_windows(began: date, done: date, days: int) -> tuple[Window, Window]:
    """The days before the work began, and as many from the day after it was done; they share none.

    :param done: not earlier than ``began``.
    """
    return Window.ending(began - timedelta(days=1), days), Window.ending(done + timedelta(days=days), days)


def period_of(window: Window) -> ImprovementPeriod:
    """A window as an event has it."""
    return ImprovementPeriod(first=window.first, last=window.last)


def window_of(period: ImprovementPeriod) -> Window:
    """The window of an event's period."""
    return Window(period.first, period.last)


def is_late(improvement: Improvement, today: date) -> bool:
    """Whether it should have been done by now."""
    return improvement.status in OPEN_STATUSES and improvement.due < today


def acts_on(status: ImprovementStatus) -> list[ImprovementAct]:
    """What may be done to an action in this status."""
    return [act for act, following in NEXT_STATUS_BY_ACT.items() if status in following]


@dataclass(frozen=True, kw_only=True)
class KeptImprovement:
    """An action with the names of the staff, which no event has."""

    improvement: Improvement
    owner: str | None
    """None: the name was removed, since it was too old, or is not known after a restore."""
    step_names: tuple[str, ...]
    """Who took each of the first steps; shorter, or with empty names, where that is not known."""

    def name_of_step(self, number: int) -> str:
        """Who took a step; empty: not known."""
        return self.step_names[number] if number < len(self.step_names) else ""
