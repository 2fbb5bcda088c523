"""All that the events of a batch are judged by, read with a fixed number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from services.dispatcher import surveys
from services.dispatcher.addresses import judged
from services.dispatcher.domain import Mode, Person, Sending, SurveyRules, language_of, matches
from services.dispatcher.repository import decisions, suppressions
from services.dispatcher.repository import surveys as survey_rows
from services.dispatcher.sending import states_of
from services.dispatcher.wording import SPOKEN
from shared.db import UnitOfWork
from shared.events import Event, Tenant, Transaction
from shared.http.secrets import customer_hash
from shared.tenancy.tenants import find_tenants

_UNCHANGED = Sending()


@dataclass(frozen=True)
class Surroundings:
    """What is known; the customers' rows are locked as long as the transaction lasts."""

    tenants: Mapping[str, Tenant]
    surveys: Mapping[str, Sequence[SurveyRules]]
    sending: Mapping[str, Sending]
    hashes: dict[tuple[str, str], str] = field(default_factory=dict)
    """The keyed hash of each address, by tenant and address."""
    suppressed: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Why an address or a customer is suppressed, by tenant, kind and key."""
    invited: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    """When each customer was last invited; goes on within the batch."""

    def knows(self, tenant: str) -> bool:
        """Whether we have heard of the tenant; who has a survey with us exists, told or not."""
        return tenant in self.tenants or tenant in self.surveys

    def mode(self, tenant: str) -> Mode:
        """Test or live."""
        return self.sending.get(tenant, _UNCHANGED).mode

    def asks(self, event: Event[Transaction]) -> bool:
        """Whether any survey hears this type of event, so that it matters who the customer is."""
        return any(matches(survey.trigger, event.data.type) for survey in self.surveys.get(event.tenant, ()))

    def person(self, event: Event[Transaction]) -> Person:
        """The customer as far as the rules want to know."""
        tenant, customer = event.tenant, event.data.customer
        if (tenant, customer.id) not in self.invited:
            return Person(address="missing")  # no survey asks, so nobody looked
        key = self.hashes.get((tenant, customer.email or ""), "")
        reasons = {
            self.suppressed.get((tenant, "address", key)),
            self.suppressed.get((tenant, "customer", customer.id)),
        }
        return Person(
            address=judged(customer.email),
            test_address=self.sending.get(tenant, _UNCHANGED).is_test(customer.email),
            opted_out="unsubscribed" in reasons,
            suppressed="listed" in reasons,
            invited_at=self.invited[tenant, customer.id],
        )

    def language(self, event: Event[Transaction], survey: SurveyRules) -> str:
        """The language that the customer is written to in."""
        tenant = self.tenants.get(event.tenant)
        return language_of(event.data.customer.locale, SPOKEN, survey, tenant.languages if tenant else ())

    def note_invited(self, event: Event[Transaction], at: datetime) -> None:
        """The customer's next event in this batch meets the quarantine."""
        self.invited[event.tenant, event.data.customer.id] = at


async def look_around(uow: UnitOfWork, events: Sequence[Event[Transaction]], secret: str) -> Surroundings:
    """Read what these events are judged by, and lock the rows of the customers whom a survey might ask."""
    tenants = sorted({event.tenant for event in events})
    found = await survey_rows.of_tenants(uow, tenants)
    rules = {
        tenant: [surveys.rules_of(row) for row in own]
        for tenant, own in groupby(found, key=lambda row: row.tenant)
    }
    around = Surroundings(await find_tenants(uow, tenants), rules, await states_of(uow, tenants))
    asked = [event for event in events if around.asks(event)]
    if asked:
        await _look_at_customers(uow, asked, around, secret)
    return around


async def _look_at_customers(
    uow: UnitOfWork, asked: Sequence[Event[Transaction]], around: Surroundings, secret: str
) -> None:
    customers = sorted({(event.tenant, event.data.customer.id) for event in asked})
    for row in await decisions.lock_customers(uow, customers):
        around.invited[row.tenant, row.id] = row.invited_at
    for event in asked:
        if address := event.data.customer.email:
            around.hashes[event.tenant, address] = customer_hash(secret, event.tenant, address)
    keys = {(tenant, "address", key) for (tenant, _), key in around.hashes.items()}
    keys |= {(tenant, "customer", customer) for tenant, customer in customers}
    for row in await suppressions.matching(uow, sorted(keys)):
        around.suppressed[row.tenant, row.kind, row.key] = row.reason
