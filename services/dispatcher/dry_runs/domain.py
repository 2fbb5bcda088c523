"""Events of the last days decided again, by the code of the real decision. Pure: no clock, no database.

What each customer was asked before the first of these events is given; what they would have been asked since
is followed from event to event, so that one more question leaves the next one out. It is decided as if the
company were live, and an opt-out counts from when it came. Surveys with adaptive sampling draw by the shares
that come of what is known now. What became of a mail after its decision is not
followed: one that was cancelled or came back later keeps the next one out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.dispatcher.customers.known_words import NOTHING_KNOWN, KnownWords, known_bases, known_customer
from services.dispatcher.decisions.contacts import ContactKey, quarantine_keys
from services.dispatcher.decisions.counter_events import (
    NOT_COUNTERED,
    Countered,
    CounterIndex,
    RememberedCounter,
    asking_about,
    counters_by,
    ends_by,
    judge_counters,
)
from services.dispatcher.decisions.domain import decide, matches
from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.lawful_basis import bases_of, law_for
from services.dispatcher.decisions.places import place_of
from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences
from services.dispatcher.decisions.sampling import Draw, SegmentShare, adaptive_segment, draw
from services.dispatcher.decisions.scopes import Asked
from services.dispatcher.decisions.values import (
    AddressQuality,
    CandidateSurvey,
    Number,
    OpenCase,
    Person,
    Replaced,
    Verdict,
)
from services.dispatcher.suppressions.domain import SUPPRESSING, SuppressionReason, entries_of
from shared.conditions.event_fields import EventFields
from shared.events import ContactRules, CounterEvent, Tenant, Transaction
from shared.events.segments import TOUCHPOINT

MAX_EXAMPLES = 5
"""Of the events whose outcome would have been another one, for each such pair of outcomes."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of an event: the decision's reason, and which survey asks."""

    reason: str
    survey_id: UUID | None = None


class PastEvent(NamedTuple):
    """An event that was decided, as far as it is still known."""

    event_id: UUID
    decided_at: datetime
    outcome: Outcome
    contact: ContactKey
    transaction: Transaction
    address: AddressQuality
    test_address: bool
    number: AddressQuality = "missing"


class Suppressed(NamedTuple):
    """Since when, and why, a contact is not to be asked."""

    since: datetime
    reason: SuppressionReason


class Chosen(NamedTuple):
    """Since when a contact has chosen one of these about further questions."""

    since: datetime
    paused_until: datetime | None
    months: int | None
    channel: str | None


class KnownCase(NamedTuple):
    """From when to when a case was open; None: it still is."""

    case: OpenCase
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class TriedRules:
    """The rules under which events are decided again."""

    surveys: Sequence[CandidateSurvey]
    """In their order."""
    company: ContactRules
    tenant: Tenant | None
    sampling_key: bytes
    shares: Mapping[tuple[UUID, str], SegmentShare]
    """By survey and segment: of surveys with adaptive sampling, as they would be computed now."""

    @property
    def texts(self) -> bool:
        """Whether any survey asks by SMS: the number of a customer with an address matters to no others."""
        return any("sms" in survey.channels for survey in self.surveys)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Events that had one outcome and would have had another one."""

    was: Outcome
    would_be: Outcome
    events: int
    examples: tuple[UUID, ...]
    """The ids of the newest of them."""


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What would have become of the events of the last days, against what became of them."""

    id: UUID
    made_at: datetime
    since: datetime
    events: int
    all_counted: bool
    """False: there were more events since then, of which the newest are counted."""
    was: dict[str, int]
    would_be: dict[str, int]
    """Events by their reason."""
    changes: tuple[Change, ...]
    """The most frequent first."""
    with_counter_events: bool = False
    """Whether counter-events came by the rules that were tried, of which it is not followed what they did to
    mails that waited."""


