"""The page of erasures: the form, and who asked for which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.erasures.domain import MAX_CUSTOMERS_LISTED, NamedCustomer
from services.dispatcher.erasures.forms import ErasureForm
from services.dispatcher.erasures.labels import SERVICES, asked_for_label
from services.dispatcher.erasures.schemas import MAX_REASON_CHARS, service_states
from services.dispatcher.repository.erased_addresses import OtherCustomer
from services.dispatcher.sending.labels import actor_label
from services.dispatcher.story.labels import customer_label
from shared.pages.language import spoken
from shared.pages.page import Page


@dataclass(frozen=True)
class OtherChoice:
    """A customer whom a link fills into the form: by the pseudonym, since no id is part of an address."""

    person: str
    label: str
    """Empty: they came without an id."""

    @classmethod
    def of(cls, other: OtherCustomer) -> "OtherChoice":
        """One who is known under the address of an erased customer."""
        return cls(other.person, "" if other.without_id else other.customer_id)


@dataclass(frozen=True)
class ErasureLine:
    """An erasure in the list."""

    id: UUID
    asked_at: datetime
    who: str
    asked_for: str
    reason: str
    done: Sequence[str]
    """What has been erased, by what the service stores."""
    waiting: Sequence[str]
    """What has not been."""
    others: Sequence[OtherChoice]
    """Who else is known under the same address."""

    @classmethod
    def of(cls, row: Row[Any], others: Sequence[OtherCustomer]) -> "ErasureLine":
        """A stored erasure."""
        states = service_states(row)
        return cls(
            row.id,
            row.asked_at,
            actor_label(row.who),
            asked_for_label(row.asked_for, only_under_address=row.contact is not None),
            row.reason or "",
            [spoken(SERVICES[service]) for service, state in states.items() if state == "done"],
            [spoken(SERVICES[service]) for service, state in states.items() if state == "waiting"],
            [OtherChoice.of(other) for other in others],
        )


@dataclass(frozen=True)
class CustomerChoice:
    """A customer whom the form may mean."""

    customer_id: str
    label: str
    addresses: int

    @classmethod
    def of(cls, customer: NamedCustomer) -> "CustomerChoice":
        """One whom the request may mean."""
        return cls(customer.customer_id, customer_label(customer.customer_id), customer.addresses)


@dataclass(frozen=True, kw_only=True)
class ErasuresPage(Page):
    """The form, and the erasures that were asked for, newest first."""

    template: ClassVar[str] = "erasures.html"
    erasures: Sequence[ErasureLine]
    under_way: int
    """How many of those shown some service has not confirmed."""
    more: str | None
    """The cursor of the next page."""
    before: str
    form: ErasureForm
    fault: tuple[str, str] | None
    """The field of the form that is wrong, and what to do."""
    refusal: str
    """Why nothing was erased, where no field is wrong."""
    choices: Sequence[CustomerChoice]
    """Those among whom the reader must choose."""
    choice_options: Sequence[tuple[str, str]]
    """The same as options of a field."""
    done: str
    max_choices: int = MAX_CUSTOMERS_LISTED
    max_reason_chars: int = MAX_REASON_CHARS
