"""``/v1/sources``: topics of the company's own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from services.trigger.context import OwnContext, TriggerContext
from services.trigger.sources.domain import Secrets, Source, SourceRefused
from services.trigger.sources.labels import NO_SOURCE, PROBLEM_LABELS
from services.trigger.sources.previewing import previewed
from services.trigger.sources.problems import SourceProblem
from services.trigger.sources.repository import faults as fault_rows
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.schemas import (
    DeadLetterList,
    DeadLetterOut,
    PreviewBody,
    PreviewedOut,
    PreviewOut,
    ReadAgainBody,
    SourceBody,
    SourceChange,
    SourceList,
    SourceOut,
)
from services.trigger.sources.sealing import opened
from services.trigger.sources.source_commands import (
    SourceKeyReused,
    change,
    declare,
    read_again,
    remove,
)
from shared.db.database import UnitOfWork
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.ids import derived, uuid7
from shared.permissions import ADMIN, EVERY_SCOPE
from shared.privacy.audit import AuditActor
from shared.sealed import SealBroken
from shared.values.messages import message

router = APIRouter(prefix="/v1/sources", tags=["sources"], route_class=CheckedRoute)
CompanyAdminCaller = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN, whole_company=True))]
SourceId = Annotated[UUID, Path(description="The source's id.")]


@router.get("", summary="Kafka sources")
async def list_sources(caller: CompanyAdminCaller, context: OwnContext) -> SourceList:
    """Each with what became of its records, how far behind it is, and what keeps it from being read."""
    async with context.database.reading() as uow:
        found = await source_rows.list_of(uow, caller.tenant)
    return SourceList(sources=[SourceOut.of(*each, secrets_of(context, each[0])) for each in found])


@router.post("", status_code=201, summary="Declare a Kafka source")
async def post_source(
    body: SourceBody,
    caller: CompanyAdminCaller,
    context: OwnContext,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again makes nothing again.")
    ] = None,
) -> SourceOut:
    """A topic of the company's own, on its own cluster or ours. It is paused unless `state` says otherwise:
    look at its newest records first. Passwords and keys are kept sealed, and never shown again.
    """
    source_id = derived("source", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            source = await declare(uow, context.secret, caller.tenant, source_id, body.wanted(), who=who)
            return await _out(uow, context, source)
    except SourceRefused as refused:
        raise refusal(refused) from None
    except SourceKeyReused:
        raise Problem(409, message("This Idempotency-Key was used for another source.")) from None


@router.get("/{source_id}", summary="A Kafka source")
async def get_source(source_id: SourceId, caller: CompanyAdminCaller, context: OwnContext) -> SourceOut:
    """Without its passwords and keys."""
    async with context.database.reading() as uow:
        return await _out(uow, context, await found_source(uow, caller.tenant, source_id))


@router.patch("/{source_id}", summary="Change, start or pause a Kafka source")
async def patch_source(
    source_id: SourceId, body: SourceChange, caller: CompanyAdminCaller, context: OwnContext
) -> SourceOut:
    """Once it answers, nothing is taken in any more as the source was before. A partition that stopped since
    too many records in a row did not fit goes on.
    """
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            source = await change(uow, context.secret, caller.tenant, source_id, body.wanted(), who=who)
            if source is None:
                raise Problem(404, detail=NO_SOURCE)
            return await _out(uow, context, source)
    except SourceRefused as refused:
        raise refusal(refused) from None


@router.delete("/{source_id}", status_code=204, summary="Delete a Kafka source")
async def delete_source(source_id: SourceId, caller: CompanyAdminCaller, context: OwnContext) -> Response:
    """Its passwords and positions are forgotten; events that were taken in stay."""
    async with context.database.transaction() as uow:
        if not await remove(uow, caller.tenant, source_id, who=AuditActor.of(caller)):
            raise Problem(404, detail=NO_SOURCE)
    return Response(status_code=204)


@router.post("/{source_id}/preview", summary="Look at the newest records of a Kafka source")
async def preview_source(
    source_id: SourceId, body: PreviewBody, caller: CompanyAdminCaller, context: OwnContext
) -> PreviewOut:
    """What would become of them by the source's mapping, or by the one that is sent. Nothing is taken in."""
    reading = body.reading.reading() if body.reading else None
    try:
        records = await previewed(context, caller.tenant, source_id, reading, who=AuditActor.of(caller))
    except SourceRefused as refused:
        raise refusal(refused) from None
    except SourceProblem as problem:
        why = PROBLEM_LABELS[problem.code]
        raise Problem(409, message("The records cannot be read now."), why) from None
    return PreviewOut(records=[PreviewedOut.of(each) for each in records])


@router.post("/{source_id}/read-again", summary="Read a Kafka source again")
async def read_source_again(
    source_id: SourceId, body: ReadAgainBody, caller: CompanyAdminCaller, context: OwnContext
) -> SourceOut:
    """From its oldest record, from its end, or from a time: after the mapping was mended, or where records
    were lost. Each event that was taken in before changes nothing.
    """
    try:
        async with context.database.transaction() as uow:
            source = await read_again(
                uow,
                caller.tenant,
                source_id,
                body.read_from,
                another_topic=body.another_topic,
                who=AuditActor.of(caller),
            )
            if source is None:
                raise Problem(404, detail=NO_SOURCE)
            return await _out(uow, context, source)
    except SourceRefused as refused:
        raise refusal(refused) from None


@router.get("/{source_id}/dead-letters", summary="Records of a Kafka source that did not fit")
async def list_dead_letters(
    source_id: SourceId,
    caller: CompanyAdminCaller,
    context: OwnContext,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> DeadLetterList:
    """Where each is and what would make it fit, the newest first; never what it holds."""
    async with context.database.reading() as uow:
        await found_source(uow, caller.tenant, source_id)
        found = await fault_rows.faults_of(uow, caller.tenant, source_id, after=after, limit=limit + 1)
    more = str(found[limit - 1].id) if len(found) > limit else None
    return DeadLetterList(dead_letters=[DeadLetterOut.of(each) for each in found[:limit]], next=more)


async def found_source(uow: UnitOfWork, tenant: str, source_id: UUID) -> Source:
    """A source of the company.

    :raises Problem: 404 where it has none of this id.
    """
    source = await source_rows.find(uow, tenant, source_id)
    if source is None:
        raise Problem(404, detail=NO_SOURCE)
    return source


def secrets_of(context: TriggerContext, source: Source) -> Secrets:
    """The secrets, to say which there are; none where they can no longer be read."""
    try:
        return opened(context.secret, source)
    except SealBroken:
        return Secrets()


def refusal(refused: SourceRefused) -> Problem:
    """The response to what is refused."""
    return Problem(422, errors=[{"field": refused.field, "detail": refused.remedy}])


async def _out(uow: UnitOfWork, context: TriggerContext, source: Source) -> SourceOut:
    ((_, status),) = await source_rows.list_of(uow, source.tenant, source.id)
    return SourceOut.of(source, status, secrets_of(context, source))
