"""What programs send and get: cases, and the acts on them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from services.alerts.cases.domain.closing import (
    MAX_TEXT_CHARS,
    CaseOutcome,
    ClosingOutcome,
    ContactMethod,
)
from services.alerts.rules.clocks import Priority
from shared.events import CaseStage, CaseState
from shared.events.replies import MAX_REPLY_CHARS, MAX_SUBJECT_CHARS
from shared.http.instants import Instant
from shared.values.causes import CAUSE_CODES
from shared.values.messages import message


class CaseAct(BaseModel):
    """An act on a case: a misspelt field is refused, and a number is no text."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _one_line(given: str) -> str:
    if not (subject := " ".join(given.split())):
        raise ValueError(message("Is blank. Fill it."))
    return subject


def _written(given: str) -> str:
    if not (text := given.replace("\r\n", "\n").replace("\r", "\n").strip()):
        raise ValueError(message("Is blank. Fill it."))
    return text


Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARS)]
SeenVersion = Annotated[
    int | None,
    Field(
        default=None,
        ge=0,
        description="The version that you have seen. When somebody has decided since, nothing is done: 409.",
    ),
]


class TakeAct(CaseAct):
    """Make the case one's own (people only)."""

    act: Literal["take"]
    version: SeenVersion


class AssignAct(CaseAct):
    """Give it to somebody (leaders, administrators, keys)."""

    act: Literal["assign"]
    to: Annotated[UUID, Field(strict=False, description="The person's id.")]
    version: SeenVersion


class HandOverAct(CaseAct):
    """Give it to a colleague with what they must know (its owner, leaders, administrators, keys)."""

    act: Literal["hand_over"]
    to: Annotated[UUID, Field(strict=False, description="The colleague's id.")]
    text: Text
    version: SeenVersion


class AskAct(CaseAct):
    """Ask a colleague, who gets a notice; the case stays with whoever has it."""

    act: Literal["ask"]
    to: Annotated[UUID, Field(strict=False, description="The colleague's id.")]
    text: Text


class WaitAct(CaseAct):
    """Pause its deadlines until a time, or until the customer says something (its owner, leaders,
    administrators, keys).
    """

    act: Literal["wait"]
    until: Annotated[Instant, Field(strict=False, description="In the future, and at most 60 days ahead.")]
    text: Text
    version: SeenVersion


class ResumeAct(CaseAct):
    """Wait no longer: its deadlines run on."""

    act: Literal["resume"]


class MergeAct(CaseAct):
    """End it as a duplicate of another case, in which the work goes on."""

    act: Literal["merge"]
    into: Annotated[UUID, Field(strict=False, description="The other case's id.")]
    version: SeenVersion


class ReleaseAct(CaseAct):
    """Put it back, so that somebody else can take it (its owner, leaders, administrators, keys)."""

    act: Literal["release"]
    version: SeenVersion


class ContactAct(CaseAct):
    """Log that somebody tried to speak to the customer."""

    act: Literal["contact"]
    how: ContactMethod
    reached: bool
    text: Text


class NoteAct(CaseAct):
    """Something for the colleagues."""

    act: Literal["note"]
    text: Text


class ReplyAct(CaseAct):
    """Write a mail to the customer, who can answer it; the dispatcher sends it, unless a rule forbids it."""

    act: Literal["reply"]
    id: Annotated[
        UUID,
        Field(
            strict=False, description="An id that you make: a mail with it is sent once, however often asked."
        ),
    ]
    subject: Annotated[str, Field(min_length=1, max_length=MAX_SUBJECT_CHARS), AfterValidator(_one_line)]
    text: Annotated[str, Field(min_length=1, max_length=MAX_REPLY_CHARS), AfterValidator(_written)] = Field(
        description="Plain text, in the customer's language."
    )


class CloseAct(CaseAct):
    """The end, with what was learnt."""

    act: Literal["close"]
    cause: Annotated[str, Field(examples=["delivery.late"], description="One of: " + ", ".join(CAUSE_CODES))]
    action: Text
    outcome: Annotated[
        ClosingOutcome,
        Field(description="no_contact needs three tries by two ways over at least five days."),
    ]
    told: Annotated[bool, Field(description="Whether the customer has been told.")]
    version: SeenVersion

    @field_validator("cause")
    @classmethod
    def known_cause(cls, cause: str) -> str:
        """A cause is one of ours, so that causes can be counted."""
        if cause not in CAUSE_CODES:
            raise ValueError(
                message("Must be one of the causes that the documentation lists, such as delivery.late.")
            )
        return cause


