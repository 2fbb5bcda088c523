"""What the JSON door takes and gives."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.dispatcher.surveys import LAST_PLACE, Draft, State, Survey
from shared.events.placeholders import OCCASION_PLACEHOLDERS, PLACEHOLDERS, placeholder_faults
from shared.values.languages import MAX_TAG_LENGTH, language_tag


def _language(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if (tag := language_tag(given)) is None:
        raise ValueError("Write a language as BCP 47 does, such as en, da or zh-Hant.")
    return tag


def _languages(given: Any) -> Any:
    if isinstance(given, dict):
        tags = [language_tag(name) or name for name in given if isinstance(name, str)]
        if twice := next((tag for tag in tags if tags.count(tag) > 1), None):
            raise ValueError(f"The language {twice} stands here twice.")
    return given


Language = Annotated[
    str,
    BeforeValidator(_language),
    Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,6}$", max_length=MAX_TAG_LENGTH),
]
OneOfEach = BeforeValidator(_languages)
"""Of a mapping by language: two spellings of one language are a fault, and not the one that came last."""
MINUTES_A_DAY = 1440


def _sound(words: str, known: Collection[str] = PLACEHOLDERS) -> str:
    if found := placeholder_faults(words, known):
        raise ValueError(" ".join(found))
    return words


KeptWords = Annotated[str, Field(min_length=1, max_length=1000)]
"""Words as they stand: they may be older than the rule about placeholders."""
Words = Annotated[KeptWords, AfterValidator(_sound)]
OccasionWords = Annotated[KeptWords, AfterValidator(partial(_sound, known=OCCASION_PLACEHOLDERS))]
_OCCASION = Field(
    default=None,
    description="What the survey is about, such as “your delivery”; else the type of the event tells.",
)

_STATE = (
    "`live` asks customers from the next event on (in test mode, the test addresses only). Without it a new "
    "survey is `paused` and asks nobody."
)


class Body(BaseModel):
    """Nothing is guessed: no other type, no unknown field. Null is the same as leaving a field out."""

    model_config = ConfigDict(strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        return {name: value for name, value in sent.items() if value is not None}


class FollowUpBody(Body):
    """The second question, by outcome; a missing one is not asked."""

    detractor: Words | None = None
    passive: Words | None = None
    promoter: Words | None = None


class TextsBody(Body):
    """A survey's own words in one language; what is missing comes from the standard wording.

    Placeholders in them are filled wherever they are shown: `{company}`, `{occasion}` (such as “your
    delivery”), `{day}`, `{touchpoint}`. Any other is refused; `{{` and `}}` are braces themselves.
    """

    subject: Words | None = None
    intro: Words | None = None
    question: Words | None = None
    reason: Words | None = None
    follow_up: FollowUpBody = FollowUpBody()
    thanks: Words | None = None
    occasion: OccasionWords | None = _OCCASION


class KeptFollowUp(Body):
    """The second question, by outcome, as it stands."""

    detractor: KeptWords | None = None
    passive: KeptWords | None = None
    promoter: KeptWords | None = None


class KeptTexts(Body):
    """A survey's own words in one language, as they stand."""

    subject: KeptWords | None = None
    intro: KeptWords | None = None
    question: KeptWords | None = None
    reason: KeptWords | None = None
    follow_up: KeptFollowUp = KeptFollowUp()
    thanks: KeptWords | None = None
    occasion: KeptWords | None = _OCCASION


