"""``POST /v1/events``: keys in memory, an idempotent producer, acknowledgement, 202; no transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from services.trigger.context import OwnContext, TriggerContext
from services.trigger.intake import (
    CONTENT_TYPES,
    EncodedEvent,
    UnsupportedContentType,
    read_event,
    split_events,
)
from services.trigger.openapi import EVENTS_BODY, EVENTS_RESPONSES
from services.trigger.schemas import BatchResult, EventFault, EventResult
from shared.api_keys import ApiKey
from shared.events import TRANSACTIONS, Event, Transaction
from shared.http.body_text import read_text
from shared.http.fast_route import FastRoute
from shared.http.json_items import MAX_ITEMS, NotJson, TooManyItems, id_of
from shared.http.key_auth import requires
from shared.http.problems import Problem
from shared.http.readers import VARY, reading, spoken_to
from shared.intake.accepting import accepted_event
from shared.intake.domain import AcceptedEvent
from shared.intake.errors import Unacceptable
from shared.intake.refusals import OTHER_CONTENT, not_json, too_many_events, unknown_form
from shared.kafka.kernel import Unavailable
from shared.values.messages import alternatives, message

router = APIRouter(route_class=FastRoute)


@router.post(
    "/v1/events",
    status_code=202,
    summary="Send purchases and contacts",
    openapi_extra=EVENTS_BODY,
    responses=EVENTS_RESPONSES,
    response_class=Response,
)
async def post_events(
    request: Request, key: Annotated[ApiKey, Depends(requires("events:write"))], context: OwnContext
) -> Response:
    """Accept one event or up to 1,000 of them, as JSON, NDJSON or CloudEvents 1.0.

    202 means that Kafka has acknowledged every event of the request. The same event (tenant, source and id)
    may be sent again at any time: it changes nothing. 207 means that some were refused; each has its result.
    """
    sent, is_batch = _split(await read_text(request), request)
    now = context.database.clock()
    results: list[EventResult] = []
    accepted: dict[tuple[str, str], Event[Transaction]] = {}
    for encoded in sent:
        try:
            new, warnings = _read(context, encoded, key, now)
        except Unacceptable as fault:
            errors = [EventFault(fault.field, spoken_to(request, fault.remedy))]
            results.append(EventResult(id_of(encoded.body), "refused", errors=errors))
        else:
            result = _accept(request, context, TRANSACTIONS.event(key.tenant, new, now), accepted)
            result.warnings = [
                EventFault(encoded.place(each.field), spoken_to(request, each.remedy)) for each in warnings
            ]
            results.append(result)
    if accepted:
        await _publish(context, list(accepted.values()))
    return _batch_response(request, results) if is_batch else _single_response(results[0])


def _split(body: bytes, request: Request) -> tuple[list[EncodedEvent], bool]:
    try:
        return split_events(body, request.headers)
    except NotJson:
        raise not_json() from None
    except TooManyItems:
        raise too_many_events(MAX_ITEMS) from None
    except UnsupportedContentType:
        raise unknown_form(alternatives(CONTENT_TYPES)) from None


def _read(context: TriggerContext, encoded: EncodedEvent, key: ApiKey, now: datetime) -> AcceptedEvent:
    """Read and check one event.

    :raises Unacceptable: naming the place in what was sent, and the remedy.
    """
    event, spoilt = read_event(encoded)
    try:
        return accepted_event(context.secret, key, event, now, spoilt)
    except Unacceptable as fault:
        raise Unacceptable(encoded.place(fault.field), fault.remedy) from None


def _accept(
    request: Request,
    context: TriggerContext,
    event: Event[Transaction],
    accepted: dict[tuple[str, str], Event[Transaction]],
) -> EventResult:
    """Add the event to the accepted ones, unless one of this identity with other content is among them."""
    new = event.data
    earlier = accepted.setdefault((new.source, new.id), event)
    if earlier.data.digest != new.digest:
        return EventResult(new.id, "refused", errors=[EventFault("/id", spoken_to(request, OTHER_CONTENT))])
    return EventResult(new.id, "accepted", see=f"{context.staff_url}/events/{event.subject}")


async def _publish(context: TriggerContext, events: Sequence[Event[Transaction]]) -> None:
    """Publish the events; return when Kafka has acknowledged all of them."""
    try:
        await context.publisher.publish(
            TRANSACTIONS.name,
            [(TRANSACTIONS.record_key(event), TRANSACTIONS.encode(event)) for event in events],
        )
    except Unavailable:
        raise Problem(
            503,
            message("These events are not accepted yet."),
            message(
                "Kafka has not acknowledged them. "
                "Send the same again after Retry-After: nothing counts twice."
            ),
            headers={"Retry-After": "5"},
        ) from None


def _single_response(result: EventResult) -> Response:
    if result.status == "refused":
        raise Problem(422, errors=[{"field": fault.field, "detail": fault.detail} for fault in result.errors])
    return Response(msgspec.json.encode(result), 202, media_type="application/json")


def _batch_response(request: Request, results: list[EventResult]) -> Response:
    refused = sum(result.status == "refused" for result in results)
    batch = BatchResult(len(results) - refused, refused, results)
    if not refused or batch.accepted:
        status = 207 if refused else 202
        return Response(msgspec.json.encode(batch), status, media_type="application/json")
    with reading(request) as reader:
        title = reader.spoken(message("None of these events can be accepted."))
        headers = {"Content-Language": reader.language, "Vary": VARY}
    problem = {"type": "about:blank", "title": title, "status": 422}
    return Response(
        msgspec.json.encode(problem | msgspec.structs.asdict(batch)),
        422,
        headers,
        media_type="application/problem+json",
    )
