"""Body and answer of the API about dry runs."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.dispatcher.contact_policies.schemas import ContactPolicyBody
from services.dispatcher.decisions.values import CandidateSurvey
from services.dispatcher.dry_runs.domain import Change, DryRun, Outcome
from services.dispatcher.dry_runs.simulation import DEFAULT_DAYS, MAX_DAYS, MAX_EVENTS
from services.dispatcher.surveys.domain import SurveyDraft, rules_of
from services.dispatcher.surveys.schemas import SurveyBody
from shared.events.surveys import SurveyState
from shared.http.request_body import StrictBody
from shared.ids import uuid7
from shared.values.messages import message


class TriedSurveyBody(SurveyBody):
    """A survey as it would be."""

    id: UUID | None = Field(
        default=None,
        strict=False,  # JSON has it as a text
        description="Of a survey that would be so; without it, a further survey.",
    )
    state: SurveyState | None = Field(
        default=None, description="As if it were in this state; left out, as if it were live."
    )


class DryRunBody(StrictBody):
    """The rules to try: a survey, the company's rules about contacts, or both."""

    survey: TriedSurveyBody | None = None
    contact_policy: ContactPolicyBody | None = None
    days: int = Field(
        default=DEFAULT_DAYS, ge=1, le=MAX_DAYS, description="Of how many last days the events are decided."
    )

    @model_validator(mode="after")
    def _tries_something(self) -> Self:
        if self.survey is None and self.contact_policy is None:
            raise ValueError(message("Give a survey, a contact_policy, or both."))
        return self


class OutcomeAnswer(BaseModel):
    """What becomes of an event."""

    reason: str
    survey_id: UUID | None = Field(description="Which survey asks.")

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeAnswer":
        """An outcome as the API answers it."""
        return cls(reason=outcome.reason, survey_id=outcome.survey_id)


class ChangeAnswer(BaseModel):
    """Events that had one outcome and would have had another one."""

    was: OutcomeAnswer
    would_be: OutcomeAnswer
    events: int
    examples: list[UUID] = Field(description="The newest of them.")

    @classmethod
    def of(cls, change: Change) -> "ChangeAnswer":
        """A change as the API answers it."""
        return cls(
            was=OutcomeAnswer.of(change.was),
            would_be=OutcomeAnswer.of(change.would_be),
            events=change.events,
            examples=list(change.examples),
        )


class DryRunAnswer(BaseModel):
    """What would have become of the events of the last days, against what became of them."""

    id: UUID
    made_at: datetime
    since: datetime
    events: int
    all_counted: bool = Field(
        description=f"False: there were more than the {MAX_EVENTS:,} newest, which are counted."
    )
    was: dict[str, int] = Field(description="Events by the reason of their decision.")
    would_be: dict[str, int] = Field(description="The same under the rules that were tried.")
    changes: list[ChangeAnswer] = Field(description="Where the two differ, the most frequent first.")
    with_counter_events: bool = Field(
        description="Whether counter-events came: a mail that one of them cancelled or held while it waited "
        "counts here as if it had left when it was due, so the two may differ a little also under unchanged "
        "rules."
    )

    @classmethod
    def of(cls, dry_run: DryRun) -> "DryRunAnswer":
        """A dry run as the API answers it."""
        return cls(
            id=dry_run.id,
            made_at=dry_run.made_at,
            since=dry_run.since,
            events=dry_run.events,
            all_counted=dry_run.all_counted,
            was=dry_run.was,
            would_be=dry_run.would_be,
            changes=[ChangeAnswer.of(change) for change in dry_run.changes],
            with_counter_events=dry_run.with_counter_events,
        )


def candidate_of(
    draft: SurveyDraft, survey_id: UUID | None, state: SurveyState | None = None
) -> CandidateSurvey:
    """A survey that is tried, as a decision needs it; without an id it is a further one.

    :param state: in which it is tried, whatever the draft's is; None: as if it were live.
    """
    return CandidateSurvey(
        **{**rules_of(draft), "state": state or "live"},
        id=survey_id or uuid7(),
        survey_version=0,
        name=draft.name,
        measurement=draft.measurement,
        default_language=draft.default_language,
        languages=tuple(draft.texts),
    )