@dataclass
class Simulation:
    """Decides events again, one after the other."""

    rules: TriedRules
    max_examples: int = MAX_EXAMPLES
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    """What each contact was or would have been asked, by each key of a quarantine; each mail as if it had
    left when it was due."""
    suppressed: dict[str, list[Suppressed]] = field(default_factory=dict)
    """By the keyed hash of an address or a number, or a customer's id."""
    chosen: dict[str, list[Chosen]] = field(default_factory=dict)
    """The same of what customers have chosen about further questions; what they had chosen before is not
    known."""
    cases: dict[str, list[KnownCase]] = field(default_factory=dict)
    """By the person, or the keyed hash of the address, whom each is about."""
    detractors: set[str] = field(default_factory=set)
    """The keys of the contacts whose last answer is a detractor's by now, where a share draws."""
    known: set[str] = field(default_factory=set)
    """The keys for which the questions and suppressions above are loaded."""
    words: dict[str, KnownWords] = field(default_factory=dict)
    """By person: what is known of them, and the evidence that they may be asked, as it is kept now."""
    keys_about: dict[UUID, set[str]] = field(default_factory=dict)
    """Under which keys it stands in ``asked`` that a mail is about an event."""
    counters: CounterIndex = field(default_factory=CounterIndex)
    """Counter-events by each order, person and address that they are about."""
    _pairs: dict[tuple[Outcome, Outcome], tuple[int, tuple[UUID, ...]]] = field(default_factory=dict)

    def decide(self, events: Sequence[PastEvent]) -> None:
        """Decide more events, which came after all those before: batches as they were decided."""
        for event in events:
            rules = self._rules_about(event.transaction)
            self.remember(
                counters_by(rules, event.contact.tenant, event.transaction, event.contact, event.decided_at)
            )
            if ends_by(rules):
                self._end_for_good(event)
        for event in events:
            verdict = self._verdict(event)
            survey = verdict.survey
            if survey is not None and verdict.starts_quarantine and verdict.due_at is not None:
                self._give_way(verdict.replaces)
                # A link is handed out at once, so it waits for nothing and gives way to nothing.
                waits = None if event.transaction.is_for_link else event.event_id
                about = survey.measurement, survey.touchpoint, survey.id, waits
                for key in event.contact.asked_by(verdict.channel).own_keys:
                    self.note_asked(key, Asked(verdict.due_at, False, *about))
            outcome = Outcome(reason=verdict.reason, survey_id=survey.id if survey else None)
            count, examples = self._pairs.get((event.outcome, outcome), (0, ()))
            self._pairs[event.outcome, outcome] = count + 1, (event.event_id, *examples)[: self.max_examples]

    def note_asked(self, key: str, asked: Asked) -> None:
        """Let this count as asked under a key, from when it was or would have been."""
        self.asked.setdefault(key, []).append(asked)
        if asked.unsent_about is not None:
            self.keys_about.setdefault(asked.unsent_about, set()).add(key)

    def remember(self, counters: Iterable[RememberedCounter]) -> None:
        """Let counter-events count for what is decided from when they were known."""
        for counter in counters:
            self.counters.add(counter)

    def result(self, id_: UUID, made_at: datetime, since: datetime, *, all_counted: bool) -> DryRun:
        """What was found so far."""
        was: dict[str, int] = {}
        would_be: dict[str, int] = {}
        for (before, after), (count, _) in self._pairs.items():
            was[before.reason] = was.get(before.reason, 0) + count
            would_be[after.reason] = would_be.get(after.reason, 0) + count
        changes = [
            Change(was=before, would_be=after, events=count, examples=examples)
            for (before, after), (count, examples) in self._pairs.items()
            if before != after
        ]
        changes.sort(key=lambda change: (-change.events, change.was.reason, change.would_be.reason))
        return DryRun(
            id=id_,
            made_at=made_at,
            since=since,
            events=sum(was.values()),
            all_counted=all_counted,
            was=was,
            would_be=would_be,
            changes=tuple(changes),
            with_counter_events=bool(self.counters),
        )

    def _verdict(self, event: PastEvent) -> Verdict:
        transaction = event.transaction
        return decide(
            event_type=transaction.type,
            occurred_at=transaction.occurred_at,
            now=event.decided_at,
            surveys=self.rules.surveys,
            person=self._person(event),
            mode="live",
            fields=EventFields(transaction),
            draws=lambda survey: self._draw(survey, event),
            touchpoint=transaction.segments.get(TOUCHPOINT),
            delay_minutes=transaction.delay_minutes,
            test_of=transaction.test_of,
            wave_of=transaction.wave_of,
            link_of=transaction.link_of,
        )

    def _draw(self, survey: CandidateSurvey, event: PastEvent) -> Draw:
        segment = adaptive_segment(survey.adaptive_sampling, event.transaction, survey.touchpoint)
        return draw(
            self.rules.sampling_key,
            event.contact,
            survey.id,
            survey.sampling_percent,
            self.rules.shares.get((survey.id, segment)) if segment is not None else None,
            draws_by=survey.draws_by,
            is_detractor=event.contact.key in self.detractors,
        )

    def _give_way(self, replaced: Sequence[Replaced]) -> None:
        """Let what would have waited about these events be as if it had never been to leave."""
        events = {each.event_id for each in replaced}
        for key in {key for event_id in events for key in self.keys_about.get(event_id, ())}:
            self.asked[key] = [each for each in self.asked[key] if each.unsent_about not in events]

    def _rules_about(self, transaction: Transaction) -> list[CounterEvent]:
        """The rules that are tried by which it is a counter-event. Tests and waves counter nothing."""
        if not transaction.is_of_client:
            return []
        return [
            rule for rule in self.rules.company.counter_events if matches(rule.event_type, transaction.type)
        ]

    def _end_for_good(self, event: PastEvent) -> None:
        """Let its customer be listed from then on."""
        for entry in entries_of(event.contact):
            if entry.kind == "address" or not event.contact.is_one_of_several:
                self.suppressed.setdefault(entry.key, []).append(Suppressed(event.decided_at, "listed"))

    def _countered(self, event: PastEvent) -> Countered:
        if not self.counters or event.transaction.test_of is not None:
            return NOT_COUNTERED
        asking = asking_about(event.contact.tenant, event.transaction, event.contact)
        found = self.counters.about(asking)
        known = [counter for counter in found if counter.known_at <= event.decided_at]
        return judge_counters(known, asking)

    def _person(self, event: PastEvent) -> Person:
        contact, rules = event.contact, self.rules.company
        # One question stands under the address and under the id.
        asked = dict.fromkeys(
            each if each.at >= event.decided_at else each._replace(unsent_about=None)
            for key in quarantine_keys(contact)
            for each in self.asked.get(key, ())
        )
        keys = {entry.key for entry in entries_of(contact)}
        reasons = {
            entry.reason
            for key in keys
            for entry in self.suppressed.get(key, ())
            if entry.since <= event.decided_at
        }
        known = self.words.get(contact.person, NOTHING_KNOWN)
        place = place_of(known_customer(event.transaction.customer, known, contact), self.rules.tenant)
        return Person(
            address=event.address,
            number=Number(
                quality=event.number,
                test=event.test_address,
                hours=ContactHours.of(rules, place, "sms"),
            ),
            test_address=event.test_address,
            complained="complained" in reasons,
            opted_out="unsubscribed" in reasons,
            suppressed=not reasons.isdisjoint(SUPPRESSING),
            undeliverable="bounced" in reasons,
            preferences=self._preferences(keys, event.decided_at),
            invited_at=max((each.at for each in asked), default=None),
            asked=tuple(asked),
            hours=ContactHours.of(rules, place),
            cap_hours=rules.cap_hours,
            countered=self._countered(event),
            open_case=None if rules.ask_with_open_case else self._open_case(event),
            relational_distance_days=rules.relational_distance_days,
            company_zone=self.rules.tenant.time_zone if self.rules.tenant is not None else "UTC",
            law=law_for(rules.countries, place.country, self._evidence(event)),
            has_link=event.transaction.is_for_link,
            is_nobody=contact.customer_id == contact.ignored_id,
            last_message_at=self._last_message_at(event) if event.transaction.is_for_link else None,
        )

    def _last_message_at(self, event: PastEvent) -> datetime | None:
        """When our last message to the contact left, before the event was decided; None: there was none."""
        left = (
            each.at
            for key in event.contact.own_keys
            for each in self.asked.get(key, ())
            if not each.elsewhere and each.at <= event.decided_at
        )
        return max(left, default=None)

    def _preferences(self, keys: Iterable[str], at: datetime) -> Preferences:
        if not self.chosen:
            return NO_PREFERENCES
        chosen = (each for key in keys for each in self.chosen.get(key, ()))
        return Preferences.of(each for each in chosen if each.since <= at)

    def _open_case(self, event: PastEvent) -> OpenCase | None:
        contact, at = event.contact, event.decided_at
        cases = (case for key in (contact.person, contact.address) if key for case in self.cases.get(key, ()))
        return next(
            (
                known.case
                for known in cases
                if known.opened_at <= at and (known.closed_at is None or known.closed_at > at)
            ),
            None,
        )

    def _evidence(self, event: PastEvent) -> Iterable[str]:
        """What is known by now, and what came with the event."""
        own = bases_of(event.transaction.customer, event.transaction.occurred_at)
        known = self.words.get(event.contact.person, NOTHING_KNOWN)
        return {*own, *known_bases(known, event.contact)}


def with_survey(surveys: Mapping[UUID, CandidateSurvey], tried: CandidateSurvey) -> list[CandidateSurvey]:
    """A company's surveys with one as it would be, in their order.

    Without a place of its own it keeps the one that it has; a further one is the last. It draws as it does.
    """
    place, stored = tried.place, surveys.get(tried.id)
    draws_by = stored.draws_by if stored is not None else "person"
    if place is None:
        place = (
            stored.place
            if stored is not None
            else max((_place(each) for each in surveys.values()), default=0) + 1
        )
    placed = msgspec.structs.replace(tried, place=place, draws_by=draws_by)
    return sorted({**surveys, placed.id: placed}.values(), key=lambda survey: (_place(survey), survey.id))


def _place(survey: CandidateSurvey) -> int:
    return survey.place or 0
