"""What a decision is made of: the survey and the person that it judges, and what comes of it."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from services.dispatcher.decisions.counter_events import NOT_COUNTERED, Countered
from services.dispatcher.decisions.durations import minutes
from services.dispatcher.decisions.hours import ContactHours, HoldRule
from services.dispatcher.decisions.lawful_basis import NO_LAW, CountryLaw, MissingBasis
from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences
from services.dispatcher.decisions.sampling import SegmentShare
from services.dispatcher.decisions.scopes import Asked
from shared.conditions.judging import FailedComparison
from shared.events.surveys import (
    OWN_CHANNELS,
    ChannelName,
    Measurement,
    QuarantineScope,
    SurveyRules,
    SurveyState,
)
from shared.events.transactions import LINK

AddressQuality = Literal["good", "missing", "bad"]
SurveyRefusal = Literal[
    "paused",
    "erased",
    "no_address",
    "bad_address",
    "nobody",
    "complained",
    "opted_out",
    "suppressed",
    "undeliverable",
    "paused_by_customer",
    "countered",
    "case_open",
    "no_basis",
    "too_old",
    "quiet_dropped",
    "first_day",
    "mail_pace",
    "relational_first",
    "quarantine",
    "relational_distance",
    "cap",
    "conditions",
    "channel",
    "sampled_out",
]
"""The rule by which a survey does not ask."""
Reason = Literal["invited", "unknown_tenant", "company_paused", "no_survey"] | SurveyRefusal
"""What became of an event: exactly one of these."""
SuppressedName = Literal["address", "number", "customer"]
"""What a suppression names; it holds for every channel."""
SendingRefusal = Literal["expired"]
"""The rule by which a mail is dropped when it is due and no event is decided."""
SurveyOutcome = Literal["invited", "order"] | SurveyRefusal
"""What became of one survey that the event matched; ``order``: one before it asks."""


ONLY_LINKS: frozenset[ChannelName] = frozenset({"link"})
ASIDE: frozenset[SurveyState] = frozenset({"draft", "rehearsal"})
"""Surveys in these states are to an event as if they were not there; a rehearsal is judged beside it."""


class CandidateSurvey(SurveyRules, frozen=True, kw_only=True):
    """A survey as a decision needs it."""

    id: UUID
    survey_version: int
    name: str
    measurement: Measurement = "transactional"
    default_language: str = "en"
    languages: tuple[str, ...] = ()
    """Those that have words of the survey's own."""

    @property
    def is_held(self) -> bool:
        """Whether it has a holding time; a relational survey has none, whatever is set."""
        return bool(self.holding_minutes) and self.measurement == "transactional"

    @property
    def holding(self) -> timedelta:
        """Its holding time."""
        return minutes(self.holding_minutes if self.is_held else 0)


class OpenCase(msgspec.Struct, frozen=True):
    """A case about the customer, which is open."""

    id: UUID
    number: int
    """By which colleagues know it."""


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a customer's phone number: as of the mail address, for texts in place of mails."""

    quality: AddressQuality = "missing"
    test: bool = False
    """Whether it is one of the company's own, for tests."""
    hours: ContactHours = ContactHours()


NO_NUMBER = Number()


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the customer when the decision is made, with the contact's row locked."""

    address: AddressQuality
    """Of the mail address; of a text message that is judged, of the number."""
    number: Number = NO_NUMBER
    by_sms: bool = False
    """Whether ``address``, ``test_address`` and ``hours`` are those of the number."""
    erased: bool = False
    """Whether the company has erased this customer's data."""
    test_address: bool = False
    complained: bool = False
    """Whether they reported a mail as spam."""
    opted_out: bool = False
    suppressed: bool = False
    undeliverable: bool = False
    """Whether mails come back from their address; other channels still reach them."""
    suppressed_by: SuppressedName | None = None
    """Which entry forbids it: the address's, the phone number's, or the customer id's."""
    address_erased: bool = False
    """Whether the address is suppressed since another customer who came under it was erased."""
    preferences: Preferences = NO_PREFERENCES
    """What they have chosen about further questions; it holds for test addresses, too."""
    invited_at: datetime | None = None
    """When they were last asked: at the decision by whatever system, when the mail leaves by another one
    alone."""
    asked: tuple[Asked, ...] = ()
    """The same for each survey and touchpoint, where a survey's quarantine has a scope: else it is empty."""
    hours: ContactHours = ContactHours()
    """When they may be written to."""
    countered: Countered = NOT_COUNTERED
    """What counter-events do to the mail."""
    law: CountryLaw = NO_LAW
    """What the country that they live in asks of a survey."""
    cap_hours: int = 0
    """They get at most one message in so many hours; 0: no limit."""
    open_case: OpenCase | None = None
    """The case about them that is open, where the company asks nobody meanwhile."""
    relational_distance_days: int = 0
    """A relational survey asks nobody whom another one asks within so many days; 0: no limit."""
    company_zone: str = "UTC"
    """Whose days the company means."""
    asked_by_us: tuple[Asked, ...] = ()
    """When the mail leaves: what our own mails asked, of which ``asked`` knows nothing then."""
    left_at: datetime | None = None
    """When the mail leaves: when the last mail of ours left that asked them about another event."""
    has_link: bool = False
    """Whether the company gets a link that it shows itself at once, in place of a mail."""

    last_message_at: datetime | None = None
    """Of such a link: when the last message to them left, a reminder too."""
    is_nobody: bool = False
    """Whether neither an id nor an address says who it is."""

    @property
    def wanted_channels(self) -> frozenset[ChannelName]:
        """By one of which they are to be asked about this event."""
        return ONLY_LINKS if self.has_link else OWN_CHANNELS

    @property
    def is_tester(self) -> bool:
        """Whether the address or the number is one of the company's own, for tests."""
        return self.test_address or self.number.test

    @property
    def waits_for_nothing(self) -> bool:
        """Whether no delay and no hour holds it: at a test address, or since a link is shown at once."""
        return self.test_address or self.has_link


