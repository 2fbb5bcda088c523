"""Everything that the events of a batch are judged by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.contact_policies.domain import CompanyPolicy
from services.dispatcher.customers.known_words import (
    NOTHING_KNOWN,
    KnownWords,
    known_bases,
    known_customer,
)
from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import (
    ContactKey,
    contact_key_of,
    quarantine_keys,
)
from services.dispatcher.decisions.counter_events import (
    NOT_COUNTERED,
    Countered,
    CounterIndex,
    asking_about,
    judge_counters,
)
from services.dispatcher.decisions.domain import language_of, matches
from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.lawful_basis import (
    NO_LAW,
    CountryLaw,
    bases_of,
    law_for,
    newest_bases,
)
from services.dispatcher.decisions.numbers import number_quality
from services.dispatcher.decisions.places import Place, place_of
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences
from services.dispatcher.decisions.repository import open_cases as case_rows
from services.dispatcher.decisions.sampling import (
    Draw,
    SegmentShare,
    adaptive_segment,
    draw,
)
from services.dispatcher.decisions.scopes import Asked, one_touchpoint
from services.dispatcher.decisions.values import (
    NO_NUMBER,
    CandidateSurvey,
    Number,
    OpenCase,
    Person,
    SuppressedName,
)
from services.dispatcher.sending.domain import Sending
from services.dispatcher.suppressions.domain import SUPPRESSING, entries_of
from shared.events import ContactRules, Customer, Event, Invitation, Tenant, Transaction
from shared.events.surveys import ChannelName
from shared.events.transactions import LINK
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import Subject


@dataclass(frozen=True)
class DecisionInputs:
    """What is known; the rows of the contacts are locked as long as the transaction lasts."""

    policy: ContactPolicy
    tenants: Mapping[str, Tenant]
    surveys: Mapping[str, Sequence[CandidateSurvey]]
    sendings: Mapping[str, Sending]
    sampling_key: bytes
    """Draws whom a survey asks that asks only some."""
    company_policies: Mapping[str, CompanyPolicy] = field(default_factory=dict)
    """When and how often those companies may write that have ever set it."""
    suppressed: dict[tuple[str, str, str], Row[Any]] = field(default_factory=dict)
    """The suppressions of addresses and customers, by tenant, kind and key."""
    preferred: dict[tuple[str, str, str], Row[Any]] = field(default_factory=dict)
    """What customers have chosen about further questions, by the same."""
    asked_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When each contact, or anybody with an id, was last asked; updated within the batch."""
    asked: dict[tuple[str, str], list[Asked]] = field(default_factory=dict)
    """The same for each survey and touchpoint, of tenants that have a quarantine with a scope."""
    keys_about: dict[tuple[str, UUID], set[str]] = field(default_factory=dict)
    """Under which keys it stands there that a mail waits, by tenant and the event that it asks about."""
    counters: CounterIndex = field(default_factory=CounterIndex)
    """The counter-events that may be about the events."""
    last_mail_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When the last message to each contact left, of those who are to be asked by a link."""
    open_cases: dict[tuple[str, str], OpenCase] = field(default_factory=dict)
    """By tenant and person, or hash of an address: the open case about them, where that matters."""
    untouched_cases: set[UUID] = field(default_factory=set)
    """The cases that customers are asked again about, and of whom nobody was reached."""
    shares: dict[tuple[str, UUID, str], SegmentShare] = field(default_factory=dict)
    """By tenant, survey and segment: of surveys with adaptive sampling, those of less than everybody."""
    detractors: set[tuple[str, str]] = field(default_factory=set)
    """The (tenant, key of a contact) whose last answer was a detractor's, of those whom no share draws."""
    words: dict[tuple[str, str], KnownWords] = field(default_factory=dict)
    """By tenant and person: what is known of them besides the event, and the evidence that they may be asked;
    updated within the batch."""
    hours: dict[tuple[str, Place, ChannelName], ContactHours] = field(default_factory=dict)
    """When customers may be written to, by tenant, place and channel."""
    asked_types: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Whether any survey asks about events of a type, by tenant and type; found when it is first needed."""
    erased: set[Subject] = field(default_factory=set)
    """The contacts whose data the company has erased."""

    def copy(self) -> "DecisionInputs":
        """The same, to judge the events of a batch by: what comes of them changes the copy alone."""
        return replace(
            self,
            asked_at=dict(self.asked_at),
            asked={key: list(asked) for key, asked in self.asked.items()},
            keys_about={mail: set(keys) for mail, keys in self.keys_about.items()},
            words=dict(self.words),
        )

    def is_erased(self, contact: ContactKey) -> bool:
        """Whether the company has erased the contact's data."""
        return bool(self.erased) and contact.subject in self.erased

    def knows(self, tenant: str) -> bool:
        """Whether the tenant exists: its event was consumed, or it has a survey here."""
        return tenant in self.tenants or tenant in self.surveys

    def is_paused(self, tenant: str) -> bool:
        """Whether the company does not run, so that nobody is asked."""
        company = self.tenants.get(tenant)
        return company is not None and company.state != "running"

    def sending(self, tenant: str) -> Sending:
        """How the tenant sends."""
        return self.sendings.get(tenant, self.policy.initial_sending)

    def company_policy(self, tenant: str) -> CompanyPolicy:
        """When and how often the tenant may write."""
        return self.company_policies.get(tenant) or CompanyPolicy(self.policy.initial_rules, 0)

    def is_asked_about(self, event: Event[Transaction]) -> bool:
        """Whether any survey asks about this event, or rehearses it, so that the customer matters."""
        if event.data.survey_id is not None:
            return True
        kind = event.tenant, event.data.type
        found = self.asked_types.get(kind)
        if found is None:
            surveys = self.surveys.get(event.tenant, ())
            found = any(each.state != "draft" and matches(each.trigger, kind[1]) for each in surveys)
            self.asked_types[kind] = found
        return found

    def contact(self, event: Event[Transaction], secret: str) -> ContactKey:
        """The contact whom the event is about."""
        return self.contact_of(event.tenant, event.data.customer, secret)

    def contact_of(self, tenant: str, customer: Customer, secret: str) -> ContactKey:
        """The contact of a customer, by what the tenant has set."""
        placeholder_ids = self.sending(tenant).placeholder_ids
        shared = self.company_policy(tenant).rules.ids_are_shared
        contact = contact_key_of(secret, tenant, customer, placeholder_ids, ids_are_shared=shared)
        # The number of a customer with an address matters to nobody who never texts.
        if contact.number is None or tenant in self.texting_tenants:
            return contact
        return contact._replace(number=None)

    def customer(self, event: Event[Transaction], contact: ContactKey) -> Customer:
        """The customer of the event, with what is known besides; what it says counts for their next event."""
        customer, person = event.data.customer, (contact.tenant, contact.person)
        if contact.person == NOBODY or self.is_erased(contact):
            return customer
        known = self.words.get(person, NOTHING_KNOWN)
        completed = known_customer(customer, known, contact)
        is_kept = not contact.by_number or contact.tenant in self.texting_tenants
        if event.data.is_of_client and contact.address is not None and is_kept:
            bases = newest_bases(known.bases, bases_of(customer, event.data.occurred_at))
            said = completed.locale, completed.country, completed.time_zone
            self.words[person] = KnownWords(*said, bases)
        return completed

    def person(self, event: Event[Transaction], contact: ContactKey, customer: Customer) -> Person:
        """What the rules need to know of the customer, as :meth:`customer` knows them."""
        if not self.is_asked_about(event):
            quality = number_quality(customer.phone)
            # No survey asks, so nothing was loaded.
            return Person(address="missing", number=Number(quality=quality))
        entries = self._suppressions(contact)
        reasons = {entry.reason for entry in entries}
        asked = [self.asked_at.get((contact.tenant, key)) for key in quarantine_keys(contact)]
        rules = self.company_policy(event.tenant).rules
        tenant = self.tenants.get(event.tenant)
        place = place_of(customer, tenant)
        return Person(
            address=address_quality(event.data.customer.email),
            number=self._number(event.tenant, customer.phone, place) if customer.phone else NO_NUMBER,
            erased=self.is_erased(contact),
            test_address=self.sending(event.tenant).is_test(event.data.customer.email),
            complained="complained" in reasons,
            opted_out="unsubscribed" in reasons,
            suppressed=not reasons.isdisjoint(SUPPRESSING),
            undeliverable="bounced" in reasons,
            address_erased="erased" in reasons,
            suppressed_by=next(
                (_name_of(entry, contact) for entry in entries if entry.reason != "bounced"), None
            ),
            preferences=self._preferences(contact),
            invited_at=max((at for at in asked if at is not None), default=None),
            hours=self._hours(event.tenant, place),
            cap_hours=rules.cap_hours,
            asked=self._asked(contact),
            countered=self._countered(event, contact),
            open_case=self._open_case(contact, event.data.recovery_of),
            relational_distance_days=rules.relational_distance_days,
            company_zone=tenant.time_zone if tenant is not None else "UTC",
            law=self._law(event, contact, place, rules),
            has_link=event.data.is_for_link,
            is_nobody=contact.customer_id == contact.ignored_id,
            last_message_at=self._last_message_at(contact),
        )

    def _last_message_at(self, contact: ContactKey) -> datetime | None:
        if not self.last_mail_at:
            return None
        found = (self.last_mail_at.get((contact.tenant, key)) for key in contact.own_keys)
        return max((at for at in found if at is not None), default=None)

    def _number(self, tenant: str, phone: str, place: Place) -> Number:
        return Number(
            quality=number_quality(phone),
            test=self.sending(tenant).is_test(phone),
            hours=self._hours(tenant, place, "sms"),
        )

    def _hours(self, tenant: str, place: Place, channel: ChannelName = "mail") -> ContactHours:
        """When the tenant may write to customers who live there; made once for each place and channel."""
        known = self.hours.get((tenant, place, channel))
        if known is None:
            rules = self.company_policy(tenant).rules
            known = ContactHours.of(rules, place, channel)
            self.hours[tenant, place, channel] = known
        return known

    def _law(
        self, event: Event[Transaction], contact: ContactKey, place: Place, rules: ContactRules
    ) -> CountryLaw:
        """The law of the customer's country, with the evidence that came until now."""
        if not rules.countries:
            return NO_LAW
        own = bases_of(event.data.customer, event.data.occurred_at)
        known = self.words.get((contact.tenant, contact.person), NOTHING_KNOWN)
        bases = newest_bases(known_bases(known, contact), own)
        return law_for(rules.countries, place.country, bases)

    def _countered(self, event: Event[Transaction], contact: ContactKey) -> Countered:
        """What counter-events do to the mail about this event; to a test of a survey nothing."""
        if not self.counters or event.data.test_of is not None:
            return NOT_COUNTERED
        asking = asking_about(event.tenant, event.data, contact)
        return judge_counters(self.counters.about(asking), asking)

    def _open_case(self, contact: ContactKey, asks_again_about: UUID | None) -> OpenCase | None:
        """That which forbids to ask; a case of whom nobody was reached does not forbid its own re-ask."""
        if not self.open_cases:
            return None
        found = (self.open_cases.get(key) for key in case_rows.keys_of(contact))
        return next(
            (
                case
                for case in found
                if case is not None and not (case.id == asks_again_about and case.id in self.untouched_cases)
            ),
            None,
        )

    @cached_property
    def texting_tenants(self) -> frozenset[str]:
        """Those with a survey that asks by SMS."""
        return frozenset(
            tenant
            for tenant, surveys in self.surveys.items()
            if any("sms" in survey.channels for survey in surveys)
        )

    @cached_property
    def tenants_with_scopes(self) -> frozenset[str]:
        """Those of whom it matters by whom and about what a contact was asked, and not only when.

        That is so where a survey's quarantine has a scope, or one is relational or has a holding time.
        """
        return frozenset(
            tenant
            for tenant, surveys in self.surveys.items()
            if any(
                each.quarantine_scope != "any" or each.measurement == "relational" or each.holding_minutes
                for each in surveys
            )
        )

    def _asked(self, contact: ContactKey) -> tuple[Asked, ...]:
        if not self.asked:
            return ()
        keys = quarantine_keys(contact)
        found = (each for key in keys for each in self.asked.get((contact.tenant, key), ()))
        return tuple(dict.fromkeys(found))  # one question stands under the address and under the id

    def _suppressions(self, contact: ContactKey) -> list[Row[Any]]:
        """The contact's suppressions, that of the address before that of the id."""
        if not self.suppressed:
            return []
        found = [
            (self.suppressed.get((contact.tenant, entry.kind, entry.key)), entry.earlier)
            for entry in entries_of(contact)
        ]
        return [row for row, earlier in found if row is not None and not (earlier and row.canonical)]

    def _preferences(self, contact: ContactKey) -> Preferences:
        """What the contact has chosen, by the address and by the id."""
        if not self.preferred:
            return NO_PREFERENCES
        keys = ((contact.tenant, entry.kind, entry.key) for entry in entries_of(contact) if not entry.earlier)
        return Preferences.of(self.preferred[key] for key in keys if key in self.preferred)

    def draws(self, survey: CandidateSurvey, contact: ContactKey, transaction: Transaction) -> Draw:
        """Whether the contact is one of those whom the survey asks about this event."""
        segment = adaptive_segment(survey.adaptive_sampling, transaction, survey.touchpoint)
        return draw(
            self.sampling_key,
            contact,
            survey.id,
            survey.sampling_percent,
            self.shares.get((contact.tenant, survey.id, segment)) if segment is not None else None,
            draws_by=survey.draws_by,
            is_detractor=(contact.tenant, contact.key) in self.detractors,
        )

    def language(self, tenant_id: str, customer: Customer, survey: CandidateSurvey) -> str:
        """The language that the customer is written to in."""
        tenant = self.tenants.get(tenant_id)
        languages = tenant.languages if tenant else ()
        return language_of(customer.locale, self.policy, survey, languages)

    def note_asked(self, tenant: str, key: str, asked: Asked) -> None:
        """Let this count as asked, by whom and about what."""
        self.asked.setdefault((tenant, key), []).append(asked)
        if asked.unsent_about is not None:
            self.keys_about.setdefault((tenant, asked.unsent_about), set()).add(key)

    def note_invited(self, contact: ContactKey, invitation: Invitation) -> None:
        """Let the next event in this batch of the person, or of the address, meet the quarantine."""
        at, touchpoint = invitation.due_at, one_touchpoint(invitation.touchpoint, None)
        about = invitation.survey_id, None if invitation.channel == LINK else invitation.event_id
        asked = Asked(at, False, invitation.measurement, touchpoint, *about)
        for name in contact.asked_by(invitation.channel).own_keys:
            key = contact.tenant, name
            self.asked_at[key] = max(self.asked_at.get(key, at), at)
            if contact.tenant in self.tenants_with_scopes:
                self.note_asked(*key, asked)

    def note_replaced(self, tenant: str, event_ids: Collection[UUID]) -> None:
        """Let what waited about these events be as if it had never been to leave."""
        for key in self._keys_about(tenant, event_ids):
            left = [each for each in self.asked[key] if each.unsent_about not in event_ids]
            self.asked[key] = left
            self.asked_at.pop(key, None)
            if left:
                self.asked_at[key] = max(each.at for each in left)

    def note_leaving(self, tenant: str, event_ids: Collection[UUID]) -> None:
        """Let what waits about these events count as sent, since a sender has it now."""
        for key in self._keys_about(tenant, event_ids):
            self.asked[key] = [
                each._replace(unsent_about=None) if each.unsent_about in event_ids else each
                for each in self.asked[key]
            ]

    def _keys_about(self, tenant: str, event_ids: Collection[UUID]) -> set[tuple[str, str]]:
        """Whatever contacts of this batch see these mails: of the same person, or at the same address."""
        return {
            (tenant, key) for event_id in event_ids for key in self.keys_about.get((tenant, event_id), ())
        }


def _name_of(entry: Row[Any], contact: ContactKey) -> SuppressedName:
    """What of the contact an entry names: the hash of a number stands among those of addresses."""
    if entry.kind == "customer":
        return "customer"
    return "number" if contact.by_number or entry.key == contact.number else "address"
