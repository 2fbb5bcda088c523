"""The result of each event that ``POST /v1/events`` answers with."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType


class EventFault(Struct):
    """A field of an event that is refused, or was left out, and what to do about it."""

    field: str
    detail: str


class EventResult(Struct, omit_defaults=True):
    """The result of one event of a request."""

    id: str | None
    status: Literal["accepted", "refused"]
    see: Annotated[str, Meta(description="The page that tells what became of it.")] | UnsetType = UNSET
    errors: list[EventFault] = []
    warnings: Annotated[
        list[EventFault],
        Meta(
            description="What only helps (a phone, a locale, …) and was not understood: "
            "the event is accepted without it."
        ),
    ] = []


class BatchResult(Struct):
    """The results of the events of a batch, in the order sent."""

    accepted: int
    refused: int
    results: list[EventResult]
