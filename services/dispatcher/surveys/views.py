"""The pages about surveys: what each template sees."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar, Literal
from urllib.parse import urlencode
from uuid import UUID

from services.dispatcher.adaptive_sampling.views import SharesPart
from services.dispatcher.dry_runs.views import DryRunPart
from services.dispatcher.invitations.survey_mail import RenderedMail
from services.dispatcher.repository.survey_figures import SurveyFigures
from services.dispatcher.sending.labels import ChangeLine
from services.dispatcher.sms.lengths import TextLength, odd_characters, text_length
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.labels import STATE_LABELS
from services.dispatcher.surveys.matches import RecentMatches
from services.dispatcher.surveys.publishing import Publishing
from shared.events.nps import Group
from shared.events.surveys import SurveyState
from shared.outbound.outcome_rules import MailStream
from shared.pages.filters import percent, thousands
from shared.pages.language import spoken, translated
from shared.pages.page import Page
from shared.values.messages import Message


@dataclass(frozen=True, kw_only=True)
class TypedFaultsPage(Page):
    """Stands in the place of the mail while something in the form is wrong."""

    template: ClassVar[str] = "typed_faults.html"
    faults: Sequence[tuple[str, str]]
    """Each field with what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class TypedTextPage(Page):
    """The text part of the mail as it is typed."""

    template: ClassVar[str] = "typed_text.html"
    language: str
    text: str


@dataclass(frozen=True)
class TextPart:
    """A text message with what its length costs."""

    text: str
    length: TextLength
    odd: str
    """The characters that the phone alphabet does not have."""
    takes_numbers: bool
    """Whether a number in a reply is an answer."""

    @classmethod
    def of(cls, text: str, *, takes_numbers: bool) -> "TextPart":
        """A text as it leaves."""
        return cls(text, text_length(text), odd_characters(text), takes_numbers)


@dataclass(frozen=True, kw_only=True)
class TypedSmsPage(Page):
    """The text message as it is typed."""

    template: ClassVar[str] = "typed_sms.html"
    language: str
    sms: TextPart


@dataclass(frozen=True, kw_only=True)
class TypedAwayPage(Page):
    """Stands in the place of a customer's page while the service that renders it does not answer."""

    template: ClassVar[str] = "typed_away.html"
    service: str


PreviewWidth = Literal["wide", "phone"]
SAMPLE_SCORES: dict[Group, int] = {"promoter": 10, "passive": 8, "detractor": 3}


@dataclass(frozen=True)
class TypedAddresses:
    """The form of the test addresses: what was typed, the version of sending, and what is wrong."""

    addresses: str
    version: str
    fault: str = ""


MIN_SHOWN_AS_SHARE = 10
"""Of fewer mails no share is shown: one answer more would change it by a tenth."""


@dataclass(frozen=True)
class SurveyLine:
    """A survey in the list, with what became of its recent invitations."""

    survey: StoredSurvey
    figures: SurveyFigures
    answered: str
    """How many answered, of how many, and the share; empty where that is not known."""
    state: str
    """In words."""

    @classmethod
    def of(cls, survey: StoredSurvey, figures: Mapping[UUID, SurveyFigures]) -> "SurveyLine":
        """A stored survey and the figures of all."""
        own = figures.get(survey.id, SurveyFigures())
        answered = ""
        if own.delivered:
            counts = {"answered": thousands(own.answered), "n": thousands(own.delivered)}
            answered = translated("%(answered)s of %(n)s") % counts
        if own.delivered >= MIN_SHOWN_AS_SHARE:
            answered += f" ({percent(own.answered, own.delivered)})"
        return cls(survey, own, answered, spoken(STATE_LABELS[survey.draft.state]))


@dataclass(frozen=True, kw_only=True)
class SurveysPage(Page):
    """All surveys in their order, and how the company sends."""

    template: ClassVar[str] = "surveys.html"
    surveys: Sequence[SurveyLine]
    changes: Sequence[ChangeLine]
    """Of how the company sends, newest first."""
    stopped: ChangeLine | None
    """The change that stopped all sending, while it is stopped."""
    mail: MailStream
    mail_reason: str
    """Why no mail leaves, in words; empty while it does."""
    typed: TypedAddresses
    done: str
    """What the act before this page has done."""
    languages: str
    """The names of those in which our words are complete."""


