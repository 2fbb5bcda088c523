"""Bodies and answers of the API about how a company sends, and customer ids that stand for nobody."""

from typing import Annotated, Self

from pydantic import BaseModel, Field

from services.dispatcher.sending.domain import MAX_TEST_ADDRESSES, Sending
from shared.events import SendingMode
from shared.http.request_body import StrictBody

PlaceholderId = Annotated[str, Field(min_length=1, max_length=200)]
MAX_PLACEHOLDER_IDS = 200


class PlaceholderIdsBody(StrictBody):
    """The company's own customer ids that stand for nobody."""

    ids: list[PlaceholderId] = Field(max_length=MAX_PLACEHOLDER_IDS, description="Replaces the list.")


class PlaceholderIdsAnswer(BaseModel):
    """Customer ids that stand for nobody."""

    ids: list[str] = Field(description="The company's own, folded: case and blanks around do not matter.")
    always: list[str] = Field(
        description="Those of every company, beside zeros, -1, punctuation alone and unfilled templates; "
        "blanks and punctuation between do not matter."
    )


SENDING_MODE = Field(description="`test`: mails and texts go to the test addresses alone.")
STOPPED_SENDING = Field(
    description="Whether nothing is sent, not to test addresses either; what waits is kept."
)
SEEN_VERSION = Field(
    default=None,
    max_length=40,
    description="The `version` that you have seen: 409 if it is another one by now. Left out: any.",
)


class SendingChange(StrictBody):
    """What of the sending is changed; what is left out stays."""

    mode: Annotated[SendingMode | None, SENDING_MODE] = None
    stopped: Annotated[bool | None, STOPPED_SENDING] = None
    version: str | None = SEEN_VERSION


class ListedAddressesBody(StrictBody):
    """All addresses and phone numbers that get what is sent in test mode."""

    addresses: list[Annotated[str, Field(min_length=1, max_length=320)]] = Field(
        max_length=MAX_TEST_ADDRESSES,
        description="Replaces the list.",
        examples=[["name@example.com", "+4520123456"]],
    )
    version: str | None = SEEN_VERSION


class SendingAnswer(BaseModel):
    """How a company sends."""

    mode: Annotated[SendingMode, SENDING_MODE]
    stopped: Annotated[bool, STOPPED_SENDING]
    test_addresses: list[str]
    version: Annotated[
        str, Field(description="Another one after each change; `0`: nobody has changed anything.")
    ]

    @classmethod
    def of(cls, sending: Sending, version: str) -> Self:
        """The sending as the API answers it."""
        return cls(
            mode=sending.mode,
            stopped=sending.stopped,
            test_addresses=sorted(sending.test_addresses),
            version=version,
        )