class SurveyRulesBody(Body):
    """A survey: whom it asks, and when."""

    name: str = Field(min_length=1, max_length=200)
    trigger: str = Field(
        max_length=200,
        pattern=r"^([^\s*]+\*?|\*)$",
        description="The type of the events that it asks about: exact, or a beginning followed by *.",
    )
    measurement: Literal["transactional", "relational"] = "transactional"
    state: State = Field(default="paused", description=_STATE)
    delay_minutes: int = Field(default=1440, ge=0, le=365 * MINUTES_A_DAY)
    quarantine_days: int = Field(default=90, ge=0, le=3650)
    link_days: int = Field(default=30, ge=1, le=365)
    max_age_days: int = Field(default=7, ge=1, le=365)
    position: int | None = Field(
        default=None, ge=1, le=LAST_PLACE, description="Its place in the order; without one, the last."
    )
    default_language: Language = "en"

    @model_validator(mode="after")
    def _leaves_before_it_is_too_old(self) -> Self:
        if self.delay_minutes > self.max_age_days * MINUTES_A_DAY:
            raise ValueError("The delay is longer than max_age_days, so nobody would ever be asked.")
        return self

    def draft(self) -> Draft:
        """The same in the form that is kept; what is not there is left out, so that equal words are equal."""
        return msgspec.convert(self.model_dump(exclude={"version"}, exclude_none=True), Draft)


class SurveyBody(SurveyRulesBody):
    """A survey: whom it asks, when, and in which words."""

    texts: Annotated[dict[Language, TextsBody], OneOfEach] = Field(default={}, max_length=20)


class SurveyKept(SurveyRulesBody):
    """A survey whose words are not changed: they were taken once, whatever is asked of new ones since."""

    texts: Annotated[dict[Language, KeptTexts], OneOfEach] = Field(default={}, max_length=20)


class SurveyPut(SurveyBody):
    """The whole survey as it is to be."""

    state: State | None = Field(  # type: ignore[assignment]
        default=None, description="Left out, it stays as it is."
    )
    version: int | None = Field(
        default=None, description="The version you have seen; another one answers 409."
    )


class SurveyPatch(Body):
    """Only what is to change."""

    version: int | None = None
    name: str | None = None
    trigger: str | None = None
    measurement: Literal["transactional", "relational"] | None = None
    state: State | None = None
    delay_minutes: int | None = None
    quarantine_days: int | None = None
    link_days: int | None = None
    max_age_days: int | None = None
    position: int | None = None
    default_language: Language | None = None
    texts: Annotated[dict[Language, TextsBody] | None, OneOfEach] = Field(
        default=None, description="Replaces all texts."
    )


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
    occasion: str | None = None


class SurveyAnswer(BaseModel):
    """A survey as it stands. What is kept is told, whatever may be sent today: nothing here has limits."""

    name: str
    trigger: str
    measurement: str
    state: str
    delay_minutes: int
    quarantine_days: int
    link_days: int
    max_age_days: int
    position: int = Field(description="Its place in the order.")
    default_language: str
    texts: dict[str, TextsAnswer]
    id: UUID
    version: int = Field(description="Grows with each change of the survey, and of how the tenant sends.")
    survey_version: int = Field(description="Grows when its words change.")
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, survey: Survey) -> "SurveyAnswer":
        """From what is kept."""
        own = {"id", "version", "survey_version", "created_at", "changed_at"}
        return cls(
            **msgspec.to_builtins(survey.draft), **{name: getattr(survey, name) for name in sorted(own)}
        )


class SurveyList(BaseModel):
    """All surveys in their order."""

    surveys: list[SurveyAnswer]


class ConsideredAnswer(BaseModel):
    """A survey that the event matched, and why it asks or does not."""

    survey_id: UUID
    survey_version: int
    name: str
    why: str


class InvitationAnswer(BaseModel):
    """The invitation that came of it."""

    id: UUID
    state: str


class DecisionAnswer(BaseModel):
    """What became of one event."""

    id: UUID
    event_id: str
    source: str
    customer_id: str | None = Field(description="Null to analysts.")
    decided_at: datetime
    reason: str
    survey_id: UUID | None
    considered: list[ConsideredAnswer]
    values: dict[str, Any] = Field(
        description="The values that the decision was based on, as they were then."
    )
    invitation: InvitationAnswer | None
    differs_at: datetime | None = Field(description="When the same identity came with other content.")
    see: str


class DecisionList(BaseModel):
    """The decisions of an event: one for each source that used its id."""

    decisions: list[DecisionAnswer]
    next: UUID | None = Field(default=None, description="Give it as `after` to get the next page.")
