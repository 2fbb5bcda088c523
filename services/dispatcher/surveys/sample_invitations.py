"""Invitations of which a mail is rendered to be looked at."""

from datetime import datetime, timedelta
from uuid import UUID

from services.dispatcher.surveys.domain import SurveyDraft
from shared.events import Customer, Invitation


def sample_invitation(survey_id: UUID, draft: SurveyDraft, language: str, now: datetime) -> Invitation:
    """An invitation that nobody gets and that is not stored; no answer can come of its links."""
    return Invitation(
        id=UUID(int=0),
        version=1,
        state="withheld",
        survey_id=survey_id,
        survey_version=1,
        survey_name=draft.name,
        measurement=draft.measurement,
        language=language,
        test=True,
        anonymous=draft.anonymous,
        touchpoint=draft.touchpoint,
        customer=Customer(id="nobody"),
        event_id=UUID(int=0),
        event_type=draft.trigger,
        occurred_at=now - timedelta(days=1),
        decided_at=now,
        due_at=now,
        expires_at=now,
    )
