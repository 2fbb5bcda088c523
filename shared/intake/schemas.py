"""An event as a client back-end sends it, whichever door takes it."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from shared.events.envelope import Instant, Name
from shared.events.segments import MAX_DIMENSIONS, MAX_LEVELS
from shared.events.surveys import MAX_DELAY_MINUTES

MAX_LABEL_LENGTH = 200
"""Characters of an id, a type, a source, a segment's value, or the text of a hint."""
CUSTOMER_HINTS = ("phone", "name", "locale", "time_zone", "country")
HINTS = frozenset({f"/customer/{name}" for name in CUSTOMER_HINTS} | {"/handled_by", "/account/manager"})

Hint = Annotated[Raw | UnsetType, Meta(extra_json_schema={"type": ["string", "null"]})]
"""A field that only helps: whatever JSON it holds, the event is accepted (see shared.intake.hints). It is
read by itself later: a number beyond all bounds, which is JSON, would make the whole event unreadable.
"""
Label = Annotated[str, Meta(max_length=MAX_LABEL_LENGTH)]
Segments = Annotated[
    dict[str, Any] | None,
    Meta(
        extra_json_schema={
            "additionalProperties": {"type": ["string", "null"], "maxLength": MAX_LABEL_LENGTH},
            "maxProperties": MAX_DIMENSIONS,
        }
    ),
]
Organisation = Annotated[
    list[Any] | None,
    Meta(
        extra_json_schema={
            "items": {"type": "string", "minLength": 1, "maxLength": MAX_LABEL_LENGTH},
            "maxItems": MAX_LEVELS,
        }
    ),
]


DelayMinutes = Annotated[
    int | UnsetType | None,
    Meta(
        description="How long after the event its customer is asked, in place of the survey's delay: "
        "0 is at once. It is judged with the survey's maximum age.",
        extra_json_schema={"minimum": 0, "maximum": MAX_DELAY_MINUTES},
    ),
]
"""The bounds are checked in ``shared.intake.domain``."""


class EventBasis(Struct, forbid_unknown_fields=True):
    """Why this customer may be written to."""

    kind: Name
    at: Instant | None = None
    source: Annotated[str, Meta(max_length=1_000)] | None = None
    wording: Annotated[str, Meta(max_length=1_000)] | UnsetType | None = UNSET


class EventCustomer(Struct, forbid_unknown_fields=True):
    """Whom it happened to: an id of your own, an address or a phone number at the least."""

    id: Label | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    phone: Hint = UNSET
    name: Hint = UNSET
    locale: Hint = UNSET
    time_zone: Hint = UNSET
    country: Hint = UNSET
    basis: EventBasis | None = None


class EventAccount(Struct, forbid_unknown_fields=True):
    """The company behind the customer."""

    id: Name
    manager: Hint = UNSET


class EventContent(Struct, forbid_unknown_fields=True, kw_only=True):
    """An event without its identity: what CloudEvents carries as ``data``."""

    customer: EventCustomer
    account: EventAccount | None = None
    handled_by: Hint = UNSET
    segments: Segments = None
    organisation: Organisation = None
    attributes: Raw | UnsetType = UNSET
    delay_minutes: DelayMinutes = UNSET


class EventIn(EventContent, forbid_unknown_fields=True, kw_only=True):
    """A purchase or a contact, as a client back-end sends it."""

    id: Name
    type: Name
    occurred_at: Instant
    source: Label | None = None
