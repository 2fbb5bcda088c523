"""The rules about contacting a person: pure, so that one event and ten thousand are judged alike."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

import msgspec

from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.scopes import Asked, last_asked, one_touchpoint
from shared.events.sending import SendingMode
from shared.events.surveys import Measurement, QuarantineScope, SurveyRules
from shared.values.languages import widening

AddressQuality = Literal["good", "missing", "bad"]
SurveyRefusal = Literal[
    "paused", "erased", "no_address", "bad_address", "opted_out", "suppressed", "quarantine", "too_old"
]
"""The rule by which a survey does not ask."""
Reason = Literal["invited", "unknown_tenant", "no_survey"] | SurveyRefusal
"""What became of an event: exactly one of these."""
SurveyOutcome = Literal["invited", "order"] | SurveyRefusal
"""What became of one survey that the event matched; ``order``: one before it asks."""


class CandidateSurvey(SurveyRules, frozen=True, kw_only=True):
    """A survey as a decision needs it."""

    id: UUID
    survey_version: int
    name: str
    measurement: Measurement = "transactional"
    default_language: str = "en"
    languages: tuple[str, ...] = ()
    """Those that have words of the survey's own."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the customer when the decision is made, with the contact's row locked."""

    address: AddressQuality
    erased: bool = False
    """Whether the company has erased this customer's data."""
    test_address: bool = False
    opted_out: bool = False
    suppressed: bool = False
    suppressed_by: Literal["address", "customer"] | None = None
    """Which entry forbids it: the address's, or the customer id's."""
    address_erased: bool = False
    """Whether the address is suppressed since another customer who came under it was erased."""
    invited_at: datetime | None = None
    """When they were last asked: at the decision by whatever system, when the mail leaves by another one
    alone (see ``reason_not_to_send``)."""
    asked: tuple[Asked, ...] = ()
    """The same for each survey and touchpoint, where a survey's quarantine has a scope: else it is empty."""


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


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A decision. Only an ``invited`` one has a survey and times."""

    reason: Reason
    considered: tuple[Considered, ...] = ()
    survey: CandidateSurvey | None = None
    test: bool = False
    withheld: bool = False
    """Test mode, and not a test address: it would have been sent."""
    due_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def starts_quarantine(self) -> bool:
        """Only a real invitation does."""
        return self.reason == "invited" and not self.test


def matches(trigger: str, event_type: str) -> bool:
    """Whether a survey asks about this type of event: exactly, or by its beginning before a final ``*``."""
    if trigger.endswith("*"):
        return event_type.startswith(trigger[:-1])
    return event_type == trigger


def decide(
    *,
    event_type: str,
    occurred_at: datetime,
    now: datetime,
    surveys: Sequence[CandidateSurvey],
    person: Person,
    mode: SendingMode,
    touchpoint: str | None = None,
    delay_minutes: int | None = None,
    tested: UUID | None = None,
) -> Verdict:
    """Judge one event. ``surveys`` are the tenant's, in their order: the first that may ask does.

    :param touchpoint: the event's own, which stands before each survey's.
    :param delay_minutes: the event's own, in place of each survey's.
    :param tested: the one survey that asks in a test of it, also when it is paused: a test address alone.
    """
    if tested is None:
        matching = [survey for survey in surveys if matches(survey.trigger, event_type)]
    else:
        matching = [survey for survey in surveys if survey.id == tested and person.test_address]
    matching = [survey_for_event(survey, touchpoint, delay_minutes) for survey in matching]
    if not matching:
        return Verdict(reason="no_survey")
    winner: CandidateSurvey | None = None
    considered: list[Considered] = []
    for survey in matching:
        why: SurveyOutcome = "order"
        if winner is None:
            why = judge_survey(survey, occurred_at, now, person, is_test=tested is not None)
        if why == "invited":
            winner = survey
        considered.append(_considered(survey, why, person))
    if winner is None:
        return Verdict(reason=first_reason(considered), considered=tuple(considered))
    due_at = due_time(winner, occurred_at, now, person)
    return Verdict(
        reason="invited",
        considered=tuple(considered),
        survey=winner,
        test=mode == "test" or person.test_address,
        withheld=mode == "test" and not person.test_address,
        due_at=due_at,
        expires_at=due_at + timedelta(days=winner.link_days),
    )


def survey_for_event(
    survey: CandidateSurvey, touchpoint: str | None, delay_minutes: int | None
) -> CandidateSurvey:
    """The survey as it asks about an event that names these: what an event says of itself stands first."""
    if touchpoint is None and delay_minutes is None and survey.touchpoint is None:
        return survey
    return msgspec.structs.replace(
        survey,
        touchpoint=one_touchpoint(touchpoint, survey.touchpoint),
        delay_minutes=survey.delay_minutes if delay_minutes is None else delay_minutes,
    )


def _considered(survey: CandidateSurvey, why: SurveyOutcome, person: Person) -> Considered:
    considered = Considered(
        survey_id=survey.id, survey_version=survey.survey_version, name=survey.name, why=why
    )
    if why != "quarantine":
        return considered
    return msgspec.structs.replace(
        considered,
        quarantine_days=survey.quarantine_days,
        quarantine_scope=survey.quarantine_scope,
        asked_at=last_asked_by(survey, person),
    )


def judge_survey(
    survey: CandidateSurvey, occurred_at: datetime, now: datetime, person: Person, *, is_test: bool = False
) -> SurveyOutcome:
    """Whether this survey may ask this person now, or the first rule that forbids it.

    :param is_test: whether it is a test of the survey, which may be paused.
    """
    due_at = due_time(survey, occurred_at, now, person)
    rules: tuple[tuple[bool, SurveyOutcome], ...] = (
        (survey.state != "live" and not is_test, "paused"),
        (person.erased, "erased"),
        (person.address == "missing", "no_address"),
        (person.address == "bad", "bad_address"),
        (person.opted_out, "opted_out"),
        (person.suppressed, "suppressed"),
        (is_too_old(survey.max_age_days, occurred_at, due_at), "too_old"),
        (is_in_quarantine(survey, due_at, person), "quarantine"),
    )
    return next((why for forbidden, why in rules if forbidden), "invited")


def first_reason(considered: Sequence[Considered]) -> Reason:
    """The event's one reason: that of the first survey which was not simply paused."""
    others = (each.why for each in considered if each.why not in {"paused", "order", "invited"})
    return cast("SurveyRefusal", next(others, "paused"))


