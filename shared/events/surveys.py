"""``surveys``: what is asked; one thing for each version, so that old invitations keep their words."""

from typing import Literal
from uuid import UUID

from msgspec import UNSET, UnsetType

from shared.events.envelope import Data, Instant, Name, Text, Topic

Measurement = Literal["transactional", "relational"]


class FollowUp(Data, frozen=True, kw_only=True):
    """The second question, by outcome; a missing one is not asked."""

    detractor: Text | None = None
    passive: Text | None = None
    promoter: Text | None = None


class SurveyTexts(Data, frozen=True, kw_only=True):
    """A survey's own words in one language; what is missing comes from the standard wording.

    They may hold placeholders: see ``shared.events.placeholders``.
    """

    subject: Text | None = None
    intro: Text | None = None
    question: Text | None = None
    reason: Text | None = None
    follow_up: FollowUp = FollowUp()
    thanks: Text | None = None
    occasion: Text | UnsetType | None = UNSET
    """What the survey is about, such as “your delivery”; without one the type of the event tells."""


class Survey(Data, frozen=True, kw_only=True):
    """One version of a survey's words. ``version`` counts the changes of this very version's state."""

    id: UUID
    survey_version: int
    version: int
    name: Name
    measurement: Measurement
    trigger: Name
    state: Literal["live", "paused"]
    test: bool
    """The tenant is in test mode: mail goes only to listed test addresses."""
    stopped: bool
    """All sending of the tenant is stopped."""
    texts: dict[str, SurveyTexts] = {}
    default_language: Name = "en"
    delay_minutes: int | None = None
    """This and the next four: when the survey asks, and whom not. Only its owner acts on them, when it takes
    back from the topic what its restored database does not know."""
    quarantine_days: int | None = None
    link_days: int | None = None
    max_age_days: int | None = None
    place: int | None = None
    changed_at: Instant


SURVEYS = Topic(
    name="surveys.v1",
    event_type="afterword.survey.changed",
    data=Survey,
    source="/afterword/dispatcher",
    identity=lambda survey: f"{survey.id}/{survey.survey_version}",
    version=lambda survey: survey.version,
    key=lambda survey: f"{survey.id}/{survey.survey_version}",
    compacted=True,
)
