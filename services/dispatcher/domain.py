"""The rules about contacting a person: pure, so that one event and ten thousand are judged alike."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from shared.values.addresses import canonical_address
from shared.values.languages import widening

Reason = Literal[
    "invited",
    "unknown_tenant",
    "no_survey",
    "paused",
    "no_address",
    "bad_address",
    "opted_out",
    "suppressed",
    "quarantine",
    "too_old",
]
"""What became of an event: exactly one of these."""
Why = Literal[
    "invited",
    "order",
    "paused",
    "no_address",
    "bad_address",
    "opted_out",
    "suppressed",
    "quarantine",
    "too_old",
]
"""What became of one survey that the event matched; ``order``: one before it asks."""
Address = Literal["good", "missing", "bad"]
Mode = Literal["test", "live"]


class SurveyRules(msgspec.Struct, frozen=True, kw_only=True):
    """A survey as a decision sees it."""

    id: UUID
    survey_version: int
    name: str
    measurement: Literal["transactional", "relational"] = "transactional"
    trigger: str
    delay_minutes: int = 1440
    quarantine_days: int = 90
    link_days: int = 30
    max_age_days: int = 7
    live: bool = True
    default_language: str = "en"
    languages: tuple[str, ...] = ()


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """How a tenant sends: to test addresses only, until somebody goes live."""

    mode: Mode = "test"
    stopped: bool = False
    test_addresses: frozenset[str] = frozenset()
    """In their canonical form."""
    placeholder_ids: frozenset[str] = frozenset()
    """Customer ids that stand for nobody, beside those that never do, folded."""

    def is_test(self, address: str | None) -> bool:
        """Whether this is one of the listed test addresses."""
        return address is not None and canonical_address(address) in self.test_addresses


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the customer when the decision is made, with the contact's row locked."""

    address: Address
    test_address: bool = False
    opted_out: bool = False
    suppressed: bool = False
    suppressed_by: Literal["address", "customer"] | None = None
    """Whose entry it is, of the address or of the id."""
    invited_at: datetime | None = None


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    """A survey that the event matched, with why it asks or does not."""

    survey_id: UUID
    survey_version: int
    name: str
    why: Why


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A decision. Only an ``invited`` one has a survey and times."""

    reason: Reason
    considered: tuple[Considered, ...] = ()
    survey: SurveyRules | None = None
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
    """Whether a survey hears this type of event: exactly, or by its beginning with ``*`` at the end."""
    if trigger.endswith("*"):
        return event_type.startswith(trigger[:-1])
    return event_type == trigger


def decide(
    *,
    event_type: str,
    occurred_at: datetime,
    now: datetime,
    surveys: Sequence[SurveyRules],
    person: Person,
    mode: Mode,
) -> Verdict:
    """Judge one event. ``surveys`` are the tenant's, in their order: the first that may ask does."""
    matching = [survey for survey in surveys if matches(survey.trigger, event_type)]
    if not matching:
        return Verdict(reason="no_survey")
    winner: SurveyRules | None = None
    considered: list[Considered] = []
    for survey in matching:
        why = "order" if winner is not None else judge(survey, occurred_at, now, person)
        if why == "invited":
            winner = survey
        considered.append(
            Considered(survey_id=survey.id, survey_version=survey.survey_version, name=survey.name, why=why)
        )
    if winner is None:
        return Verdict(reason=first_reason(considered), considered=tuple(considered))
    due_at = due(winner, occurred_at, now, person)
    return Verdict(
        reason="invited",
        considered=tuple(considered),
        survey=winner,
        test=mode == "test" or person.test_address,
        withheld=mode == "test" and not person.test_address,
        due_at=due_at,
        expires_at=due_at + timedelta(days=winner.link_days),
    )


def judge(survey: SurveyRules, occurred_at: datetime, now: datetime, person: Person) -> Why:
    """Whether this survey may ask this person now, or the first rule that forbids it."""
    due_at = due(survey, occurred_at, now, person)
    rules: tuple[tuple[bool, Why], ...] = (
        (not survey.live, "paused"),
        (person.address == "missing", "no_address"),
        (person.address == "bad", "bad_address"),
        (person.opted_out, "opted_out"),
        (person.suppressed, "suppressed"),
        (too_old(survey.max_age_days, occurred_at, due_at), "too_old"),
        (in_quarantine(survey.quarantine_days, due_at, person), "quarantine"),
    )
    return next((why for forbidden, why in rules if forbidden), "invited")


def first_reason(considered: Sequence[Considered]) -> Reason:
    """The event's one reason: that of the first survey which was not simply paused."""
    for one in considered:
        if one.why not in {"paused", "order", "invited"}:
            return one.why  # type: ignore[return-value]  # the three that are no reasons are left out
    return "paused"


def due(survey: SurveyRules, occurred_at: datetime, now: datetime, person: Person) -> datetime:
    """When the mail is to leave: never in the past; a test address waits for nothing."""
    if person.test_address:
        return now
    return max(occurred_at + timedelta(minutes=survey.delay_minutes), now)


def too_old(max_age_days: int, occurred_at: datetime, at: datetime) -> bool:
    """Whether the customer would be asked about something long gone."""
    return at - occurred_at > timedelta(days=max_age_days)


def in_quarantine(quarantine_days: int, at: datetime, person: Person) -> bool:
    """Asked too lately. After exactly so many days a customer may be asked again."""
    if person.test_address or person.invited_at is None:
        return False
    return at - person.invited_at < timedelta(days=quarantine_days)


def held_back(
    *, now: datetime, occurred_at: datetime, expires_at: datetime, test: bool,
    live: bool, max_age_days: int, quarantine_days: int, person: Person, mode: Mode,
) -> tuple[Literal["dropped", "withheld"], str] | None:  # fmt: skip
    """The rules once more, when the mail is about to leave; None lets it go.

    The person's ``invited_at`` is here when another system asked: our own asking has been judged, with the
    customer's row locked, and this very mail would forbid itself.
    """
    if (mode == "test" or test) and not person.test_address:
        return "withheld", "test_mode"
    rules = (
        (person.address == "missing", "no_address"),
        (person.address == "bad", "bad_address"),
        (person.opted_out, "opted_out"),
        (person.suppressed, "suppressed"),
        (not live, "paused"),
        (too_old(max_age_days, occurred_at, now), "too_old"),
        (in_quarantine(quarantine_days, now, person), "quarantine"),
        (expires_at <= now, "expired"),
    )
    reason = next((reason for forbidden, reason in rules if forbidden), None)
    return ("dropped", reason) if reason is not None else None


def language_of(locale: str | None, spoken: Sequence[str], survey: SurveyRules, tenant: Sequence[str]) -> str:
    """The customer's language where the survey or we speak it, else the tenant's, else the survey's."""
    known = {*spoken, *survey.languages}
    for candidate in (*widening(locale or ""), *tenant, survey.default_language):
        if candidate in known:
            return candidate
    return "en"
