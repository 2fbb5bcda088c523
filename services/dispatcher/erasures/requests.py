"""What an erasure is asked by, and why it is refused."""

from collections.abc import Sequence
from typing import NamedTuple

from services.dispatcher.erasures.domain import NamedCustomer, NameField
from shared.values.messages import Message, message
from shared.values.text import normalized_text

NO_NAME_GIVEN = message("Give customer_id, email or phone.")
NAMED_IN_REASON = message(
    "The reason is kept when the customer is erased. Write it without their id, address, number or name."
)


class ErasureRequest(NamedTuple):
    """What was asked for."""

    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    reason: str | None = None

    @property
    def given(self) -> list[NameField]:
        """The fields that name the customer."""
        fields: tuple[NameField, ...] = ("customer_id", "email", "phone")
        return [name for name in fields if getattr(self, name)]

    def trimmed(self) -> "ErasureRequest":
        """The request in the form in which it is compared; a blank text is none.

        The id stays as it was given: two customers may have ids that differ in white space alone.
        """
        texts = [normalized_text(value) or None if value else None for value in self]
        return ErasureRequest(self.customer_id if texts[0] else None, *texts[1:])


class ErasureRefused(Exception):
    """Nothing was erased. The texts name no value that was sent."""

    def __init__(
        self,
        status: int,
        title: Message | None,
        remedy: Message,
        *,
        field: str = "",
        customers: Sequence[NamedCustomer] = (),
        retry_s: int = 0,
    ) -> None:
        super().__init__(status)
        self.retry_s = retry_s
        self.status = status
        self.title = title
        self.remedy = remedy
        self.field = field
        self.customers = customers
