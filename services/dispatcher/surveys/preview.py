"""A sample invitation for the preview of a survey's mail."""

from datetime import datetime, timedelta
from uuid import UUID

from services.dispatcher.surveys.domain import StoredSurvey
from shared.events import Customer, Invitation


def sample_invitation(survey: StoredSurvey, language: str, now: datetime) -> Invitation:
    """An invitation that nobody gets and that is not stored; no answer can come of its links."""
    return Invitation(
        id=UUID(int=0),
        version=1,
        state="withheld",
        survey_id=survey.id,
        survey_version=survey.survey_version,
        survey_name=survey.draft.name,
        measurement=survey.draft.measurement,
        language=language,
        test=True,
        customer=Customer(id="nobody"),
        event_id=UUID(int=0),
        event_type=survey.draft.trigger,
        occurred_at=now - timedelta(days=1),
        decided_at=now,
        due_at=now,
        expires_at=now,
    )
