"""``surveys``: what is asked; one thing for each version, so that old invitations keep their words."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args
from uuid import UUID

from annotated_types import Interval
from msgspec import UNSET, UnsetType, field
from msgspec.structs import fields

from shared.events.conditions import Condition
from shared.events.envelope import Data, Instant, Name, Text, Topic
from shared.events.questions import Question, QuestionTexts

NpsMeasurement = Literal["transactional", "relational"]
"""After one purchase or contact, or at any time: the measurements whose answers count in an NPS."""
Measurement = Literal["transactional", "relational", "recovery"]
"""``recovery`` asks the customer of a case again some time later. Its answers count in no NPS."""
MEASUREMENTS: tuple[Measurement, ...] = get_args(Measurement)
SurveyStage = Literal["draft", "rehearsal"]
PublishedState = Literal["live", "paused"]
SurveyState = Literal["draft", "rehearsal", "live", "paused"]
"""A draft is to an event as if it were not there. A rehearsal decides beside it and sends nothing. One that
is paused asks nobody: an event that it alone matches is decided ``paused``."""
QuarantineScope = Literal["any", "measurement", "touchpoint", "survey"]
"""Which earlier question counts: of any survey, or only one of the same measurement, about the same
touchpoint, or of this very survey."""
Layout = Literal["horizontal", "vertical"]
"""How the numbers stand: in a row with 0 first, or in a column with 10 on top."""
ChannelName = Literal["mail", "sms", "link"]
"""By which people are reached."""
OWN_CHANNELS: frozenset[ChannelName] = frozenset({"mail", "sms"})
"""Those by which we write to them; a link is shown by the company."""
NO_TRIGGER = "wave."
"""The trigger of a survey that waves, programmes or cases alone ask: no event has this type, though those of
waves begin with it. A version before this one reads it as any other trigger."""
MINUTES_PER_DAY = 1440
MAX_DELAY_MINUTES = 365 * MINUTES_PER_DAY
MAX_QUARANTINE_DAYS = 3650
MAX_HOLDING_MINUTES = 7 * MINUTES_PER_DAY
MAX_FIRST_DAY_PER_HOUR = 100_000
MAX_PLACE = 1_000_000
"""The highest place that can be set."""


MAX_REMINDERS = 2
AFTER_DAYS = Interval(ge=1, le=30)
AfterDays = Annotated[int, AFTER_DAYS]


class Reminder(Data, frozen=True, kw_only=True):
    """The same question once more, to a customer who has not answered it."""

    after_days: AfterDays
    """Between the sending of the first mail and this one."""


MAX_EVERY_DAYS = 2 * 365
EVERY_DAYS = Interval(ge=7, le=MAX_EVERY_DAYS)
EveryDays = Annotated[int, EVERY_DAYS]


class Programme(Data, frozen=True, kw_only=True):
    """A standing programme: each known customer is asked once in each period, without an event."""

    every_days: EveryDays
    """The length of a period."""


MARGIN_POINTS = Interval(ge=1, le=50)
WINDOW_DAYS = Interval(ge=7, le=365)
STANDARD_WINDOW_DAYS = 90
MarginPoints = Annotated[int, MARGIN_POINTS]
WindowDays = Annotated[int, WINDOW_DAYS]


RECOVERY_DAYS = Interval(ge=21, le=180)
STANDARD_RECOVERY_DAYS = 30


class AdaptiveSampling(Data, frozen=True, kw_only=True):
    """Only as many contacts of each segment are asked as its wanted margin needs."""

    dimension: Name
    """Each value of this dimension is a segment with a share of its own."""
    margin: MarginPoints
    """Half the width of the 95 % interval of each segment's score, in points of the NPS."""
    window_days: WindowDays = STANDARD_WINDOW_DAYS
    """Within which the answers are to give that margin."""


DrawsBy = Literal["address", "person"]