class ReopenAct(CaseAct):
    """It was not over after all."""

    act: Literal["reopen"]
    text: Text
    version: SeenVersion


class RevealAct(CaseAct):
    """Show the customer's address and number; that is logged."""

    act: Literal["reveal"]


Action = Annotated[
    TakeAct
    | AssignAct
    | HandOverAct
    | AskAct
    | ReleaseAct
    | WaitAct
    | ResumeAct
    | ContactAct
    | NoteAct
    | ReplyAct
    | CloseAct
    | MergeAct
    | ReopenAct
    | RevealAct,
    Field(discriminator="act"),
]


MAX_CASES_AT_ONCE = 100
BulkAction = Annotated[
    TakeAct | AssignAct | HandOverAct | ReleaseAct | WaitAct | ResumeAct, Field(discriminator="act")
]


class BulkBody(BaseModel):
    """One act on several cases."""

    model_config = ConfigDict(extra="forbid")

    cases: Annotated[list[UUID], Field(min_length=1, max_length=MAX_CASES_AT_ONCE, description="Their ids.")]
    action: Annotated[BulkAction, Field(description="Without a version, which each case has of its own.")]

    @field_validator("action")
    @classmethod
    def without_version(cls, action: BulkAction) -> BulkAction:
        """A version is one case's."""
        if getattr(action, "version", None) is not None:
            raise ValueError(message("Leave version out: each case has another one."))
        return action


class BulkResultOut(BaseModel):
    """What became of one of the cases."""

    case: UUID
    done: bool
    reason: str | None
    """Why nothing was done to it."""


class BulkOut(BaseModel):
    """What became of each case, in the order of the request."""

    results: list[BulkResultOut]


class CaseOut(BaseModel):
    """A case as it is now."""

    id: UUID
    number: int
    version: int
    state: CaseState
    stage: CaseStage
    """How far the work is."""
    score: int
    first_score: int
    comment: str | None
    still_writing: bool
    may_contact: bool | None
    """Yes, no, or (null) not asked."""
    anonymous: bool
    """The answer is kept without a person: there is nobody to contact."""
    touchpoint: str | None
    segments: dict[str, str]
    organisation: list[str]
    answer_id: UUID
    event_id: UUID | None
    customer_id: str | None
    owner: UUID | None
    owner_name: str | None
    cause: str | None
    action: str | None
    outcome: CaseOutcome | None
    told: bool | None
    opened_at: datetime
    priority: Priority
    team_id: UUID | None
    rule_name: str | None
    """The rule that opened it; null: not known, or of an answer that you may not read."""
    rules_version: int | None
    """The version of the rules in which it stands; 0: the defaults."""
    due_at: datetime
    contact_due_at: datetime | None
    """Null: the customer does not want to be contacted, or is not known."""
    close_due_at: datetime
    first_contact_at: datetime | None
    waits_until: datetime | None
    """Until when its deadlines stand still, since it waits for the customer."""
    closed_at: datetime | None
    merged_into: UUID | None
    """The case in which the work goes on, of a duplicate."""
    see: str
    """Where a person reads it."""


class CaseList(BaseModel):
    """A part of the list of cases, by due time."""

    cases: list[CaseOut]
    next: str | None
    """Give it as ``after`` for the next page; null on the last."""


class EntryOut(BaseModel):
    """One line of what happened."""

    at: datetime
    kind: str
    by: str
    facts: dict[str, str | int | bool | None]


class ContactOut(BaseModel):
    """How the customer can be reached; only in the answer to ``reveal``."""

    email: str | None
    phone: str | None


class CaseDetail(CaseOut):
    """A case with all that was done to it."""

    timeline: list[EntryOut]
    """What happened, oldest first: the last fifty lines, or those before the line that was asked for."""
    earlier: int | None
    """Give it as ``before`` for the lines before these; null when there are none."""
    asked_again_at: datetime | None
    """When the customer was asked again, after the case or as nobody had reached them; null: not yet."""
    asked_again_score: int | None
    """What they answered then."""
    asks_about: UUID | None
    """The case after which the answer of this one was asked for; null: none, or one that you may not see."""
    contact: ContactOut | None = None
