"""``/v1/answers/{id}/judgement``: whose a suspect answer is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path

from services.collector.context import OwnContext
from services.collector.judgement_commands import judge_answer
from services.collector.schemas import JudgedAnswer, JudgementBody
from services.collector.suspicion import is_held
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import JUDGING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(tags=["answers"], route_class=CheckedRoute)


@router.post("/v1/answers/{answer_id}/judgement", summary="Judge a suspect answer")
async def post_judgement(
    answer_id: Annotated[UUID, Path(description="The answer's id.")],
    body: JudgementBody,
    caller: Annotated[Caller, Depends(staff_or_key("answers:write", *JUDGING_ROLES))],
    context: OwnContext,
) -> JudgedAnswer:
    """Say whether a person gave it. Sent again it changes nothing; the other judgement takes it back."""
    async with context.database.transaction() as uow:
        allowed = caller.staff.segments if caller.staff else ()
        who = AuditActor.of(caller)
        answer = await judge_answer(uow, caller.tenant, who, answer_id, body.judgement, allowed)
    if answer is None:
        raise Problem(404, detail=message("No answer with this id is suspect."))
    return JudgedAnswer(
        id=answer.id, version=answer.version, suspect=is_held(answer), judgement=body.judgement
    )
