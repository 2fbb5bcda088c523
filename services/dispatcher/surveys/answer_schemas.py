"""Answers of the API about surveys; their rules are those of the bodies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field, create_model

from services.dispatcher.surveys.adaptive_body import AdaptiveSamplingAnswer
from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft, SurveyVersion
from services.dispatcher.surveys.programme_body import ProgrammeAnswer
from services.dispatcher.surveys.quarantine_body import with_quarantine
from services.dispatcher.surveys.question_schemas import QuestionAnswer, QuestionTextsAnswer
from services.dispatcher.surveys.reminders import ReminderAnswer
from services.dispatcher.surveys.schemas import API_NAMES, INTEGERS


class TestMailAnswer(BaseModel):
    """The event of a test, by which its mail, its answer and what comes of it can be followed."""

    event_id: UUID = Field(description="As the id of `/events/{id}`; it is decided a moment later.")
    see: str


class FollowUpAnswer(BaseModel):
    """The second question, by outcome."""

    detractor: str | None = None
    passive: str | None = None
    promoter: str | None = None


class TextsAnswer(BaseModel):
    """A survey's own words in one language."""

    subject: str | None = None
    intro: str | None = None
    question: str | None = None
    reason: str | None = None
    follow_up: FollowUpAnswer = FollowUpAnswer()
    thanks: str | None = None
    sms: str | None = None
    occasion: str | None = None
    questions: dict[str, QuestionTextsAnswer] = {}


class QuarantineAnswer(BaseModel):
    """For how long the same contact is not asked again, and after which question."""

    days: int
    scope: str


_ANSWERED_INTEGERS: dict[str, Any] = dict.fromkeys(INTEGERS, (int, ...))
_RulesAnswer = create_model(
    "_RulesAnswer",
    name=(str, ...),
    trigger=(str, Field(description="Empty: waves, programmes or cases alone ask by it.")),
    measurement=(str, ...),
    state=(str, ...),
    anonymous=(bool, ...),
    neutral=(bool, ...),
    incentive=(bool, ...),
    stop_after_click=(bool, ...),
    quarantine=(QuarantineAnswer, ...),
    touchpoint=(str | None, None),
    reminders=(list[ReminderAnswer], ...),
    conditions=(dict[str, Any] | None, Field(default=None, description="As in a body; null: none.")),
    programme=(ProgrammeAnswer | None, Field(default=None, description="null: none.")),
    adaptive_sampling=(AdaptiveSamplingAnswer | None, Field(default=None, description="null: none.")),
    channels=(list[str], Field(description="In their order.")),
    sender_name=(str | None, Field(default=None, description="null: the company's.")),
    reply_to=(str | None, Field(default=None, description="null: the address that the mails come from.")),
    **_ANSWERED_INTEGERS,
)


class SurveyAnswer(_RulesAnswer):
    """A survey as it is stored, whatever may be sent today: nothing here has limits."""

    position: int = Field(description="Its place in the order.")
    default_language: str
    questions: list[QuestionAnswer]
    layout: str
    edit_hours: int
    texts: dict[str, TextsAnswer]
    id: UUID
    version: int = Field(description="Grows with each change of the survey, and of how the tenant sends.")
    survey_version: int = Field(description="Grows when its words, questions, layout or edit window change.")
    live_version: int | None = Field(
        description="The `survey_version` with which it last asked; null: never, or not known."
    )
    created_at: datetime
    changed_at: datetime
    first_live_at: datetime | None = Field(
        default=None,
        description="When it could first ask customers. null: it could not yet, or did before this was kept.",
    )
    first_day_began_at: datetime | None = Field(
        default=None, description="When the first mail of its first day was to leave. null: none was."
    )

    @classmethod
    def of(cls, survey: StoredSurvey) -> "SurveyAnswer":
        """A stored survey as the API answers it."""
        own = {name: getattr(survey, name) for name in survey.__struct_fields__ if name != "draft"}
        return cls(**api_fields(survey.draft), **own)


class SurveyList(BaseModel):
    """All surveys in their order."""

    surveys: list[SurveyAnswer]


class KeptRulesAnswer(_RulesAnswer):
    """The rules that a survey had from one of its changes to the next."""

    written_at: datetime
    position: int | None = Field(description="Its place in the order.")

    @classmethod
    def of(cls, version: SurveyVersion) -> "KeptRulesAnswer":
        """A version as the API answers its rules."""
        return cls(written_at=version.written_at, **api_fields(version.draft))


class VersionAnswer(BaseModel):
    """One version of a survey's words, with the rules that the survey had with them."""

    survey_version: int
    written_at: datetime
    measurement: str
    default_language: str
    questions: list[QuestionAnswer]
    layout: str
    edit_hours: int
    texts: dict[str, TextsAnswer]
    rules: list[KeptRulesAnswer] = Field(
        description="Oldest first: each change of them since the words were written. Empty: not kept."
    )

    @classmethod
    def of(cls, versions: Sequence[SurveyVersion]) -> "VersionAnswer":
        """The versions of a survey with the same words, oldest first, as the API answers them."""
        version = versions[0]
        words = api_fields(version.draft)
        versioned = ("measurement", "default_language", "questions", "layout", "edit_hours", "texts")
        return cls(
            survey_version=version.survey_version,
            written_at=version.written_at,
            rules=[KeptRulesAnswer.of(each) for each in versions if each.has_rules],
            **{name: words[name] for name in versioned},
        )


class VersionList(BaseModel):
    """All versions of a survey's words, oldest first."""

    versions: list[VersionAnswer]


def api_fields(draft: SurveyDraft) -> dict[str, Any]:
    """A draft by the API's names, as JSON has it: lists, no tuples."""
    fields = msgspec.json.decode(msgspec.json.encode(draft))
    del fields["draws_by"]  # nobody chooses it
    fields["trigger"] = draft.trigger if draft.has_trigger else ""
    return with_quarantine({API_NAMES.get(name, name): value for name, value in fields.items()})
