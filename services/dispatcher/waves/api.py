"""The API for waves."""

from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.dispatcher.callers import CompanyEditor, Limit
from services.dispatcher.context import OwnContext
from services.dispatcher.surveys.api import IdempotencyKey
from services.dispatcher.waves import repository
from services.dispatcher.waves.schemas import WaveAnswer, WaveBody, WaveList, WaveSummary
from services.dispatcher.waves.wave_commands import (
    WaveKeyReused,
    WaveRefused,
    expect_last_mail,
    start_wave,
    stop_wave,
)
from shared.db import UnitOfWork
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.ids import derived, uuid7
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/waves", route_class=CheckedRoute)
WaveId = Annotated[UUID, Path(description="The wave's id.")]


@router.post("", status_code=201, summary="Ask a random group of the known customers")
async def make_wave(
    body: WaveBody, caller: CompanyEditor, context: OwnContext, idempotency_key: IdempotencyKey = None
) -> WaveAnswer:
    """By a relational survey that is live. It begins by itself, and each customer is decided about like any
    event: who was asked not long ago, say, is not asked. The same request with the same `Idempotency-Key`
    again answers the wave that it made before.

    On the first day of a survey, the 24 hours since its first mail left, at most
    `first_day_per_hour` of its mails leave in an hour (50 unless the survey says otherwise; 0: no limit). The
    others wait, at the longest until the day ends, whatever `spread_hours` says; `last_mail_at` counts this.
    """
    wave_id = derived("wave", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    fingerprint = sha256(body.model_dump_json(exclude_unset=True).encode()).hexdigest()
    async with context.database.transaction() as uow:
        try:
            made = await start_wave(
                uow, caller.tenant, wave_id, body.request(), fingerprint, who=AuditActor.of(caller)
            )
        except WaveRefused as refused:
            raise Problem(
                422, errors=[FieldFault(field=f"/{refused.field}", detail=refused.remedy)]
            ) from None
        except WaveKeyReused:
            raise Problem(
                422,
                message("This Idempotency-Key was used for another wave."),
                message(
                    "Nothing was made. Give each wave its own key; repeat one only with the same request."
                ),
            ) from None
        return await _answer(uow, caller.tenant, made.id)


@router.get("", summary="All waves")
async def list_waves(
    caller: CompanyEditor,
    context: OwnContext,
    after: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH, description="`next` of the page before.")] = "",
    limit: Limit = 100,
) -> WaveList:
    """The newest first."""
    before = decode_cursor(after)
    async with context.database.reading() as uow:
        found = await repository.list_newest(uow, caller.tenant, limit + 1, before)
        waves, more = cut_page(found, limit, lambda wave: (wave.created_at, wave.id))
        decided = await repository.count_outcomes_of_waves(uow, caller.tenant, [each.id for each in waves])
    return WaveList(waves=[WaveSummary.of(each, decided[each.id]) for each in waves], next=more)


@router.post("/{wave_id}/stop", summary="Ask nobody any more by a wave")
async def end_wave(wave_id: WaveId, caller: CompanyEditor, context: OwnContext) -> WaveAnswer:
    """It takes back nothing: who has been invited gets the mail. One that has ended stays as it is."""
    async with context.database.transaction() as uow:
        await stop_wave(uow, caller.tenant, wave_id, who=AuditActor.of(caller))
        return await _answer(uow, caller.tenant, wave_id)


@router.get("/{wave_id}", summary="One wave")
async def read_wave(wave_id: WaveId, caller: CompanyEditor, context: OwnContext) -> WaveAnswer:
    """How far it has come, what was decided about its customers, and when its last mail is to leave."""
    async with context.database.reading() as uow:
        return await _answer(uow, caller.tenant, wave_id)


async def _answer(uow: UnitOfWork, tenant: str, wave_id: UUID) -> WaveAnswer:
    """A wave as it is.

    :raises Problem: 404 when there is none.
    """
    wave = await repository.find(uow, tenant, wave_id)
    if wave is None:
        raise Problem(404)
    decided = await repository.count_outcomes(uow, tenant, wave_id)
    return WaveAnswer.of(wave, decided, last_mail_at=await expect_last_mail(uow, wave))
