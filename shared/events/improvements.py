"""``improvements``: what a company does about what customers complain of, and what it tells them of it."""

from datetime import date
from typing import Literal
from uuid import UUID

from shared.events.envelope import Data, Instant, Name, Text, Topic
from shared.events.surveys import NpsMeasurement

ImprovementStatus = Literal["proposed", "accepted", "doing", "done", "dropped"]


class ImprovementPeriod(Data, frozen=True, kw_only=True):
    """Whole days by the company's clock, the first and the last both included."""

    first: date
    last: date


class ImprovementBaseline(Data, frozen=True, kw_only=True):
    """How things stood when the action was opened; it never changes."""

    period: ImprovementPeriod
    cases: int | None = None
    """Closed cases whose cause is known; None: too few to be told, or the theme is no cause."""
    with_cause: int | None = None
    """Those of them with the action's cause; None with ``cases``."""
    n: int
    """Answers of the segment."""
    nps: float | None = None
    """None below ten answers, as what follows."""
    low: float | None = None
    high: float | None = None
    """The ends of its range."""
    detractors: int | None = None
    promoters: int | None = None


class ImprovementStep(Data, frozen=True, kw_only=True):
    """When the action came to a status."""

    status: ImprovementStatus
    at: Instant
    reason: Text = ""


class Improvement(Data, frozen=True, kw_only=True):
    """The state of an action of improvement, without the names of the staff: the topic keeps it for ever."""

    id: UUID
    version: int
    title: Name
    cause: Text | None = None
    """A code of the causes with which cases are closed. Either this is given or ``theme``."""
    theme: Text | None = None
    segment: str = ""
    """``dimension:value``, or empty for the whole company; never a single employee."""
    measurement: NpsMeasurement
    due: date
    expected: int | None = None
    """By how many points the score is to rise; None: nobody said."""
    status: ImprovementStatus
    opened_at: Instant
    changed_at: Instant
    opened: date
    """The company's day of ``opened_at``."""
    began: date | None = None
    """The day on which the work first began; None: it did not, or was done at once."""
    done: date | None = None
    before: ImprovementPeriod | None = None
    """The days before the work, which are compared with ``after``; None unless it is done."""
    after: ImprovementPeriod | None = None
    baseline: ImprovementBaseline
    steps: tuple[ImprovementStep, ...]
    texts: dict[str, Text] = {}
    """What customers are told, by language: only of an action that is done."""
    published_at: Instant | None = None
    """Since when there are texts; None: there are none, or a version that did not say published it."""


IMPROVEMENTS = Topic(
    name="improvements.v1",
    event_type="afterword.improvement.changed",
    data=Improvement,
    source="/afterword/scorer",
    identity=lambda improvement: str(improvement.id),
    version=lambda improvement: improvement.version,
    compacted=True,
)
