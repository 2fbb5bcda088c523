"""What ``POST /v1/invitations`` takes, and the result of each event that it answers with."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.intake.schemas import EventIn

MAX_LINKS = 100
"""Events of one request: each is decided while its client waits."""


class LinkEvent(EventIn, forbid_unknown_fields=True, kw_only=True):
    """A purchase or a contact, as ``POST /v1/events`` takes it, for which a link is wanted."""

    channel: Annotated[
        Literal["link"] | UnsetType, Meta(description="`link`, also where it is left out: no mail is sent.")
    ] = UNSET
    survey_id: Annotated[
        UUID | UnsetType,
        Meta(description="The one survey that may ask, whatever its `trigger`; else the first that may."),
    ] = UNSET


class LinkFault(Struct):
    """A field of an event that is refused, or was left out, and what to do about it."""

    field: str
    detail: str


class LinkSurvey(Struct):
    """The survey that asks."""

    id: UUID
    name: str
    version: Annotated[int, Meta(description="Of its words.")]


class LinkResult(Struct, omit_defaults=True):
    """What was decided about one event."""

    id: str | None
    status: Annotated[
        Literal["asked", "not_asked", "refused"],
        Meta(description="`asked`: show the link. `refused`: the event is faulty, and nothing was decided."),
    ]
    link: Annotated[str | UnsetType, Meta(description="Of this customer alone: show it to nobody else.")] = (
        UNSET
    )
    expires_at: datetime | UnsetType = UNSET
    language: Annotated[str | UnsetType, Meta(description="In which the customer is asked.")] = UNSET
    survey: LinkSurvey | UnsetType = UNSET
    test: Annotated[bool, Meta(description="Whether it is for a test address: its answer never counts.")] = (
        False
    )
    reason: Annotated[
        str | UnsetType, Meta(description="Why the customer is not asked, as `GET /v1/decisions` has it.")
    ] = UNSET
    detail: Annotated[str | UnsetType, Meta(description="The same in words.")] = UNSET
    differs: Annotated[
        bool,
        Meta(description="Whether this event came before with other content: what was decided then stands."),
    ] = False
    see: Annotated[str | UnsetType, Meta(description="The page that tells what became of it.")] = UNSET
    errors: list[LinkFault] = []
    warnings: Annotated[
        list[LinkFault], Meta(description="What only helps and was not understood: it was left out.")
    ] = []


class LinkResults(Struct):
    """The results of the events of a batch, in the order sent."""

    asked: int
    not_asked: int
    refused: int
    results: list[LinkResult]
