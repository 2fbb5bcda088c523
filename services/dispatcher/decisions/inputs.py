"""All that the events of a batch are judged by, read with a fixed number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of, keys_of
from services.dispatcher.decisions.domain import (
    CandidateSurvey,
    Person,
    Sending,
    SendingMode,
    language_of,
    matches,
)
from services.dispatcher.decisions.handlers import quarantine, repository
from services.dispatcher.sending.sending_commands import find_sendings
from services.dispatcher.suppressions import repository
from services.dispatcher.suppressions.suppression_commands import entries_of
from services.dispatcher.surveys.survey_commands import repository as survey_rows
from services.dispatcher.surveys.survey_commands import survey_commands
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.db import UnitOfWork
from shared.events import Event, Tenant, Transaction
from shared.tenancy.tenants import find_tenants

_UNCHANGED = Sending()


@dataclass(frozen=True)
class DecisionInputs:
    """What is known; the rows of the contacts are locked as long as the transaction lasts."""

    tenants: Mapping[str, Tenant]
    survey_commands: Mapping[str, Sequence[CandidateSurvey]]
    sending: Mapping[str, Sending]
    suppressed: dict[tuple[str, str, str], Row[Any]] = field(default_factory=dict)
    """The entries that stand for an address or a customer, by tenant, kind and key."""
    asked_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When each contact, or whoever has an id, was last asked; goes on within the batch."""

    def knows(self, tenant: str) -> bool:
        """Whether we have heard of the tenant; who has a survey with us exists, told or not."""
        return tenant in self.tenants or tenant in self.surveys

    def mode(self, tenant: str) -> SendingMode:
        """Test or live."""
        return self.sending.get(tenant, _UNCHANGED).mode

    def asks(self, event: Event[Transaction]) -> bool:
        """Whether any survey hears this type of event, so that it matters who the customer is."""
        return any(matches(survey.trigger, event.data.type) for survey in self.surveys.get(event.tenant, ()))

    def contact(self, event: Event[Transaction], secret: str) -> ContactKey:
        """Who the event is about."""
        sending = self.sending.get(event.tenant, _UNCHANGED)
        return contact_key_of(secret, event.tenant, event.data.customer, sending.placeholder_ids)

    def person(self, event: Event[Transaction], contact: ContactKey) -> Person:
        """The customer as far as the rules want to know."""
        if not self.asks(event):
            return Person(address="missing")  # no survey asks, so nobody looked
        found = self._suppressed(contact)
        reasons = {entry.reason for entry in found}
        asked = [self.asked_at.get((contact.tenant, key)) for key in keys_of(contact)]
        return Person(
            address=address_quality(event.data.customer.email),
            test_address=self.sending.get(event.tenant, _UNCHANGED).is_test(event.data.customer.email),
            opted_out="unsubscribed" in reasons,
            suppressed="listed" in reasons,
            suppressed_by=found[0].kind if found else None,
            invited_at=max((at for at in asked if at is not None), default=None),
        )

    def _suppressed(self, contact: ContactKey) -> list[Row[Any]]:
        """Its entries, the address before the id."""
        wanted = [(entry.kind, entry.key, entry.earlier) for entry in entries_of(contact)]
        found = [(self.suppressed.get((contact.tenant, kind, key)), earlier) for kind, key, earlier in wanted]
        return [entry for entry, earlier in found if entry is not None and not (earlier and entry.canonical)]

    def language(self, event: Event[Transaction], survey: CandidateSurvey) -> str:
        """The language that the customer is written to in."""
        tenant = self.tenants.get(event.tenant)
        return language_of(
            event.data.customer.locale, STANDARD_LANGUAGES, survey, tenant.languages if tenant else ()
        )

    def note_invited(self, contact: ContactKey, at: datetime) -> None:
        """The contact's next event in this batch meets the quarantine."""
        self.asked_at[contact.tenant, contact.key] = at


async def load_inputs(uow: UnitOfWork, events: Sequence[Event[Transaction]]) -> DecisionInputs:
    """Read what the companies have set."""
    tenants = sorted({event.tenant for event in events})
    found = await survey_rows.of_tenants(uow, tenants)
    rules = {
        tenant: [survey_commands.candidate_of(row) for row in own]
        for tenant, own in groupby(found, key=lambda row: row.tenant)
    }
    return DecisionInputs(await find_tenants(uow, tenants), rules, await find_sendings(uow, tenants))


async def load_contacts(uow: UnitOfWork, contacts: Sequence[ContactKey], around: DecisionInputs) -> None:
    """Lock the contacts' rows, and read what is known of them."""
    await quarantine.lock_contacts(uow, contacts)
    keys = {(contact.tenant, key) for contact in contacts for key in keys_of(contact)}
    for row in await repository.last_asked(uow, keys):
        around.asked_at[row.tenant, row.id] = row.asked_at
    wanted = {(contact.tenant, *entry) for contact in contacts for entry in entries_of(contact)}
    for row in await repository.matching(uow, sorted(wanted)):
        around.suppressed[row.tenant, row.kind, row.key] = row
