"""What programs send and get: tasks to ask for an introduction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.alerts.introductions.countries import INTRODUCTION_RULES
from services.alerts.introductions.domain import (
    MAX_INTRODUCTION_NOTE_CHARS,
    Introduction,
    IntroductionAct,
    IntroductionActName,
    IntroductionResult,
    IntroductionState,
    IntroductionStep,
    NotAskedReason,
)
from services.alerts.introductions.repository.figures import IntroductionFigures
from shared.http.request_body import StrictBody
from shared.values.messages import message

NEEDED_BY_ACT: dict[IntroductionActName, str] = {
    "not_ask": "reason",
    "conclude": "result",
    "note": "note",
    "hand_over": "person",
}
"""The field that each act needs beside the version."""
NOTE_WARNING = "Name nobody here whom the customer introduces: of third parties nothing is kept."


class IntroductionActBody(StrictBody):
    """What is done to a task."""

    act: IntroductionActName = Field(
        description="`ask` and `not_ask` (with `reason`) an open one; `agree` one that was asked; `decline` "
        "one that was asked or agreed; `introduce` one that agreed; `meet` one that was introduced; "
        "`conclude` (with `result`) one that was introduced or met; `hand_over` (with `person`) one that has "
        "not ended; `note` (with `note`) any but a withdrawn one."
    )
    version: Annotated[int, Field(ge=1, le=2**62)] = Field(
        description="The version that you have seen: with another one nothing is done (409)."
    )
    reason: NotAskedReason | None = Field(default=None, description="Why the customer is not asked.")
    result: IntroductionResult | None = Field(
        default=None, description="What came of it. A meeting or a contract means that they have met."
    )
    note: Annotated[str, Field(max_length=MAX_INTRODUCTION_NOTE_CHARS)] | None = Field(
        default=None, description=f"It replaces the one before; empty: there is none. {NOTE_WARNING}"
    )
    person: Annotated[UUID, Field(strict=False)] | None = Field(
        default=None, description="The colleague who gets the task."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = NEEDED_BY_ACT.get(self.act)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(
                message(
                    "This act needs a further field: reason for not_ask, result for conclude, note, person."
                )
            )
        return self

    def wanted(self) -> IntroductionAct:
        """The act, without what belongs to another one."""
        needed = NEEDED_BY_ACT.get(self.act)
        return IntroductionAct(
            name=self.act,
            reason=self.reason if needed == "reason" else None,
            result=self.result if needed == "result" else None,
            note=self.note.strip() if needed == "note" and self.note is not None else None,
            owner=self.person if needed == "person" else None,
        )


class IntroductionOut(BaseModel):
    """A task for an account manager: to ask a promoter for an introduction."""

    id: UUID
    version: int
    state: IntroductionState = Field(
        description="`blocked`: the customer is not to be asked any more (`reason`); `withdrawn`: the "
        "customer was erased."
    )
    late: bool = Field(description="Whether the customer should have been asked by now.")
    answer_id: UUID
    customer_id: str | None
    account_id: str | None
    owner: UUID | None
    owner_name: str | None
    team: UUID | None
    score: int
    said_at: datetime = Field(description="When the customer chose the score.")
    opened_at: datetime
    due_at: datetime = Field(description="By when to ask, in the working hours of the owner's team.")
    changed_at: datetime
    asked_at: datetime | None
    agreed_at: datetime | None
    introduced_at: datetime | None
    met_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    result: IntroductionResult | None
    result_at: datetime | None
    note: str | None
    see: str

    @classmethod
    def of(
        cls, task: Introduction, names: Mapping[UUID, str], now: datetime, staff_url: str
    ) -> "IntroductionOut":
        """The answer about a task; ``names``: of its owner."""
        return cls(**introduction_fields(task, names, now, staff_url))


class IntroductionStepOut(BaseModel):
    """Something that happened to a task."""

    at: datetime
    act: str = Field(description="An act, or `opened`, `blocked` or `withdrawn`.")
    by: str
    detail: str | None = Field(description="A reason, a result, or the id of the new owner.")


class IntroductionDetail(IntroductionOut):
    """A task with what happened to it."""

    steps: list[IntroductionStepOut]

    @classmethod
    def with_steps(
        cls,
        task: Introduction,
        steps: Sequence[IntroductionStep],
        names: Mapping[UUID, str],
        now: datetime,
        staff_url: str,
    ) -> "IntroductionDetail":
        """The answer about one task."""
        happened = [
            IntroductionStepOut(at=one.at, act=one.act, by=one.by_name, detail=one.detail) for one in steps
        ]
        return cls(**introduction_fields(task, names, now, staff_url), steps=happened)


class IntroductionList(BaseModel):
    """A page of tasks, the newest first."""

    introductions: list[IntroductionOut]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")


class IntroductionFiguresOut(BaseModel):
    """What became of the tasks that were opened on these days."""

    days: int
    opened: int
    asked: int
    agreed: int
    introduced: int
    met: int
    declined: int
    not_asked: int
    blocked: int
    withdrawn: int
    meetings: int = Field(description="That came within 90 days after the asking; so with the next two.")
    contracts: int
    nothing: int
    waiting: int = Field(description="Asked less than 90 days ago, and nothing is known yet.")
    not_opened: dict[str, int] = Field(
        description="How many promoters' answers opened no task, by the reason; for administrators and keys."
    )

    @classmethod
    def of(
        cls, days: int, figures: IntroductionFigures, reasons: Mapping[str, int]
    ) -> "IntroductionFiguresOut":
        """The figures as they are answered."""
        return cls(days=days, **figures._asdict(), not_opened=dict(reasons))


class IntroductionSettingBody(StrictBody):
    """Whether promoters' answers open tasks."""

    enabled: bool = Field(description="What customers said before it is switched on opens none.")


class CountryRuleOut(BaseModel):
    """Whether customers of a country are asked only with their permission."""

    country: str = Field(description="`*`: all others, and where no country is known.")
    needs_permission: bool = Field(description="That the customer said on the survey: you may contact me.")
    reason: str


class IntroductionSettingOut(BaseModel):
    """Whether promoters' answers open tasks, and in which countries only with the customer's permission."""

    enabled: bool
    since: datetime | None
    countries: list[CountryRuleOut]

    @classmethod
    def of(cls, since: datetime | None) -> "IntroductionSettingOut":
        """The setting as it is answered."""
        countries = [
            CountryRuleOut(country=one.country, needs_permission=one.needs_permission, reason=str(one.reason))
            for one in INTRODUCTION_RULES
        ]
        return cls(enabled=since is not None, since=since, countries=countries)


def introduction_fields(
    task: Introduction, names: Mapping[UUID, str], now: datetime, staff_url: str
) -> dict[str, Any]:
    """The fields of ``IntroductionOut``."""
    same = {name: getattr(task, name) for name in IntroductionOut.model_fields if hasattr(task, name)}
    return {
        **same,
        "late": task.is_late(now),
        "owner": task.owner_id,
        "owner_name": names.get(task.owner_id) if task.owner_id is not None else None,
        "team": task.team_id,
        "see": f"{staff_url}/introductions/{task.id}",
    }
