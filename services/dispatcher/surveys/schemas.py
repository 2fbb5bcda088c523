"""Bodies of the API about surveys; their rules are made from the fields of ``SurveyRules``."""

from functools import partial
from typing import Annotated, Any, Self

import msgspec
from pydantic import AfterValidator, BeforeValidator, Field, create_model, model_validator

from services.dispatcher.surveys.adaptive_body import (
    ADAPTIVE_MEANING,
    AdaptiveSamplingBody,
    OwnAdaptiveSampling,
)
from services.dispatcher.surveys.channels_body import CHANNELS_MEANING, Channels
from services.dispatcher.surveys.domain import MAX_NAME_LENGTH, SurveyDraft
from services.dispatcher.surveys.finnish_words import inflection_faults
from services.dispatcher.surveys.holding_body import HOLDING_MEANING, OwnHolding
from services.dispatcher.surveys.neutral_words import neutral_faults
from services.dispatcher.surveys.programme_body import (
    PROGRAMME_MEANING,
    OwnProgramme,
    ProgrammeBody,
)
from services.dispatcher.surveys.quarantine_body import (
    DAYS_RULE,
    SCOPE_RULE,
    QuarantineBody,
    check_days,
    standard_days,
    standard_scope,
    with_rules_of_quarantine,
)
from services.dispatcher.surveys.question_schemas import (
    QUESTIONS,
    QuestionBody,
    StoredTextsOfQuestions,
    TextsOfQuestions,
    raise_faults,
    refuse_faults,
    without_faults,
)
from services.dispatcher.surveys.recovery_body import ANONYMOUS_MEANING, RECOVERY_MEANING, OwnAnonymity
from services.dispatcher.surveys.reminders import ReminderBody, Reminders
from services.dispatcher.surveys.sender_body import (
    REPLY_MEANING,
    SENDER_MEANING,
    ReplyAddress,
    SenderName,
)
from services.dispatcher.surveys.text_bodies import name_of, words_or_none
from services.dispatcher.surveys.trigger_body import OWN_TRIGGER, OwnTrigger
from shared.conditions.bodies import CONDITIONS_FIELD, Conditions
from shared.events.placeholders import OCCASION_PLACEHOLDERS
from shared.events.segments import TOUCHPOINT, BadSegment, clean_segments
from shared.events.surveys import (
    EDIT_HOURS,
    MAX_REMINDERS,
    MINUTES_PER_DAY,
    NO_TRIGGER,
    NUMERIC_RULES,
    STANDARD_EDIT_HOURS,
    Layout,
    Measurement,
    SurveyRules,
    SurveyState,
)
from shared.http.request_body import StrictBody
from shared.values.languages import MAX_TAG_LENGTH, language_tag
from shared.values.messages import message

API_NAMES = {"place": "position"}
"""What the API and the form call a rule, where they do not call it by its own name."""
STRUCT_NAMES = {api_name: name for name, api_name in API_NAMES.items()}
INTEGERS = tuple(API_NAMES.get(name, name) for name in (*NUMERIC_RULES, "place"))
"""The rules that are numbers, by their names in the API."""


def _language(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if (tag := language_tag(given)) is None:
        raise ValueError(message("Write a language as BCP 47 does, such as en, da or zh-Hant."))
    return tag


def _languages(given: Any) -> Any:
    if isinstance(given, dict):
        tags = [language_tag(name) or name for name in given if isinstance(name, str)]
        if twice := next((tag for tag in tags if tags.count(tag) > 1), None):
            raise ValueError(message("The language %(tag)s stands here twice.", tag=twice))
    return given


Language = Annotated[
    str,
    BeforeValidator(_language),
    Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,6}$", max_length=MAX_TAG_LENGTH),
]
OneOfEach = BeforeValidator(_languages)
"""For a mapping by language: two spellings of one language are a fault; the last one does not just win."""


def _touchpoint(given: str) -> str:
    try:
        return clean_segments({TOUCHPOINT: given}).get(TOUCHPOINT, "")
    except BadSegment as bad:
        raise ValueError(bad.remedy) from None


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH), AfterValidator(name_of)]
Touchpoint = Annotated[str, AfterValidator(_touchpoint)]
StoredWords = Annotated[str, Field(min_length=1, max_length=1000)]
"""Words as they are stored: they may be older than the rule about placeholders."""
_OneForm = Annotated[str, Field(max_length=1000), AfterValidator(words_or_none)]
CheckedWords = Annotated[_OneForm, AfterValidator(without_faults)]
OccasionWords = Annotated[_OneForm, AfterValidator(partial(without_faults, known=OCCASION_PLACEHOLDERS))]
_SMS = Field(
    default=None,
    description="The sentence of a text message. The link, and how to stop, stand behind it.",
)
_OCCASION = Field(
    default=None,
    description="What the survey is about, such as “your delivery”; else the type of the event tells.",
)


class FollowUpBody(StrictBody):
    """The second question, by outcome; a missing one is not asked."""

    detractor: CheckedWords | None = None
    passive: CheckedWords | None = None
    promoter: CheckedWords | None = None


