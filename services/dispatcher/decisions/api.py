"""The API for decisions: what became of events."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from pydantic import AfterValidator, WithJsonSchema
from sqlalchemy import Row

from services.dispatcher.callers import DecisionReader, Limit
from services.dispatcher.context import OwnContext
from services.dispatcher.decisions.event_names import shown_event_id
from services.dispatcher.decisions.explanation import decode_explanation
from services.dispatcher.decisions.reasons import CHANNELS, HOLD_RULES, MAIL_STATES, SEARCHED_REASONS
from services.dispatcher.decisions.repository import decisions as rows
from services.dispatcher.decisions.repository import search
from services.dispatcher.decisions.repository.search import DecisionFilter
from services.dispatcher.decisions.schemas import (
    ConsideredAnswer,
    DecisionAnswer,
    DecisionList,
    InvitationAnswer,
    MailChangeAnswer,
)
from services.dispatcher.invitations.changes import MailChange, list_changes_of
from services.dispatcher.invitations.states import ENDED_BY_US
from shared.db import UnitOfWork
from shared.http.auth import Caller
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.instants import Instant
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import REMEDIES, FieldFault
from shared.secrets import customer_hash
from shared.values.messages import alternatives, message
from shared.values.phone import MAX_PHONE_LENGTH, e164_number

router = APIRouter(prefix="/v1", route_class=CheckedRoute)


def one_of(values: Sequence[str]) -> tuple[AfterValidator, WithJsonSchema]:
    """What a parameter needs that has one of these values."""

    def known(value: str) -> str:
        if value not in values:
            raise ValueError(message("Must be one of %(expected)s.", expected=alternatives(values)))
        return value

    return AfterValidator(known), WithJsonSchema({"type": "string", "enum": list(values)})


def an_address(text: str) -> str:
    """The same text.

    :raises ValueError: when it can be no address.
    """
    if "@" not in text.strip()[1:-1]:
        raise ValueError(message("Must be an address such as name@example.com."))
    return text


def a_number(text: str) -> str:
    """The number in its one form; the plus of an address that was not encoded is a blank.

    :raises ValueError: when it is none.
    """
    plain = text.strip()
    number = e164_number(plain if plain.startswith("+") else f"+{plain}", None)
    if number is None:
        raise ValueError(message("Is no phone number that we know. Write it like +45 12 34 56 78."))
    return number


OneReason = Annotated[str, *one_of(SEARCHED_REASONS)]
OneState = Annotated[str, *one_of(MAIL_STATES)]
OneHold = Annotated[str, *one_of(HOLD_RULES)]
OneChannel = Annotated[str, *one_of(CHANNELS)]
OF_ONE_EVENT = {"source_id", "clients_only", "source", "allowed"}
"""The filters by which one event is named."""
Address = Annotated[str, AfterValidator(an_address)]
Number = Annotated[str, AfterValidator(a_number)]


@router.get("/decisions", summary="What became of events")
async def read_decisions(
    caller: DecisionReader,
    context: OwnContext,
    event_id: Annotated[
        str | None, Query(min_length=1, max_length=200, description="The back-end's own id of the event.")
    ] = None,
    source: Annotated[
        str | None, Query(max_length=200, description="Only of this source; of all, when it is left out.")
    ] = None,
    customer_id: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="The customer's id, as the back-end sent it."),
    ] = None,
    email: Annotated[
        Address | None,
        Query(max_length=320, description="The customer's address, in any spelling; it is not kept."),
    ] = None,
    phone: Annotated[
        Number | None,
        Query(
            max_length=MAX_PHONE_LENGTH,
            description="The customer's phone number with its country code, in any spelling; it is not kept.",
        ),
    ] = None,
    reason: Annotated[
        OneReason | None,
        Query(description="Why the decision fell so, or why its mail was dropped when it was due."),
    ] = None,
    survey_id: Annotated[
        UUID | None,
        Query(
            description="The survey that asks about the event, or that matched it and did not ask; with "
            "`reason`, for that reason. With `channel`, `state` or `postponed_by` the one that asks. Of "
            "decisions that were made before this was kept, the one that asks."
        ),
    ] = None,
    channel: Annotated[OneChannel | None, Query(description="By which the customer is asked.")] = None,
    state: Annotated[OneState | None, Query(description="What became of the mail that asks.")] = None,
    postponed_by: Annotated[
        OneHold | None, Query(description="The rule for which the mail that asks waits longer.")
    ] = None,
    since: Annotated[Instant | None, Query(description="Only decisions of this time or later.")] = None,
    until: Annotated[Instant | None, Query(description="Only decisions before this time.")] = None,
    after: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH, description="`next` of the page before.")] = "",
    limit: Limit = 100,
) -> DecisionList:
    """Every filter narrows the list, which begins with the newest decision. By `event_id` alone, or with its
    `source`, there is one decision for each source that has used this id, in the order of their own ids.
    Of an event of a wave or a programme, analysts are told the wave or the period as `event_id`, and do not
    find it by its whole id.
    """
    sees_names = caller.staff is None or caller.staff.sees_names
    if not sees_names and not (customer_id is None and email is None and phone is None):
        raise Problem(
            403,
            message("Your role does not see who a customer is."),
            message("Leave customer_id, email and phone out, or ask somebody whose role sees names."),
        )
    wanted = DecisionFilter(
        source_id=event_id,
        clients_only=True if event_id is not None and not sees_names else None,
        source=source,
        customer_id=customer_id,
        contact=customer_hash(context.secret, caller.tenant, email) if email is not None else None,
        number=customer_hash(context.secret, caller.tenant, phone) if phone is not None else None,
        reason=reason,
        survey_id=survey_id,
        channel=channel,
        state=state,
        postponed_by=postponed_by,
        since=since,
        until=until,
        allowed=caller.staff.segments if caller.staff is not None else (),
    )
    async with context.database.reading() as uow:
        read = _of_one_event if _names_one_event(wanted) else _newest
        found, more = await read(uow, caller, wanted, after, limit)
        asked = [row.invitation_id for row in found if row.invitation_id is not None]
        changes = await list_changes_of(uow, caller.tenant, asked)
    decisions = [
        _answer(
            row,
            changes.get(row.invitation_id, ()),
            context.staff_url,
            sees_names=sees_names,
            sees_all=not wanted.allowed,
            sees_cases=not wanted.allowed and (caller.staff is None or caller.staff.works_on_cases),
        )
        for row in found
    ]
    return DecisionList(decisions=decisions, next=more)


def _names_one_event(wanted: DecisionFilter) -> bool:
    return wanted.source_id is not None and wanted.given().keys() <= OF_ONE_EVENT


async def _of_one_event(
    uow: UnitOfWork, caller: Caller, wanted: DecisionFilter, after: str, limit: int
) -> tuple[Sequence[Row[Any]], str | None]:
    """As before there was a search: in the order of the ids, the last of which is ``next``."""
    try:
        last = UUID(after) if after else None
    except ValueError:
        fault = FieldFault(field="query/after", detail=REMEDIES["uuid_parsing"])
        raise Problem(422, errors=[fault]) from None
    found = await rows.list_by_source_id(
        uow,
        caller.tenant,
        wanted.source_id or "",
        source=wanted.source,
        clients_only=wanted.clients_only is True,
        allowed=wanted.allowed,
        after=last,
        limit=limit + 1,
    )
    return found[:limit], str(found[limit - 1].event_id) if len(found) > limit else None


async def _newest(
    uow: UnitOfWork, caller: Caller, wanted: DecisionFilter, after: str, limit: int
) -> tuple[Sequence[Row[Any]], str | None]:
    before = decode_cursor(after)
    found = await search.search(uow, caller.tenant, wanted, before=before, limit=limit + 1)
    return cut_page(found, limit, lambda row: (row.decided_at, row.event_id))


def _answer(
    row: Row[Any],
    changes: Sequence[MailChange],
    staff_url: str,
    *,
    sees_names: bool,
    sees_all: bool,
    sees_cases: bool,
) -> DecisionAnswer:
    sees = {"sees_cases": sees_cases, "sees_all": sees_all}
    values = msgspec.to_builtins(decode_explanation(row.grounds))
    considered, rehearsed = values.pop("considered", ()), values.pop("rehearsed", ())
    return DecisionAnswer(
        id=row.event_id,
        event_id=shown_event_id(row.source, row.source_id, sees_names=sees_names),
        source=row.source,
        customer_id=row.customer_id or None if sees_names else None,
        decided_at=row.decided_at,
        reason=row.reason,
        survey_id=row.survey_id,
        considered=[ConsideredAnswer(**as_seen(each, **sees)) for each in considered],
        rehearsed=[ConsideredAnswer(**as_seen(each, **sees)) for each in rehearsed],
        values=values,
        invitation=_invitation(row, changes, **sees) if row.invitation_id else None,
        differs_at=row.difference_at,
        relational_event_id=row.relational_event_id if sees_all else None,
        outranking_event_id=row.outranking_event_id if sees_all else None,
        see=f"{staff_url}/events/{row.event_id}",
    )


def as_seen(values: dict[str, Any], *, sees_cases: bool, sees_all: bool) -> dict[str, Any]:
    """The values by which a survey or a mail was judged, as far as the caller may see them.

    :param sees_all: whether the caller sees the events of all segments, and so may know another one's id.
    """
    hidden = {"open_case": sees_cases, "relational_event_id": sees_all}
    return {name: value for name, value in values.items() if hidden.get(name, True)}


def _invitation(
    row: Row[Any], changes: Sequence[MailChange], *, sees_cases: bool, sees_all: bool
) -> InvitationAnswer:
    """The invitation; its reasons by our own rules alone: a mail server's words may name the customer."""
    waits = row.state == "waiting"
    return InvitationAnswer(
        id=row.invitation_id,
        state=row.state,
        reason=row.mail_reason if row.state in ENDED_BY_US else None,
        due_at=row.next_at if waits else None,
        postponed_by=row.mail_reason if waits and row.mail_reason in HOLD_RULES else None,
        changes=[_change(change, sees_cases=sees_cases, sees_all=sees_all) for change in changes],
    )


def _change(change: MailChange, *, sees_cases: bool, sees_all: bool) -> MailChangeAnswer:
    sees = {"sees_cases": sees_cases, "sees_all": sees_all}
    values = as_seen(msgspec.to_builtins(change.values), **sees)
    considered = values.pop("considered", None)
    return MailChangeAnswer(
        mail=change.n,
        at=change.at,
        what=change.what,
        reason=change.reason,
        until=change.until,
        considered=ConsideredAnswer(**as_seen(considered, **sees)) if considered is not None else None,
        **values,
    )
