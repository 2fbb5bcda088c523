"""Bodies and answers of the API about erasures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator
from sqlalchemy import Row

from services.dispatcher.erasures.domain import NameField
from services.dispatcher.erasures.requests import NO_NAME_GIVEN, ErasureRequest
from services.dispatcher.repository.erased_addresses import OtherCustomer
from shared.http.request_body import StrictBody
from shared.privacy.erased import CONFIRMING_SERVICES

ErasureState = Literal["under_way", "done"]
ServiceState = Literal["waiting", "done"]
MAX_REASON_CHARS = 500


class ErasureBody(StrictBody):
    """Who is to be erased, by id, address or phone number, and why."""

    customer_id: str | None = Field(default=None, min_length=1, max_length=200)
    email: str | None = Field(default=None, min_length=3, max_length=320)
    phone: str | None = Field(default=None, min_length=3, max_length=100)
    reason: str | None = Field(
        default=None,
        max_length=MAX_REASON_CHARS,
        description="Why, without anything that names the customer. It is kept.",
    )

    @model_validator(mode="after")
    def _names_a_person(self) -> Self:
        if self.customer_id is None and self.email is None and self.phone is None:
            raise ValueError(NO_NAME_GIVEN)
        return self

    def request(self) -> ErasureRequest:
        """What is asked for."""
        return ErasureRequest(self.customer_id, self.email, self.phone, self.reason)


class ErasureOther(BaseModel):
    """Another customer who is known under the same address."""

    customer_id: str = Field(description="To erase them, too, ask for it by this id.")
    without_id: bool = Field(description="Whether they came without an id, so that a code stands for it.")


class ErasureAnswer(BaseModel):
    """An erasure, and how far it has come."""

    id: UUID
    state: ErasureState
    services: dict[str, ServiceState] = Field(description="Which services have erased what they stored.")
    see: str
    who: str = Field(description="Who asked.")
    reason: str | None
    asked_for: list[NameField] = Field(description="By what the customer was named; the values are not kept.")
    only_under_address: bool = Field(
        description="Whether only what came under the address is erased, since others have the id, too."
    )
    asked_at: datetime
    others: list[ErasureOther] = Field(
        description="Who else is known now under an address of the customer, and is not erased: at most 100."
    )

    @classmethod
    def of(cls, row: Row[Any], others: Sequence[OtherCustomer]) -> "ErasureAnswer":
        """A stored erasure."""
        services = service_states(row)
        return cls(
            id=row.id,
            state="done" if all(state == "done" for state in services.values()) else "under_way",
            services=services,
            see=f"/v1/erasures/{row.id}",
            who=row.who,
            reason=row.reason,
            asked_for=row.asked_for,
            only_under_address=row.contact is not None,
            asked_at=row.asked_at,
            others=[
                ErasureOther(customer_id=other.customer_id, without_id=other.without_id) for other in others
            ],
        )


class ErasureList(BaseModel):
    """A page of erasures, newest first."""

    erasures: list[ErasureAnswer]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")


class ErasureChoice(BaseModel):
    """One of the customers whom a request may mean."""

    customer_id: str
    addresses: int = Field(description="Under how many addresses the customer came.")


def service_states(row: Row[Any]) -> dict[str, ServiceState]:
    """Which services have confirmed an erasure."""
    return {service: "done" if service in row.confirmed else "waiting" for service in CONFIRMING_SERVICES}
