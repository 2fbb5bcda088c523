"""Bodies and answers of the API about suppressions."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.dispatcher.suppressions.domain import SuppressionKind, SuppressionReason
from shared.http.request_body import StrictBody
from shared.values.messages import message
from shared.values.phone import MAX_PHONE_LENGTH


class SuppressionBody(StrictBody):
    """Who is never to be asked: a mail address, a phone number, a customer, or several of them."""

    email: str | None = Field(default=None, min_length=3, max_length=320)
    phone: str | None = Field(
        default=None,
        min_length=3,
        max_length=MAX_PHONE_LENGTH,
        description="In any notation; without a country's code it must be a number of the `country`.",
    )
    country: str | None = Field(
        default=None,
        max_length=100,
        description="Of a number without a country's code, written like DK; null: the company's.",
    )
    customer_id: str | None = Field(default=None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _names_a_person(self) -> Self:
        if self.email is None and self.phone is None and self.customer_id is None:
            raise ValueError(message("Give email, phone or customer_id, or several of them."))
        return self


class SuppressionAnswer(BaseModel):
    """One entry. An address or a phone number is kept as its keyed hash only."""

    id: str
    kind: SuppressionKind = Field(description="`address`: of a mail address or a phone number.")
    reason: SuppressionReason = Field(
        description="`complained`: the customer reported a mail as spam; `bounced`: mails come back from the "
        "address; `erased`: a customer who came under the address was erased on request."
    )
    created_at: datetime


class SuppressionList(BaseModel):
    """A page of entries."""

    suppressions: list[SuppressionAnswer]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")


class ImportFault(BaseModel):
    """What is wrong with a row of a table."""

    row: int = Field(description="Its number; the row of names is 1.")
    column: str | None = Field(description="null: it is in the whole row.")
    detail: str


class ImportAnswer(BaseModel):
    """What came of a table."""

    taken: int = Field(description="Rows that are kept, or were already.")
    added: int = Field(description="Entries that were not on the list; a row may make two.")
    refused: int
    faults: list[ImportFault] = Field(
        description="Of refused rows, and of cells that were left out of others; the first 1,000."
    )


class LiftAnswer(BaseModel):
    """An entry that was taken from the list."""

    suppression_id: str = Field(description="The id that the entry had.")
    kind: SuppressionKind
    was: SuppressionReason
    at: datetime
    who: str
    reason: str | None = Field(description="Why, in the words of who did it.")


class LiftList(BaseModel):
    """A page of entries that were taken from the list, newest first."""

    lifted: list[LiftAnswer]
    next: UUID | None = Field(default=None, description="Give it as `after` to get the next page.")
