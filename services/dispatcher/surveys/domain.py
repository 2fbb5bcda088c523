"""Surveys as they are drafted and stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict
from uuid import UUID

import msgspec

from services.dispatcher.decisions.first_day import first_day_end
from shared.events import Question, SurveyTexts
from shared.events.conditions import Condition
from shared.events.surveys import (
    EDIT_HOURS,
    STANDARD_EDIT_HOURS,
    SURVEY_RULES,
    AdaptiveSampling,
    Layout,
    Measurement,
    Programme,
    PublishedState,
    Reminder,
    SurveyRules,
    SurveyStage,
    SurveyState,
)

_reminders = msgspec.json.Decoder(tuple[Reminder, ...])
_conditions = msgspec.json.Decoder(Condition)
_programme = msgspec.json.Decoder(Programme)
_adaptive_sampling = msgspec.json.Decoder(AdaptiveSampling)

MAX_NAME_LENGTH = 200
"""Characters."""


class SurveyDraft(SurveyRules, frozen=True, kw_only=True):
    """All that an editor decides about a survey."""

    name: str
    measurement: Measurement = "transactional"
    default_language: str = "en"
    texts: dict[str, SurveyTexts] = {}
    questions: tuple[Question, ...] = ()
    layout: Layout = "horizontal"
    edit_hours: Annotated[int, EDIT_HOURS] = STANDARD_EDIT_HOURS


class StoredSurvey(msgspec.Struct, frozen=True, kw_only=True):
    """A survey as it is stored."""

    id: UUID
    version: int
    """Grows with each change of the survey, and of how its tenant sends."""
    survey_version: int
    """Grows when its words, its questions, its layout or its edit window change."""
    draft: SurveyDraft
    live_version: int | None
    """The version of its words with which it last asked; None: never, or not known."""
    first_live_at: datetime | None = None
    """When it could first ask customers: live, in a company that was; None: not yet, or it was not kept."""
    first_day_began_at: datetime | None = None
    """When the first of its mails took a place on its first day; None: none has."""
    created_at: datetime
    changed_at: datetime

    def first_day_until(self, at: datetime) -> datetime | None:
        """When its first day ends; None: at this time it is over, or has not begun."""
        return first_day_end(self.draft.first_day_per_hour, self.first_day_began_at, at)

    @property
    def awaits_first_day(self) -> bool:
        """Whether it may ask customers, and its first day begins with its first mail."""
        limited = self.draft.first_day_per_hour > 0 and self.draft.state == "live"
        return limited and self.first_live_at is not None and self.first_day_began_at is None


class SurveyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A survey as it was: its words and, where they were kept, its rules."""

    number: int
    """From 1 on, in their order; where versions of the words alone are meant, that of the words."""
    survey_version: int
    """The version of its words."""
    written_at: datetime
    draft: SurveyDraft
    has_rules: bool = False
    """False: the rules in the draft are those of today."""


class KeptDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A survey's rules as they were once, without its words."""

    written_at: datetime
    draft: SurveyDraft

    @classmethod
    def of(cls, survey: "StoredSurvey") -> "KeptDraft":
        """Those of a survey as it is stored."""
        return cls(
            written_at=survey.changed_at, draft=msgspec.structs.replace(survey.draft, texts={}, questions=())
        )

    def differs(self, other: "KeptDraft") -> bool:
        """Whether more differs than the state, of which the audit log tells, and the place in the order."""
        own, others = (
            msgspec.structs.replace(each.draft, state="draft", place=None) for each in (self, other)
        )
        return own != others


class KeyReused(Exception):
    """The idempotency key was used for another survey."""


class SurveyNotFound(Exception):
    """The tenant has no survey of this id."""


class SurveyChanged(Exception):
    """The survey has changed since it was read."""


def rules_of(source: Any) -> dict[str, Any]:
    """The rules of a row, a draft or an event, by name."""
    rules = {name: getattr(source, name) for name in SURVEY_RULES}
    if isinstance(rules["reminders"], bytes):  # of a row
        rules["reminders"] = _reminders.decode(rules["reminders"])
    if isinstance(rules["conditions"], bytes):
        rules["conditions"] = _conditions.decode(rules["conditions"])
    if isinstance(rules["programme"], bytes):
        rules["programme"] = read_programme(rules["programme"])
    if isinstance(rules["adaptive_sampling"], bytes):
        rules["adaptive_sampling"] = read_adaptive_sampling(rules["adaptive_sampling"])
    rules["channels"] = tuple(rules["channels"])
    if rules["state"] == "paused" and (stage := getattr(source, "stage", None)) is not None:
        rules["state"] = stage
    return rules


class StateAndStage(TypedDict):
    """A survey's state as rows and events have it."""

    state: PublishedState
    stage: SurveyStage | None


def state_and_stage(state: SurveyState) -> StateAndStage:
    """A state as rows and events have it: earlier versions, which may run beside this one, know two."""
    if state == "draft" or state == "rehearsal":  # noqa: PLR1714  (mypy narrows by comparisons alone)
        return StateAndStage(state="paused", stage=state)
    return StateAndStage(state=state, stage=None)


def published_rules(row: Any) -> dict[str, Any]:
    """The rules of a row as its event has them."""
    rules = rules_of(row)
    return {**rules, **state_and_stage(rules["state"])}


def stored_reminders(source: SurveyRules) -> bytes:
    """The reminders of a draft or an event as a row has them."""
    return msgspec.json.encode(source.reminders)


def stored_conditions(source: SurveyRules) -> bytes | None:
    """The conditions of a draft or an event as a row has them; None: it has none."""
    return msgspec.json.encode(source.conditions) if source.conditions is not None else None


def stored_programme(source: SurveyRules) -> bytes | None:
    """The programme of a draft or an event as a row has it; None: it has none."""
    return msgspec.json.encode(source.programme) if source.programme is not None else None


def read_programme(stored: bytes) -> Programme:
    """The programme as a row has it."""
    return _programme.decode(stored)


def stored_adaptive_sampling(source: SurveyRules) -> bytes | None:
    """The adaptive sampling of a draft or an event as a row has it; None: it has none."""
    return msgspec.json.encode(source.adaptive_sampling) if source.adaptive_sampling is not None else None


def read_adaptive_sampling(stored: bytes) -> AdaptiveSampling:
    """The adaptive sampling as a row has it."""
    return _adaptive_sampling.decode(stored)


_drafts = msgspec.json.Decoder(tuple[KeptDraft, ...])


def stored_drafts(drafts: Sequence[KeptDraft]) -> bytes:
    """Kept rules as the row of their words has them."""
    return msgspec.json.encode(drafts)


def read_drafts(stored: bytes | None) -> tuple[KeptDraft, ...]:
    """The rules that a version of the words keeps, oldest first; none where they were not kept."""
    return _drafts.decode(stored) if stored is not None else ()