def due_time(survey: CandidateSurvey, occurred_at: datetime, now: datetime, person: Person) -> datetime:
    """When the mail is to leave: never in the past; a test address waits for nothing."""
    if person.test_address:
        return now
    return max(occurred_at + timedelta(minutes=survey.delay_minutes), now)


def is_too_old(max_age_days: int, occurred_at: datetime, at: datetime) -> bool:
    """Whether the customer would be asked about something long ago."""
    return at - occurred_at > timedelta(days=max_age_days)


def last_asked_by(survey: CandidateSurvey, person: Person) -> datetime | None:
    """When the person was last asked within the scope of the survey's quarantine; None: never."""
    if survey.quarantine_scope == "any":
        return person.invited_at
    return last_asked(person.asked, survey.quarantine_scope, survey.measurement, survey.touchpoint, survey.id)


def is_in_quarantine(survey: CandidateSurvey, at: datetime, person: Person) -> bool:
    """Whether the last mail is too recent. After exactly so many days a customer may be asked again.

    A survey without days asks at any time, also before a mail that waits.
    """
    if (
        person.test_address
        or not survey.quarantine_days
        or (asked_at := last_asked_by(survey, person)) is None
    ):
        return False
    return at - asked_at < timedelta(days=survey.quarantine_days)


def reason_not_to_send(
    *,
    now: datetime,
    occurred_at: datetime,
    expires_at: datetime,
    test: bool,
    survey: CandidateSurvey | None,
    person: Person,
    mode: SendingMode,
) -> tuple[Literal["dropped", "withheld"], str] | None:
    """The rules once more, when the mail is about to leave; None lets it go.

    ``survey`` is None when it is gone. The person's ``invited_at`` and ``asked`` are here when another system
    asked: our own invitations were judged at the decision, with the contact's row locked, and this very mail
    would forbid itself. A test goes out although its survey is paused: no rule held it back when it was
    decided.
    """
    if (mode == "test" or test) and not person.test_address:
        return "withheld", "test_mode"
    rules = (
        (person.erased, "erased"),
        (person.address == "missing", "no_address"),
        (person.address == "bad", "bad_address"),
        (person.opted_out, "opted_out"),
        (person.suppressed, "suppressed"),
        (survey is None or (survey.state != "live" and not test), "paused"),
        (survey is not None and is_too_old(survey.max_age_days, occurred_at, now), "too_old"),
        (survey is not None and is_in_quarantine(survey, now, person), "quarantine"),
        (expires_at <= now, "expired"),
    )
    reason = next((reason for forbidden, reason in rules if forbidden), None)
    return ("dropped", reason) if reason is not None else None


def language_of(
    locale: str | None, policy: ContactPolicy, survey: CandidateSurvey, tenant: Sequence[str]
) -> str:
    """The customer's language if there are words in it, else the tenant's, the survey's, the policy's."""
    known = {*policy.standard_languages, *survey.languages}
    for candidate in (*widening(locale or ""), *tenant, survey.default_language):
        if candidate in known:
            return candidate
    return policy.last_language