class TextsBody(StrictBody):
    """A survey's own words in one language; what is missing or blank comes from the standard wording.

    Placeholders in them are filled wherever they are shown: `{company}`, `{occasion}` (such as “your
    delivery”), `{day}`, `{touchpoint}`. Any other is refused; `{{` and `}}` are braces themselves. In Finnish
    a name that would have to be inflected is refused: write `yritystä {company}`.
    """

    subject: CheckedWords | None = None
    sms: CheckedWords | None = _SMS
    intro: CheckedWords | None = None
    question: CheckedWords | None = None
    reason: CheckedWords | None = None
    follow_up: FollowUpBody = FollowUpBody()
    thanks: CheckedWords | None = None
    occasion: OccasionWords | None = _OCCASION
    questions: TextsOfQuestions = Field(default=None, description="Of `questions`, by their ids.")


class StoredFollowUp(StrictBody):
    """The second question, by outcome as it is stored."""

    detractor: StoredWords | None = None
    passive: StoredWords | None = None
    promoter: StoredWords | None = None


class StoredTexts(StrictBody):
    """A survey's own words in one language as they are stored."""

    subject: StoredWords | None = None
    sms: StoredWords | None = _SMS
    intro: StoredWords | None = None
    question: StoredWords | None = None
    reason: StoredWords | None = None
    follow_up: StoredFollowUp = StoredFollowUp()
    thanks: StoredWords | None = None
    occasion: StoredWords | None = _OCCASION
    questions: StoredTextsOfQuestions = None


_DESCRIPTIONS = {
    "state": "`live` asks customers from the next event on (in test mode, the test addresses only). A new "
    "survey is a `draft`, which is as if it were not there. `rehearsal` decides on the events and sends "
    "nothing. `paused` asks nobody: an event that it alone matches is decided `paused`.",
    "anonymous": ANONYMOUS_MEANING,
    "recovery_days": RECOVERY_MEANING,
    "place": "Its place in the order; without one a new survey is the last, and another one stays where "
    "it is.",
    "quarantine_days": "The same as `quarantine.days`: give one of them.",
    "touchpoint": "What it asks about where the event has no segment `touchpoint`: invitation, answer and "
    "case have this one then. An empty text takes it away.",
    "reminders": "Further mails to a customer who has not answered, at most two; the link must live at least "
    "two days longer than the last. An anonymous survey has none.",
    "sampling_percent": "Of the customers whom it may ask: always the same ones, under whatever addresses "
    "(of a survey that is older than this rule, always the same addresses). A higher percent only adds some; "
    "a lower one is obeyed by the mails that wait, too.",
    "stop_after_click": "Whether who has opened the link of a mail is reminded no more. Programs that check "
    "the links of mails open some, too, so it costs answers.",
    "programme": PROGRAMME_MEANING,
    "adaptive_sampling": ADAPTIVE_MEANING,
    "first_day_per_hour": "Mails that leave at most in each hour of its first day: the 24 hours since its "
    "first mail left. What is more waits, evenly spread. 0: no limit.",
    "channels": CHANNELS_MEANING,
    "sender_name": SENDER_MEANING,
    "reply_to": REPLY_MEANING,
    "holding_minutes": HOLDING_MEANING,
    "max_age_days": "After which an event is too old to ask about. Leave a day more than the delay: a mail "
    "that must wait for a night, or for another mail, is dropped where it would be too late then.",
    "neutral": "Its words neither praise nor promote, as the law of some countries asks: links, praise, "
    "offers and rewards in `texts`, `questions` and `sender_name` are refused. In languages other than "
    "Danish, Dutch, English, Finnish, French, German, Norwegian, Spanish and Swedish nothing finds praise "
    "and offers.",
    "incentive": "Whether answers are rewarded, as by a discount or a draw: some countries forbid "
    "it. A neutral survey has none.",
}
_OWN_TYPES: dict[str, Any] = {
    "touchpoint": Touchpoint | None,
    "anonymous": OwnAnonymity,
    "reminders": Reminders,
    "programme": OwnProgramme,
    "adaptive_sampling": OwnAdaptiveSampling,
    "channels": Channels,
    "sender_name": SenderName | None,
    "reply_to": ReplyAddress | None,
    "holding_minutes": OwnHolding,
}
"""Of rules that are no plain values, or whose values the API takes in any form."""
_RULES: dict[str, Any] = {
    API_NAMES.get(rule.name, rule.name): (
        _OWN_TYPES.get(rule.name, rule.type),
        Field(
            default=list(rule.default) if isinstance(rule.default, tuple) else rule.default,
            description=_DESCRIPTIONS.get(rule.name),
        ),
    )
    for rule in msgspec.structs.fields(SurveyRules)
    if rule.name not in {"trigger", "quarantine_scope", "conditions", "draws_by"}
}
LAYOUT = Field(
    default="horizontal",
    description="How the numbers stand, in mails and on pages: `horizontal`, from 0, or `vertical`, with "
    "10 on top. Another layout gives other scores: it is a new version, and each answer has its own.",
)
EDIT_WINDOW = Field(
    default=STANDARD_EDIT_HOURS,
    description="For how many hours an answer may be changed after its first score; 0: until it is sent. "
    "It is a new version: each answer has what its invitation's version says.",
)
_RulesBody = create_model(
    "_RulesBody",
    __base__=StrictBody,
    name=(Name, ...),
    measurement=(Measurement, "transactional"),
    trigger=(OwnTrigger, OWN_TRIGGER),
    quarantine=(QuarantineBody | None, None),
    conditions=(Conditions, CONDITIONS_FIELD),
    **_RULES,
    default_language=(Language, "en"),
    questions=(list[QuestionBody], QUESTIONS),
    layout=(Layout, LAYOUT),
    edit_hours=(Annotated[int, EDIT_HOURS], EDIT_WINDOW),
)


