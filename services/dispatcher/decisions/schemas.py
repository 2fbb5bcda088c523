"""Answers of the API about decisions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field


class FailedComparisonAnswer(BaseModel):
    """A comparison of a survey's conditions that did not hold."""

    index: int = Field(description="Its place among the comparisons of the conditions, from 0.")
    field: str
    op: str
    value: Any = None


class MissingBasisAnswer(BaseModel):
    """Why a survey may not ask by the law of a country."""

    fault: str = Field(description="`incentive`, `age`, or what the country `needs` and nobody has.")
    country: str = Field(description="Two letters; empty: not known.")
    by_other: bool = Field(default=False, description="Whether it was the rule for all other countries, `*`.")
    needs: str
    evidence: list[str] = Field(default=[], description="What was known of the customer.")
    max_age_days: int | None = None


class SegmentShareAnswer(BaseModel):
    """How many of a segment's contacts a survey with adaptive sampling asks, and why so many."""

    segment: str
    percent: int
    margin: int = Field(description="Points of the NPS that the answers are to reach.")
    answers: int = Field(description="In the window, when the share was computed.")


class OpenCaseAnswer(BaseModel):
    """A case about the customer that was open."""

    id: UUID
    number: int = Field(description="By which colleagues know it.")


ZONES = "; of a country with several zones, where none is known, by each: their names, separated by commas."
OPEN_CASE = (
    "Of `case_open`: which case. Null where it is not known, to colleagues whose role sees no cases, and to "
    "those who are limited to segments."
)


class ConsideredAnswer(BaseModel):
    """A survey that asks about events of this type, and why it asks about this one or does not."""

    survey_id: UUID
    survey_version: int
    name: str
    why: str
    quarantine_days: int | None = None
    quarantine_scope: str | None = Field(default=None, description="Which earlier question counted.")
    asked_at: datetime | None = Field(
        default=None,
        description="Of a quarantine: when the customer was last asked within its scope. Of "
        "`relational_distance`: when a survey about one event asks them. Of `relational_first`: when the "
        "relational mail left, on the same day.",
    )
    wished_months: int | None = Field(
        default=None,
        description="Of a quarantine that the customer's own wish makes longer: at most one question in so "
        "many months.",
    )
    paused_until: datetime | None = Field(
        default=None, description="Of `paused_by_customer`: until then the customer wants no questions."
    )
    refused_channels: list[str] = Field(
        default=[],
        description="Of `opted_out`: by which the customer wants none, where that leaves the survey none.",
    )
    relational_event_id: UUID | None = Field(
        default=None,
        description="Of `relational_first`: the `id` of the event whose relational mail waits for the same "
        "day. Null to colleagues who are limited to segments.",
    )
    distance_days: int | None = Field(
        default=None, description="Of `relational_distance`: for so many days around that it does not ask."
    )
    failed: list[FailedComparisonAnswer] = Field(
        default=[], description="Of `conditions`: the comparisons for which the event did not meet them."
    )
    sampling_percent: int | None = Field(
        default=None, description="Of `sampled_out`: how many percent of the contacts the survey asks."
    )
    share: SegmentShareAnswer | None = Field(
        default=None,
        description="Of `sampled_out`: the share of its segment by which the contact is not one of those "
        "asked. Of `invited`: the same, and they are asked beyond it since their last answer was 0 to 6.",
    )
    basis: MissingBasisAnswer | None = Field(
        default=None, description="Of `no_basis`: what the law of the customer's country misses."
    )
    open_case: OpenCaseAnswer | None = Field(default=None, description=OPEN_CASE)
    max_age_days: int | None = Field(
        default=None,
        description="Of `too_old`, `quiet_dropped`, `first_day`, `mail_pace`, and `countered` where the mail "
        "would have waited too long: for so many days the survey asks about an event.",
    )
    due_at: datetime | None = Field(default=None, description="Of these: when the mail would have left.")
    held_by: list[str] = Field(
        default=[],
        description="The rules that would have held it until then, in the order in which they are met.",
    )
    zone: str | None = Field(default=None, description=f"By whose clock they would have held it{ZONES}")


class MailChangeAnswer(BaseModel):
    """A rule of ours postponed a mail, or kept it from leaving, after the decision."""

    mail: int = Field(description="Which mail: 1 is the first one, 2 its first reminder.")
    at: datetime
    what: str = Field(description="`postponed`, `dropped`, or `withheld` (test mode).")
    reason: str
    until: datetime | None = Field(default=None, description="Of `postponed`.")
    held_by: list[str] = Field(
        default=[], description="The rules that held it, in the order in which they were met."
    )
    held_until: datetime | None = Field(
        default=None, description="When they would have let it leave; a mail that is dropped: too late."
    )
    zone: str | None = Field(default=None, description=f"By whose clock it was held{ZONES}")
    cap_hours: int | None = None
    last_message_at: datetime | None = Field(
        default=None, description="Of `cap`: when the mail before it left."
    )
    max_age_days: int | None = Field(
        default=None, description="Of a mail that is too late: for so many days its event is asked about."
    )
    open_case: OpenCaseAnswer | None = Field(default=None, description=OPEN_CASE)
    considered: ConsideredAnswer | None = Field(
        default=None, description="The survey with what it was judged by then."
    )


class InvitationAnswer(BaseModel):
    """The invitation that came of it."""

    id: UUID
    state: str
    reason: str | None = Field(
        default=None, description="Of `dropped` and `withheld`: the rule by which the mail is not sent."
    )
    due_at: datetime | None = Field(default=None, description="While it waits: when the mail is to leave.")
    postponed_by: str | None = Field(
        default=None, description="While it waits: the rule for which it leaves later than it was to."
    )
    changes: list[MailChangeAnswer] = Field(
        default=[],
        description="What postponed or ended its mails since the decision, the oldest first: the newest 50.",
    )


class DecisionAnswer(BaseModel):
    """What became of one event."""

    id: UUID
    event_id: str = Field(
        description="The back-end's own id. Of an event of a wave or a programme analysts see the wave or "
        "the period alone."
    )
    source: str
    customer_id: str | None = Field(description="Null to analysts, and where the customer was erased.")
    decided_at: datetime
    reason: str
    survey_id: UUID | None
    considered: list[ConsideredAnswer]
    rehearsed: list[ConsideredAnswer] = Field(
        description="What surveys in rehearsal would have done, were they live."
    )
    values: dict[str, Any] = Field(
        description="The values that the decision was based on, as they were then."
    )
    invitation: InvitationAnswer | None
    differs_at: datetime | None = Field(description="When the same identity came with other content.")
    relational_event_id: UUID | None = Field(
        default=None,
        description="The `id` of the event whose relational mail leaves in place of one about this event. "
        "Null to colleagues who are limited to segments.",
    )
    outranking_event_id: UUID | None = Field(
        default=None,
        description="The `id` of the event that a survey earlier in the order asks about, for which the mail "
        "about this event gave way. Null to colleagues who are limited to segments.",
    )
    see: str


class DecisionList(BaseModel):
    """A page of decisions."""

    decisions: list[DecisionAnswer]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")
