"""A task to ask a promoter for an introduction, and what may be done to it. Pure rules.

Of whom the customer introduces nothing is kept: only what came of it.
"""

from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.alerts.cases.domain.actor import SYSTEM, Actor
from shared.ids import derived
from shared.privacy.persons import NOBODY
from shared.values.messages import Message, message

IntroductionState = Literal[
    "open", "asked", "agreed", "introduced", "met", "declined", "not_asked", "blocked", "withdrawn"
]
INTRODUCTION_STATES: tuple[IntroductionState, ...] = get_args(IntroductionState)
"""``blocked``: nobody is to ask any more; ``withdrawn``: the customer was erased."""
UNFINISHED_STATES: tuple[IntroductionState, ...] = ("open", "asked", "agreed", "introduced")
NotAskedReason = Literal["bad_time", "not_fitting", "asked_before", "other"]
NOT_ASKED_REASONS: tuple[NotAskedReason, ...] = get_args(NotAskedReason)
BlockReason = Literal["case_open", "unhappy_answer", "answer_changed", "machine"]
"""Why a task is blocked: a case of the customer is open; a later answer is a detractor's; its own answer is
no promoter's any more, or was judged a machine's."""
IntroductionResult = Literal["none", "meeting", "contract"]
INTRODUCTION_RESULTS: tuple[IntroductionResult, ...] = get_args(IntroductionResult)
IntroductionActName = Literal[
    "ask", "not_ask", "agree", "decline", "introduce", "meet", "conclude", "note", "hand_over"
]
INTRODUCTION_ACTS: tuple[IntroductionActName, ...] = get_args(IntroductionActName)
MAX_INTRODUCTION_NOTE_CHARS = 1_000
STATES_BY_ACT: dict[IntroductionActName, tuple[IntroductionState, ...]] = {
    "ask": ("open",),
    "not_ask": ("open",),
    "agree": ("asked",),
    "decline": ("asked", "agreed"),
    "introduce": ("agreed",),
    "meet": ("introduced",),
    "conclude": ("introduced", "met"),
    "note": tuple(state for state in INTRODUCTION_STATES if state != "withdrawn"),
    "hand_over": UNFINISHED_STATES,
}
"""In which states each act is possible."""


class Introduction(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it is: one field for each column of its table."""

    tenant: str
    id: UUID
    version: int = 1
    state: IntroductionState = "open"
    answer_id: UUID
    person: str | None
    customer_id: str | None
    contact_key: str = ""
    account_id: str | None
    owner_id: UUID | None
    team_id: UUID | None = None
    belongs: tuple[str, ...] = ()
    score: int
    said_at: datetime
    """When the customer chose the score."""
    opened_at: datetime
    due_at: datetime
    changed_at: datetime
    asked_at: datetime | None = None
    agreed_at: datetime | None = None
    introduced_at: datetime | None = None
    met_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    """Of a task that is blocked or was not asked: why."""
    result: IntroductionResult | None = None
    """What came of it; None: not known yet."""
    result_at: datetime | None = None
    note: str | None = None

    def is_late(self, now: datetime) -> bool:
        """Whether the customer should have been asked by now."""
        return self.state == "open" and self.due_at < now


class IntroductionAct(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does, with what its kind needs."""

    name: IntroductionActName
    reason: NotAskedReason | None = None
    result: IntroductionResult | None = None
    note: str | None = None
    owner: UUID | None = None
    team: UUID | None = None
    """That of the new owner."""

    @property
    def detail(self) -> str | None:
        """What the step keeps of it; of a note nothing."""
        owner = str(self.owner) if self.owner is not None else None
        return self.reason or self.result or owner


class IntroductionStep(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a task; ``seq`` is its version after it."""

    tenant: str
    introduction_id: UUID
    seq: int
    at: datetime
    act: str
    """An act, or ``opened``, ``blocked`` or ``withdrawn``."""
    by_id: UUID | None
    by_name: str
    detail: str | None = None


class IntroductionRefused(Exception):
    """What is wanted cannot be done to the task as it is now."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def introduction_id(tenant: str, answer: UUID) -> UUID:
    """The id of the task that an answer opens: whenever it is computed, it is the same."""
    return derived("introduction", tenant, str(answer))


def acted(task: Introduction, act: IntroductionAct, now: datetime) -> Introduction:
    """The task after an act.

    :raises IntroductionRefused: when its state does not permit the act.
    """
    if task.state not in STATES_BY_ACT[act.name]:
        raise IntroductionRefused(message("The task has gone on meanwhile. Look at it again."))
    return replace(task, version=task.version + 1, changed_at=now, **_changes(task, act, now))


def _changes(task: Introduction, act: IntroductionAct, now: datetime) -> dict[str, Any]:
    changes: dict[IntroductionActName, dict[str, Any]] = {
        "ask": {"state": "asked", "asked_at": now},
        "not_ask": {"state": "not_asked", "reason": act.reason, "ended_at": now},
        "agree": {"state": "agreed", "agreed_at": now},
        "decline": {"state": "declined", "ended_at": now},
        "introduce": {"state": "introduced", "introduced_at": now},
        "meet": _concluded(task, "meeting", now),
        "conclude": _concluded(task, act.result, now),
        "note": {"note": act.note or None},
        "hand_over": {"owner_id": act.owner, "team_id": act.team},
    }
    return changes[act.name]


def _concluded(task: Introduction, result: IntroductionResult | None, now: datetime) -> dict[str, Any]:
    """A meeting or a contract means that they have met; what was wrong is written again."""
    changes: dict[str, Any] = {"result": result, "result_at": now, "ended_at": now}
    if result != "none":
        changes |= {"state": "met", "met_at": task.met_at or now}
    return changes


def is_done(task: Introduction, last: IntroductionStep | None, act: IntroductionAct, by: Actor) -> bool:
    """Whether the last thing that happened to the task is this act by the same one: a request sent again."""
    if last is None or (last.act, last.by_id, last.by_name) != (act.name, by.id, by.name):
        return False
    return last.detail == act.detail and (act.name != "note" or task.note == (act.note or None))


def blocked(task: Introduction, reason: BlockReason, now: datetime) -> Introduction:
    """The open task after something has happened for which nobody is to ask."""
    return replace(
        task, version=task.version + 1, state="blocked", reason=reason, changed_at=now, ended_at=now
    )


def withdrawn(task: Introduction, now: datetime) -> Introduction:
    """The task after its customer was erased: what was counted stays, an unfinished one ends."""
    ends = task.state in UNFINISHED_STATES
    return replace(
        task,
        version=task.version + 1,
        state="withdrawn" if ends else task.state,
        ended_at=now if ends else task.ended_at,
        changed_at=now,
        person=NOBODY,
        customer_id=None,
        contact_key="",
        account_id=None,
        note=None,
    )


def step_of(
    task: Introduction, act: str, now: datetime, by: Actor = SYSTEM, detail: str | None = None
) -> IntroductionStep:
    """The step by which the task got its version."""
    return IntroductionStep(
        tenant=task.tenant,
        introduction_id=task.id,
        seq=task.version,
        at=now,
        act=act,
        by_id=by.id,
        by_name=by.name,
        detail=detail,
    )