class SurveyRules(Data, frozen=True, kw_only=True):
    """Which events a survey asks about, when, and whom it leaves alone: the only list of these fields.

    Bodies, forms, columns and rows are made from it. The intervals bound what may be set; an event is read
    whatever its values are.
    """

    trigger: Name
    """A type of event; with ``*`` at its end, each type that begins so; or ``NO_TRIGGER``."""
    state: SurveyState = "draft"
    """A new survey asks nobody until somebody starts it."""
    delay_minutes: Annotated[int, Interval(ge=0, le=MAX_DELAY_MINUTES)] = 1440
    """Between the event and the mail, where the event says nothing else."""
    quarantine_days: Annotated[int, Interval(ge=0, le=MAX_QUARANTINE_DAYS)] = 90
    """Before the same contact is asked again; 0: at once."""
    link_days: Annotated[int, Interval(ge=1, le=365)] = 30
    """For which the link in the mail can be answered."""
    max_age_days: Annotated[int, Interval(ge=1, le=365)] = 7
    """After which an event is too old to ask about."""
    place: Annotated[int, Interval(ge=1, le=MAX_PLACE)] | None = None
    """In the order of the tenant's surveys, the first of which that may ask does. None: of a new survey, the
    last place; in an event, its publisher was a version that published no rules but trigger and state."""
    anonymous: bool = False
    """Answers are kept without a person; an invitation carries what was promised when it was made."""
    quarantine_scope: QuarantineScope = "any"
    """Which earlier question the days are counted from."""
    touchpoint: Name | None = None
    """What it asks about where the event names no touchpoint; an invitation carries it."""
    reminders: tuple[Reminder, ...] = ()
    """In their order; an anonymous survey has none, since nobody knows who has answered it."""
    conditions: Condition | None = None
    """What else an event must meet beside its type; None: nothing."""
    sampling_percent: Annotated[int, Interval(ge=1, le=100)] = 100
    """Of the contacts whom it may ask: always the same ones, by a stable draw."""
    adaptive_sampling: AdaptiveSampling | None = None
    """Of a transactional survey alone, beside ``sampling_percent``; None: whoever that draws is asked."""
    neutral: bool = False
    """Its words neither praise nor promote; an editor cannot write any that do."""
    incentive: bool = False
    """Answers are rewarded, as by a discount or a draw."""
    programme: Programme | None = None
    """Of a relational survey alone; None: it asks by events and waves."""
    first_day_per_hour: Annotated[int, Interval(ge=0, le=MAX_FIRST_DAY_PER_HOUR)] = 50
    """Mails that leave at most in each hour of its first day; 0: no limit."""
    channels: tuple[str, ...] = ("mail",)
    """By which it asks, in their order: the first that can reach the customer. A newer version knows more."""
    sender_name: Text | None = None
    """The name beside the address that its mails come from; None: the company's."""
    reply_to: Text | None = None
    """The address that a customer's reply goes to; None: the one that its mails come from."""
    holding_minutes: Annotated[int, Interval(ge=0, le=MAX_HOLDING_MINUTES)] = 0
    """Its holding time: for so long after the event its mail waits. Until it leaves it gives way to one of a
    survey earlier in the order. Of a transactional survey alone; 0: none."""
    recovery_days: Annotated[int, RECOVERY_DAYS] = STANDARD_RECOVERY_DAYS
    """Of a recovery survey: so long after a case was closed its customer is asked again; where nobody was
    reached, so long after it was opened."""
    stop_after_click: bool = False
    """Whether who has opened the link of a mail is reminded no more, though that is no answer."""
    draws_by: DrawsBy = "address"
    """Of ``sampling_percent``: which name of a contact is drawn. A survey keeps that with which it was made,
    so that nobody is drawn anew; those that are made from now on draw a person, under whatever addresses."""

    @property
    def has_trigger(self) -> bool:
        """Whether it asks about events of clients."""
        return self.trigger != NO_TRIGGER

    @property
    def least_wait_minutes(self) -> int:
        """Between an event that names no delay and its mail, where nothing else holds it."""
        return max(self.delay_minutes, self.holding_minutes)

    @property
    def leaves_a_day(self) -> bool:
        """Whether a mail that is held for a night still leaves before its event is too old to ask about."""
        return self.least_wait_minutes + MINUTES_PER_DAY <= self.max_age_days * MINUTES_PER_DAY


SURVEY_RULES = SurveyRules.__struct_fields__
NUMERIC_RULES = tuple(each.name for each in fields(SurveyRules) if type(each.default) is int)
"""Those that are minutes and days."""


MAX_EDIT_HOURS = 720
EDIT_HOURS = Interval(ge=0, le=MAX_EDIT_HOURS)
STANDARD_EDIT_HOURS = 48


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
    sms: Text | UnsetType | None = UNSET
    """The sentence of a text message, before the link and how to stop."""
    occasion: Text | UnsetType | None = UNSET
    """What the survey is about, such as “your delivery”; without one the type of the event tells."""
    question_texts: dict[str, QuestionTexts] | UnsetType = field(name="questions", default=UNSET)

    @property
    def questions(self) -> dict[str, QuestionTexts]:
        """The words of the further questions by their ids; in a language without them one is not asked."""
        return {} if self.question_texts is UNSET else self.question_texts


def has_follow_up(texts: Mapping[str, SurveyTexts]) -> bool:
    """Whether a question by outcome is written in any language: it counts as one of the further questions."""
    return any(
        getattr(each.follow_up, outcome) for each in texts.values() for outcome in FollowUp.__struct_fields__
    )


class Survey(SurveyRules, frozen=True, kw_only=True):
    """One version of a survey's words. ``version`` counts the changes of this very version's state.

    Only its owner acts on the rules: when it restores from the topic what its database has lost.
    """

    id: UUID
    survey_version: int
    version: int
    name: Name
    measurement: Measurement
    state: PublishedState
    stage: SurveyStage | None = None
    """What a survey that does not ask is, if it is not simply paused: apart from the state, of which earlier
    versions read no other values."""
    test: bool
    """The tenant is in test mode: mail goes only to listed test addresses."""
    stopped: bool
    """All sending of the tenant is stopped."""
    texts: dict[str, SurveyTexts] = {}
    default_language: Name = "en"
    questions: tuple[Question, ...] = ()
    """After the reason, at most two. A follow-up in ``texts`` is none of these, and counts as one of them."""
    layout: Layout = "horizontal"
    edit_hours: int = STANDARD_EDIT_HOURS
    """For which an answer may be changed after its first score; 0: until it is sent."""
    changed_at: Instant

    @property
    def has_rules(self) -> bool:
        """Whether its publisher was a version that published the rules."""
        return self.place is not None


SURVEYS = Topic(
    name="surveys.v1",
    event_type="afterword.survey.changed",
    data=Survey,
    source="/afterword/dispatcher",
    identity=lambda survey: f"{survey.id}/{survey.survey_version}",
    version=lambda survey: survey.version,
    compacted=True,
)
