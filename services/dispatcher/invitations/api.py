"""``POST /v1/invitations``: a personal link for a company's own channel, or why nobody is asked."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from msgspec import UNSET
from msgspec.structs import replace

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.invitations.links import (
    DecidedLink,
    SendingStopped,
    decide_links,
    find_link_surveys,
)
from services.dispatcher.invitations.openapi import LINKS_BODY, LINKS_RESPONSES
from services.dispatcher.invitations.schemas import (
    MAX_LINKS,
    LinkEvent,
    LinkFault,
    LinkResult,
    LinkResults,
    LinkSurvey,
)
from services.dispatcher.story.labels import DROP_REASONS, REASONS
from shared.api_keys import ApiKey
from shared.events import TRANSACTIONS, Event, Transaction
from shared.events.transactions import LINK
from shared.http.body_text import read_text
from shared.http.fast_route import FastRoute
from shared.http.json_items import BadItem, NotJson, TooManyItems, id_of, read_item, split_array
from shared.http.key_auth import requires
from shared.http.media_types import is_json, media_type
from shared.http.problems import Problem
from shared.http.readers import spoken_to
from shared.intake.accepting import accepted_event
from shared.intake.errors import Unacceptable
from shared.intake.refusals import OTHER_CONTENT, not_json, too_many_events, unknown_form
from shared.intake.schemas import HINTS
from shared.telemetry.metrics import LINKS
from shared.values.messages import Message, message

router = APIRouter(route_class=FastRoute)
BY_MAIL = "by_mail"
"""Why there is no link for an event that came before by ``POST /v1/events`` and is asked about by mail."""
LINK_REASONS: dict[str, Message] = {
    **REASONS,
    "test_mode": DROP_REASONS["test_mode"],
    "expired": message("The link has ended."),
    BY_MAIL: message("This event came before without a wish for a link: its customer is asked by mail."),
}


class _Read(NamedTuple):
    """An event of the request: what it becomes, or its result where it is refused."""

    event: Event[Transaction] | None
    result: LinkResult


@router.post(
    "/v1/invitations",
    summary="Get personal links for a channel of your own",
    openapi_extra=LINKS_BODY,
    responses=LINKS_RESPONSES,
    response_class=Response,
)
async def post_invitations(
    request: Request, key: Annotated[ApiKey, Depends(requires("events:write"))], context: OwnContext
) -> Response:
    """Decide about one event or up to 100 of them at once, by all rules, and get a personal link for each
    customer who is asked: to be shown in the company's own app, chat or receipt. No mail is sent for it.

    An event is decided once: sent again it gets the same link. Whoever gets a link counts as asked.
    """
    sent, is_batch = _split(await read_text(request), request)
    reads = [_read(request, context, key, body) for body in sent]
    if any(read.event is not None for read in reads):
        try:
            async with context.database.transaction() as uow:
                surveys = await find_link_surveys(uow, key.tenant)
                reads = _without_contradictions(request, reads, surveys)
                events = {read.event.data.event_id: read.event for read in reads if read.event is not None}
                decided: dict[UUID, DecidedLink] = {}
                if events:
                    policy = current_contact_policy()
                    decided = await decide_links(context, policy, uow, list(events.values()))
                now = uow.now
        except SendingStopped:
            raise Problem(
                409,
                message("The company has stopped all sending, or is paused."),
                message("Nothing was decided. Ask again when it sends."),
            ) from None
        for event, result in reads:
            if event is not None:
                _describe(request, context, result, decided[event.data.event_id], event, now=now)
    results = [read.result for read in reads]
    for result in results:
        LINKS.labels(result.status).inc()
    return _batch_response(results) if is_batch else _single_response(results[0])


def _split(body: bytes, request: Request) -> tuple[list[bytes], bool]:
    kind, _ = media_type(request.headers.get("content-type", ""))
    if kind and not is_json(kind):
        raise unknown_form("application/json")
    if body.lstrip()[:1] != b"[":
        return [body], False
    try:
        items = split_array(body)
    except NotJson:
        raise not_json() from None
    except TooManyItems:
        items = []
    if (not items and body.strip() != b"[]") or len(items) > MAX_LINKS:
        raise too_many_events(MAX_LINKS)
    return items, True


def _read(request: Request, context: DispatcherContext, key: ApiKey, body: bytes) -> _Read:
    """Read and check one event, in the form in which its digest is that of the same event elsewhere."""
    now = context.database.clock()
    try:
        sent, spoilt = read_item(_decoder, body, helps=HINTS)
        survey_id = None if sent.survey_id is UNSET else sent.survey_id
        event = replace(sent, channel=UNSET, survey_id=UNSET)
        accepted = accepted_event(context.secret, key, event, now, spoilt)
    except BadItem as bad:
        return _refused(request, id_of(body), bad.faults[0]["field"], bad.faults[0]["detail"])
    except Unacceptable as fault:
        return _refused(request, id_of(body), fault.field, fault.remedy)
    transaction = replace(accepted.transaction, survey_id=survey_id, channel=LINK, requested_by=key.name)
    warnings = [LinkFault(each.field, spoken_to(request, each.remedy)) for each in accepted.warnings]
    result = LinkResult(transaction.id, "not_asked", warnings=warnings)
    return _Read(TRANSACTIONS.event(key.tenant, transaction, now), result)


def _refused(request: Request, event_id: str | None, field: str, remedy: Message | str) -> _Read:
    return _Read(None, LinkResult(event_id, "refused", errors=[LinkFault(field, spoken_to(request, remedy))]))


def _without_contradictions(request: Request, reads: Sequence[_Read], surveys: set[UUID]) -> list[_Read]:
    """The same; refused are events of one identity that differ, and a survey that asks by no link."""
    firsts: dict[UUID, Transaction] = {}
    checked: list[_Read] = []
    for read in reads:
        if read.event is None:
            checked.append(read)
            continue
        new = read.event.data
        first = firsts.setdefault(new.event_id, new)
        if (first.digest, first.survey_id) != (new.digest, new.survey_id):
            checked.append(_refused(request, new.id, "/id", OTHER_CONTENT))
        elif new.survey_id is not None and new.survey_id not in surveys:
            unknown = message("There is no such survey, or it does not ask by links. Let it, and start it.")
            checked.append(_refused(request, new.id, "/survey_id", unknown))
        else:
            checked.append(read)
    return checked


def _describe(
    request: Request,
    context: DispatcherContext,
    result: LinkResult,
    decided: DecidedLink,
    event: Event[Transaction],
    *,
    now: datetime,
) -> None:
    """Write into the result what was decided."""
    result.differs = decided.differs
    result.see = f"{context.staff_url}/events/{event.subject}"
    invitation = decided.invitation
    reason = _why_no_link(decided, now)
    if invitation is None or reason is not None:
        result.reason = reason or decided.reason
        result.detail = spoken_to(request, LINK_REASONS[result.reason])
        return
    result.status = "asked"
    result.link = context.mail_renderer.answer_url(invitation)
    result.expires_at = invitation.expires_at
    result.language = invitation.language
    result.survey = LinkSurvey(invitation.survey_id, invitation.survey_name, invitation.survey_version)
    result.test = invitation.test


def _why_no_link(decided: DecidedLink, now: datetime) -> str | None:
    """Why a customer who was to be asked gets no link; None: they get it."""
    invitation = decided.invitation
    if invitation is None:
        return None
    if invitation.channel != LINK:
        return BY_MAIL
    if invitation.erased:
        return "erased"
    if invitation.state == "withheld":
        return "test_mode"
    if decided.refused_since is not None:
        return decided.refused_since
    return "expired" if invitation.expires_at <= now else None


def _single_response(result: LinkResult) -> Response:
    if result.status == "refused":
        raise Problem(422, errors=[{"field": fault.field, "detail": fault.detail} for fault in result.errors])
    return _json(result, 200)


def _batch_response(results: list[LinkResult]) -> Response:
    counts = Counter(result.status for result in results)
    batch = LinkResults(counts["asked"], counts["not_asked"], counts["refused"], results)
    return _json(batch, 207 if batch.refused else 200)


def _json(result: LinkResult | LinkResults, status: int) -> Response:
    # The link is the customer's alone, so no cache keeps it.
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(result), status, headers, media_type="application/json")


_decoder = msgspec.json.Decoder(LinkEvent)