class SurveyRulesBody(_RulesBody):
    """A survey: whom it asks, and when."""

    @model_validator(mode="after")
    def _leaves_before_it_is_too_old(self) -> Self:
        check_days(self.model_dump(exclude_unset=True, exclude_none=True))
        draft = self.draft()
        if draft.delay_minutes > draft.max_age_days * MINUTES_PER_DAY:
            raise ValueError(message("The delay is longer than max_age_days, so nobody would ever be asked."))
        return self

    def draft(self) -> SurveyDraft:
        """The same as a draft; what is missing is left out, so that equal words are equal."""
        given = with_rules_of_quarantine(self.model_dump(exclude={"version"}, exclude_none=True))
        given["trigger"] = given["trigger"] or NO_TRIGGER
        given.setdefault(SCOPE_RULE, standard_scope(given["measurement"]))
        written = with_rules_of_quarantine(self.model_dump(exclude_unset=True, exclude_none=True))
        if DAYS_RULE not in written:
            given[DAYS_RULE] = standard_days(given.get("programme", {}).get("every_days"))
        if not given.get("touchpoint"):
            given.pop("touchpoint", None)
        return msgspec.convert(
            {STRUCT_NAMES.get(name, name): value for name, value in given.items()}, SurveyDraft
        )


class SurveyBody(SurveyRulesBody):
    """A survey: whom it asks, when, and in which words."""

    texts: Annotated[dict[Language, TextsBody], OneOfEach] = Field(default={}, max_length=20)

    @model_validator(mode="after")
    def _asks_what_can_be_asked(self) -> Self:
        draft = self.draft()
        refuse_faults(draft.questions, draft.texts)
        raise_faults([*neutral_faults(draft), *inflection_faults(draft)])
        return self


class StoredSurveyBody(SurveyRulesBody):
    """A survey whose words are not changed: they and its name were accepted once, whatever is asked of new
    ones since.
    """

    name: str
    texts: Annotated[dict[Language, StoredTexts], OneOfEach] = Field(default={}, max_length=20)

    @model_validator(mode="after")
    def _asks_what_can_be_asked(self) -> Self:
        draft = self.draft()
        refuse_faults(draft.questions, draft.texts)
        raise_faults(neutral_faults(draft))
        return self


class SurveyPut(SurveyBody):
    """The whole survey as it is to be."""

    state: SurveyState | None = Field(default=None, description="Left out, it stays as it is.")
    version: int | None = Field(
        default=None, description="The version you have seen; another one answers 409."
    )


_PATCHED_INTEGERS: dict[str, Any] = dict.fromkeys(INTEGERS, (int | None, None))
_RulesPatch = create_model(
    "_RulesPatch",
    __base__=StrictBody,
    version=(int | None, None),
    name=(Name | None, None),
    trigger=(str | None, None),
    measurement=(Measurement | None, None),
    state=(SurveyState | None, None),
    anonymous=(bool | None, None),
    neutral=(bool | None, None),
    incentive=(bool | None, None),
    stop_after_click=(bool | None, None),
    quarantine=(QuarantineBody | None, None),
    touchpoint=(str | None, None),
    reminders=(list[ReminderBody] | None, Field(default=None, max_length=MAX_REMINDERS)),
    conditions=(Conditions, CONDITIONS_FIELD),
    programme=(ProgrammeBody | None, Field(default=None, description=PROGRAMME_MEANING)),
    adaptive_sampling=(AdaptiveSamplingBody | None, Field(default=None, description=ADAPTIVE_MEANING)),
    **_PATCHED_INTEGERS,
    default_language=(Language | None, None),
    questions=(list[QuestionBody] | None, None),
    layout=(Layout | None, None),
    edit_hours=(int | None, None),
    channels=(list[str] | None, Field(default=None, description=CHANNELS_MEANING)),
    sender_name=(str | None, Field(default=None, description=SENDER_MEANING)),
    reply_to=(str | None, Field(default=None, description=REPLY_MEANING)),
)


class SurveyPatch(_RulesPatch):
    """Only what is to change."""

    texts: Annotated[dict[Language, TextsBody] | None, OneOfEach] = Field(
        default=None, description="Replaces all texts."
    )


class TestMailBody(StrictBody):
    """A test of a survey."""

    address: str = Field(
        min_length=3, max_length=320, description="One of the listed test addresses, or your own."
    )
    language: Language = "en"