class Considered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A survey that the event matched, with why it asks or does not."""

    survey_id: UUID
    survey_version: int
    name: str
    why: SurveyOutcome
    quarantine_days: int | None = None
    """Of a quarantine: its days, its scope, and when the contact was last asked within it."""
    quarantine_scope: QuarantineScope | None = None
    asked_at: datetime | None = None
    wished_months: int | None = None
    """Of a quarantine that the customer's own wish makes longer: at most one question in so many months."""
    paused_until: datetime | None = None
    """Until then the customer wants no questions."""
    refused_channels: tuple[str, ...] = ()
    """By which the customer wants none, where that leaves the survey no channel."""
    failed: tuple[FailedComparison, ...] = ()
    """The comparisons for which the event does not meet its conditions."""
    sampling_percent: int | None = None
    """How many it asks, where this contact is not one of them."""
    share: SegmentShare | None = None
    """How many of the segment's contacts it asks, where this contact is not one of them."""
    distance_days: int | None = None
    """Of a relational survey that another one is too close to; ``asked_at`` is when that asks."""
    relational_event_id: UUID | None = None
    """The event whose relational mail leaves on the same day, in place of one of this survey; None: it has
    left already, at ``asked_at``."""
    basis: MissingBasis | None = None
    """What the law of the customer's country misses."""
    open_case: OpenCase | None = None
    """Of ``case_open``."""
    max_age_days: int | None = None
    """Of a mail that would leave too late: for so long its survey asks about an event."""
    due_at: datetime | None = None
    """Then it would leave."""
    held_by: tuple[str, ...] = ()
    """The rules that would hold it until then, in the order in which they are met."""
    zone: str | None = None
    """By whose clock they would."""


ReplacedReason = Literal["relational_first", "outranked"]
"""Why a mail that waits gives way to another one: that one is relational and leaves on the same day, or its
survey is earlier in the order, and the one that waits has a holding time."""


class Replaced(NamedTuple):
    """A mail that waits and is not sent, since another one to the contact is."""

    event_id: UUID
    """The event that it asks about."""
    reason: ReplacedReason


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A decision. Only an ``invited`` one has a survey and times."""

    reason: Reason
    considered: tuple[Considered, ...] = ()
    survey: CandidateSurvey | None = None
    test: bool = False
    withheld: bool = False
    """Test mode, and not a test address: it would have been sent."""
    due_at: datetime | None = None
    wanted_at: datetime | None = None
    """When the mail would have left, where it is held until it is due."""
    held_by: tuple[HoldRule, ...] = ()
    expires_at: datetime | None = None
    channel: ChannelName | None = None
    """By which it asks."""
    drawn_percent: int | None = None
    """Of how many percent of the contacts the customer is one; None: there was no draw."""
    beyond_draw: bool = False
    """Asked although not drawn, since the customer's last answer was a detractor's."""
    replaces: tuple[Replaced, ...] = ()
    """The mails that are not sent, since they give way to this one."""

    @property
    def hands_out_link(self) -> bool:
        """Whether the company gets a link in place of a mail."""
        return self.reason == "invited" and self.channel == LINK and not self.withheld

    @property
    def relational_event_id(self) -> UUID | None:
        """The event whose relational mail is the reason that nobody is asked about this one."""
        if self.reason != "relational_first":
            return None
        return next((each.relational_event_id for each in self.considered if each.relational_event_id), None)

    @property
    def starts_quarantine(self) -> bool:
        """Only a real invitation does."""
        return self.reason == "invited" and not self.test
