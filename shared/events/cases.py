"""``cases``: the follow-up with an unhappy customer."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from shared.events.envelope import Data, Instant, ScoreValue, Text, Topic

OBJECTION_WITHIN = timedelta(days=14)
"""How long after a case was closed its customer may say that it is not solved."""
CaseState = Literal["open", "assigned", "closed"]
CaseStage = Literal[
    "open",
    "assigned",
    "contacted",
    "in_progress",
    "waiting_customer",
    "reopened",
    "resolved",
    "closed",
    "no_contact",
    "duplicate",
    "withdrawn",
]
"""How far the work is; the state says only whether there is work, and whether somebody has it."""


class Case(Data, frozen=True, kw_only=True):
    """The state of a case, without the notes of the staff."""

    id: UUID
    number: int
    version: int
    state: CaseState
    stage: CaseStage | None = None
    """None: published by a version that knew none."""
    priority: Text | None = None
    team_id: UUID | None = None
    answer_id: UUID
    later_answers: tuple[UUID, ...] = ()
    """The other answers that belong to it; empty, too, where a version that told none published it."""
    event_id: UUID | None = None
    customer_id: Text | None = None
    contact_key: Text | None = None
    """The keyed hash of the customer's address."""
    person: Text | None = None
    """The pseudonym of the customer; None: of nobody, or published by a version that knew none."""
    anonymous: bool = False
    """Whether its answer is anonymous: there is nobody to contact."""
    erased: bool = False
    """Whether everything personal was erased from it, at the customer's request."""
    score: ScoreValue
    touchpoint: Text | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    belongs: tuple[str, ...] = ()
    """The segments of all its answers, where ``segments`` and ``organisation`` are those of the first."""
    may_contact: bool | None = None
    """The customer's latest answer whether to be contacted; None: was not asked or did not say."""
    waits_until: Instant | None = None
    """Until when its clocks stand still, since it waits for the customer."""
    told: bool | None = None
    """Whether the customer has been told how it ended; None: it has not."""
    owner: Text | None = None
    cause: Text | None = None
    outcome: Text | None = None
    opened_at: Instant
    due_at: Instant
    first_contact_at: Instant | None = None
    closed_at: Instant | None = None
    reopened_at: Instant | None = None
    """When it was last opened again; None: never, or published by a version that did not say."""


CASES = Topic(
    name="cases.v1",
    event_type="afterword.case.changed",
    data=Case,
    source="/afterword/alerts",
    identity=lambda case: str(case.id),
    version=lambda case: case.version,
    erasable=True,
)