@dataclass(frozen=True, kw_only=True)
class ConditionsPart:
    """What the form of a survey shows of its conditions beside their rows."""

    sentence: str
    """Of the stored ones, in words; empty without any."""
    match_label: str
    operators: Sequence[tuple[str, str]]
    fields_seen: Sequence[str]
    """Fields that can be compared: those of every event, then those that recent ones had."""
    recent_days: int


@dataclass(frozen=True, kw_only=True)
class SurveyFormPage(Page):
    """The form of one survey, or of a new one."""

    template: ClassVar[str] = "survey.html"
    survey: StoredSurvey | None
    form: DraftForm
    new_id: str
    """Of the survey that the form makes, or of the copy."""
    languages: Mapping[str, str]
    """The name of each language in which words can be written, by its tag."""
    standard: Mapping[str, Mapping[str, str]]
    """Our own words by language and field."""
    placeholders: Mapping[str, str]
    labels: Mapping[str, Message]
    text_labels: Mapping[str, Message]
    slots: Mapping[str, Message]
    """The further questions by the beginning of their fields' names."""
    kinds: Sequence[tuple[str, str]]
    outcomes: Mapping[str, Message]
    choices: Mapping[str, Sequence[tuple[str, str]]]
    """What may be chosen in a field, with its words."""
    sender: str
    """The name that mails come from where the survey has none."""
    mail_from: str
    """The address that they come from."""
    first_day_until: datetime | None
    """When the survey's first day ends; None: it has none now."""
    conditions_part: ConditionsPart
    matches: RecentMatches | None
    """What the survey, as stored or as tried, would have done with the recent events; None: neither."""
    shares: SharesPart | None
    """How many it asks of each segment; None: it draws by none."""
    done: str
    tried: DryRunPart | None
    may_edit: bool
    may_try: bool


@dataclass(frozen=True, kw_only=True)
class SurveyStatePage(Page):
    """Asks before a survey is started, paused, or changed while it asks."""

    template: ClassVar[str] = "survey_state.html"
    survey: StoredSurvey
    state: SurveyState
    """What it is to be."""
    stale: bool
    """The survey has changed since the form was rendered, so nothing was done."""
    waiting: int
    most: int
    """Mails that wait are counted up to here."""
    events: int
    """Recent ones that were looked at."""
    all_counted: bool
    """Whether these are all recent ones."""
    matching: int
    """Those of them that are of its type."""
    matches: RecentMatches
    conditions: str
    """Its conditions in words; empty without any."""
    first_day_until: datetime | None
    """When its first day ends, if that has begun and is not over."""
    recent_days: int
    publishing: Publishing | None
    """None: it is to be paused."""
    tried: DryRunPart | None
    may_try: bool
    typed: DraftForm | None
    """What was typed, of a survey that asks and is to ask so; the draft above says the same."""
    new_version: int | None
    """Of its words, which the typed ones would be; None: they stay the version that they are."""


@dataclass(frozen=True, kw_only=True)
class PreviewChoice:
    """What a preview shows."""

    language: str
    reminder: int
    outcome: Group
    width: PreviewWidth

    @property
    def score(self) -> int:
        """A score of that outcome."""
        return SAMPLE_SCORES[self.outcome]

    def link(self, **other: str | int) -> str:
        """The query of the same preview with something else chosen."""
        return "?" + urlencode({**asdict(self), **other})


@dataclass(frozen=True, kw_only=True)
class PreviewPage(Page):
    """The mail of a survey in one language."""

    template: ClassVar[str] = "preview.html"
    survey: StoredSurvey
    language: str
    languages: Mapping[str, str]
    reminder: int
    """Which reminder is shown; 0: the first mail."""
    choice: PreviewChoice
    outcomes: Sequence[tuple[Group, str]]
    """Each with the scores that it is of."""
    collector_url: str
    """Of the page and the thanks, which the collector shows for a minute: without what is chosen."""
    mail: RenderedMail
    sms: TextPart | None
    """None: it asks nobody so."""
    sender: str
    """The name and the address that it comes from."""
    promoting: Sequence[str]
    """What of its words in this language a neutral survey would not say."""
    unchecked: bool
    """Whether it is to be neutral, and of this language no words are listed by which that is checked."""
    uninflected: Sequence[str]
    """What of them needs a name to be inflected, where they are older than the rule."""
    test_options: Sequence[tuple[str, str]]
    """The test addresses; empty for those who may not send a test."""
    done: str
    test_event: str
    """The event of the test that was just sent."""
    fault: str
    """Why no test was sent."""
    test_id: str
    """Of the test that the form sends."""
