"""The API for waves."""

from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.dispatcher.callers import CompanyEditor
from services.dispatcher.context import OwnContext
from services.dispatcher.surveys.api import IdempotencyKey
from services.dispatcher.waves import repository
from services.dispatcher.waves.drawing import Wave
from services.dispatcher.waves.schemas import WaveAnswer, WaveBody
from services.dispatcher.waves.wave_commands import (
    WaveKeyReused,
    WaveRefused,
    expect_last_mail,
    start_wave,
)
from shared.db import UnitOfWork
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

    On the first day of a survey, the 24 hours since it could first ask customers, at most
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
        return await _answer(uow, made)


@router.get("/{wave_id}", summary="One wave")
async def read_wave(wave_id: WaveId, caller: CompanyEditor, context: OwnContext) -> WaveAnswer:
    """How far it has come, what was decided about its customers, and when its last mail is to leave."""
    async with context.database.reading() as uow:
        wave = await repository.find(uow, caller.tenant, wave_id)
        if wave is None:
            raise Problem(404)
        return await _answer(uow, wave)


async def _answer(uow: UnitOfWork, wave: Wave) -> WaveAnswer:
    decided = await repository.count_outcomes(uow, wave.tenant, wave.id)
    return WaveAnswer.of(wave, decided, await expect_last_mail(uow, wave))
