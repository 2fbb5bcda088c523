"""The API for suppressions: who is never asked."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import Row

from services.dispatcher.callers import CompanyEditor, Limit, is_admin
from services.dispatcher.context import OwnContext
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.suppressions import repository
from services.dispatcher.suppressions.domain import (
    BAD_COUNTRY,
    NOT_SURE_NUMBER,
    SuppressionEntry,
    SuppressionReason,
)
from services.dispatcher.suppressions.schemas import (
    LiftAnswer,
    LiftList,
    SuppressionAnswer,
    SuppressionBody,
    SuppressionList,
)
from services.dispatcher.suppressions.suppression_commands import (
    entries_named,
    lift,
    number_in,
    suppress,
)
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor
from shared.privacy.erased import find_erased
from shared.privacy.persons import person_of
from shared.privacy.subjects import Subject
from shared.secrets import customer_hash
from shared.values.customer_ids import is_placeholder_id
from shared.values.messages import message
from shared.values.phone import MAX_PHONE_LENGTH
from shared.values.places import country_of

log = structlog.get_logger()

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
LIFT_REFUSALS = {
    "unsubscribed": (
        message("This customer has unsubscribed."),
        message(
            "Only the customer can take that back, by the link in any mail of yours, or an "
            "administrator who gives the reason as “?reason=…”, which is kept."
        ),
    ),
    "complained": (
        message("This customer has reported a mail of yours as spam."),
        message(
            "Only the customer can take that back, by the link in any mail of yours, or an "
            "administrator who gives the reason as “?reason=…”, which is kept."
        ),
    ),
    "erased": (
        message("A customer who came under this address was erased on request."),
        message(
            "Only an administrator can take that back, who gives the reason as “?reason=…”, which is kept."
        ),
    ),
}
"""Why an entry stays on the list, by its reason."""


@router.get("/suppressions", summary="Who is never asked")
async def list_suppressions(
    caller: CompanyEditor,
    context: OwnContext,
    after: Annotated[str, Query(description="`next` of the page before.")] = "",
    limit: Limit = 100,
    email: Annotated[str, Query(max_length=320, description="The entry of this address.")] = "",
    customer_id: Annotated[str, Query(max_length=200, description="The entry of this id.")] = "",
    phone: Annotated[
        str,
        Query(max_length=MAX_PHONE_LENGTH, description="The entry of this phone number, in any notation."),
    ] = "",
    country: Annotated[
        str, Query(max_length=100, description="Of a number without a country's code; empty: the company's.")
    ] = "",
    reason: Annotated[SuppressionReason | None, Query(description="Entries of this reason.")] = None,
) -> SuppressionList:
    """All entries, in the order of their ids. `email`, `phone` and `customer_id` find the entries of all of
    them; an address or a number is looked for by its keyed hash.
    """
    async with context.database.reading() as uow:
        if email or customer_id or phone:
            number = await number_in(uow, caller.tenant, phone, _country(country)) if phone else ""
            sought = entries_named(context.secret, caller.tenant, email, customer_id, number or "")
            rows = await repository.find_matching(uow, [(caller.tenant, *entry) for entry in sought])
            entries = [_answer(row) for row in rows if reason is None or row.reason == reason]
            return SuppressionList(suppressions=entries)
        kind, _, key = after.partition(":")
        found = await repository.list_page(uow, caller.tenant, (kind, key), limit + 1, reason)
    entries = [_answer(row) for row in found[:limit]]
    return SuppressionList(suppressions=entries, next=entries[-1].id if len(found) > limit else None)


@router.post("/suppressions", status_code=201, summary="Never ask an address, a phone number or a customer")
async def add_suppression(
    body: SuppressionBody, caller: CompanyEditor, context: OwnContext
) -> SuppressionList:
    """Answers the entries that stand for them. An address is kept as a keyed hash, and so is a phone number,
    which then gets no text, and whose customer is not asked by mail either. An id that stands for
    nobody, such as `guest`, is refused: it would silence everybody who comes under it. The id of a customer
    who was erased is not stored: they are never asked.
    """
    entries = []
    if body.email is not None:
        entries.append(SuppressionEntry("address", customer_hash(context.secret, caller.tenant, body.email)))
    async with context.database.transaction() as uow:
        if body.phone is not None:
            number = await number_in(uow, caller.tenant, body.phone, _country(body.country or ""))
            if number is None:
                raise Problem(422, errors=[FieldFault(field="/phone", detail=NOT_SURE_NUMBER)])
            entries.append(SuppressionEntry("address", customer_hash(context.secret, caller.tenant, number)))
        if body.customer_id is not None:
            placeholder_ids = (await find_sending(uow, caller.tenant)).placeholder_ids
            if is_placeholder_id(body.customer_id, placeholder_ids):
                remedy = message(
                    "This id stands for nobody: many customers may come under it. Give their addresses."
                )
                raise Problem(422, errors=[FieldFault(field="/customer_id", detail=remedy)])
            # Of a customer who was erased no id is stored; nobody asks them in any case. Erased under one
            # address alone, others still have the id.
            person = person_of(context.secret, caller.tenant, body.customer_id)
            if not await find_erased(uow, [Subject(caller.tenant, person, contact="")]):
                entries.append(SuppressionEntry("customer", body.customer_id))
        if not entries:
            return SuppressionList(suppressions=[])
        await suppress(uow, caller.tenant, entries, reason="listed", who=AuditActor.of(caller))
        found = await repository.find_matching(uow, [(caller.tenant, *entry) for entry in entries])
    return SuppressionList(suppressions=[_answer(row) for row in found])


@router.get("/suppressions/lifted", summary="Who was taken from the list, by whom and why")
async def list_lifted(
    caller: CompanyEditor,
    context: OwnContext,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 100,
) -> LiftList:
    async with context.database.reading() as uow:
        found = await repository.list_lifts(uow, caller.tenant, after, limit + 1)
    return LiftList(
        lifted=[
            LiftAnswer(
                suppression_id=_entry_id(row),
                kind=row.kind,
                was=row.was,
                at=row.at,
                who=row.who,
                reason=row.reason,
            )
            for row in found[:limit]
        ],
        next=found[limit - 1].id if len(found) > limit else None,
    )


@router.delete("/suppressions/{suppression_id:path}", status_code=204, summary="Take one from the list")
async def remove_suppression(
    suppression_id: Annotated[str, Path(description="The entry's id, as the list has it.")],
    caller: CompanyEditor,
    context: OwnContext,
    reason: Annotated[
        str | None,
        Query(max_length=500, description="Why. Needed where the customer had said no; it is kept."),
    ] = None,
) -> Response:
    """Who has unsubscribed or complained stays so: only they themselves take it back, by the link in any
    mail, or an administrator (a key with the scope `admin`) who gives a `reason`. The address of a customer
    who was erased is taken from the list by such an administrator alone. Others get 409.
    """
    kind, _, key = suppression_id.partition(":")
    why = (reason or "").strip() or None
    async with context.database.transaction() as uow:
        entry = await repository.lock(uow, caller.tenant, kind, key)
        if entry is None:
            raise Problem(404)
        if entry.reason in LIFT_REFUSALS and (why is None or not is_admin(caller)):
            raise Problem(409, *LIFT_REFUSALS[entry.reason])
        await lift(uow, caller.tenant, entry, who=AuditActor.of(caller), reason=why)
    log.info("suppression_lifted", tenant=caller.tenant, kind=kind, was=entry.reason, by="the company")
    return Response(status_code=204)


def _country(written: str) -> str | None:
    """The country's code; None: none was written."""
    if not written.strip():
        return None
    country = country_of(written)
    if country is None:
        raise Problem(422, errors=[FieldFault(field="/country", detail=BAD_COUNTRY)])
    return country


def _answer(row: Row[Any]) -> SuppressionAnswer:
    return SuppressionAnswer(id=_entry_id(row), kind=row.kind, reason=row.reason, created_at=row.created_at)


def _entry_id(row: Row[Any]) -> str:
    return f"{row.kind}:{row.key}"
