"""``/v1/answers/{id}/judgement``: whose a suspect answer is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path

from services.collector.context import OwnContext
from services.collector.judgement_commands import judge_answer
from services.collector.schemas import JudgedAnswer, JudgementBody
from services.collector.suspicion import is_held
from shared.api_keys import ApiKey
from shared.http.key_auth import requires
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(tags=["answers"], route_class=CheckedRoute)


@router.post("/v1/answers/{answer_id}/judgement", summary="Judge a suspect answer")
async def post_judgement(
    answer_id: Annotated[UUID, Path(description="The answer's id.")],
    body: JudgementBody,
    key: Annotated[ApiKey, Depends(requires("answers:write"))],
    context: OwnContext,
) -> JudgedAnswer:
    """Say whether a person gave it. Sent again it changes nothing; the other judgement takes it back."""
    async with context.database.transaction() as uow:
        answer = await judge_answer(uow, key.tenant, AuditActor.of_key(key), answer_id, body.judgement)
    if answer is None:
        raise Problem(404, detail=message("No answer with this id is suspect."))
    return JudgedAnswer(
        id=answer.id, version=answer.version, suspect=is_held(answer), judgement=body.judgement
    )
