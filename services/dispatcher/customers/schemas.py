"""What ``POST /v1/customers`` answers."""

from typing import Literal

from pydantic import BaseModel, Field


class CustomerFault(BaseModel):
    """One thing that is wrong with a customer."""

    field: str = Field(description="A JSON pointer into the customer.")
    detail: str = Field(description="What to write instead.")


class CustomerResult(BaseModel):
    """What became of one customer."""

    id: str | None = Field(description="As it was sent; null when it could not be read.")
    status: Literal["accepted", "refused"]
    errors: list[CustomerFault] = Field(description="Of an accepted one: what was left out.")


class CustomersResult(BaseModel):
    """What became of the customers: one result for each, in the order sent."""

    accepted: int = Field(description="How many of the results are `accepted`.")
    refused: int
    customers: int = Field(description="How many customers were accepted, each once.")
    repeated: int = Field(description="How many of the accepted ones say again what one before them says.")
    results: list[CustomerResult]
