"""The JSON door: surveys and decisions."""

from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import ValidationError

from services.dispatcher.context import OwnContext
from services.dispatcher.decisions.explanation import decode_explanation
from services.dispatcher.decisions.handlers import repository
from services.dispatcher.surveys.schemas import (
    ConsideredAnswer,
    DecisionAnswer,
    DecisionList,
    InvitationAnswer,
    SurveyAnswer,
    SurveyBody,
    SurveyKept,
    SurveyList,
    SurveyPatch,
    SurveyPut,
)
from services.dispatcher.surveys.survey_commands import survey_commands
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import faults_of
from shared.ids import derived, uuid7
from shared.permissions import EDITING_ROLES
from shared.service import Context

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
Editor = Annotated[Caller, Depends(staff_or_key("surveys:write", *EDITING_ROLES))]
Reader = Annotated[Caller, Depends(staff_or_key("decisions:read"))]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
SurveyId = Annotated[UUID, Path(description="The survey's id.")]
IdempotencyKey = Annotated[
    str | None, Header(max_length=200, description="The same key again makes nothing again.")
]


def who(caller: Caller) -> str:
    """Under which name an act is remembered."""
    return (
        caller.staff.name if caller.staff is not None else f"the key {caller.key.name if caller.key else ''}"
    )


@router.get("/surveys", summary="All surveys in their order")
async def list_surveys(caller: Editor, context: OwnContext) -> SurveyList:
    async with context.database.reading() as uow:
        found = await survey_commands.list_surveys(uow, caller.tenant)
    return SurveyList(surveys=[SurveyAnswer.of(survey) for survey in found])


@router.post("/surveys", status_code=201, summary="Make a survey")
async def make_survey(
    body: SurveyBody,
    caller: Editor,
    context: OwnContext,
    idempotency_key: IdempotencyKey = None,
) -> SurveyAnswer:
    """The same request with the same ``Idempotency-Key`` again answers the survey that it made before."""
    survey_id = derived("survey", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    made_from = sha256(body.model_dump_json(exclude_unset=True).encode()).hexdigest()
    async with context.database.transaction() as uow:
        try:
            made = await survey_commands.create_survey(uow, caller.tenant, survey_id, body.draft(), made_from)
        except survey_commands.KeyReused:
            raise Problem(
                422,
                "This Idempotency-Key was used for another survey.",
                "Nothing was made. Give each survey its own key; repeat one only with the same request.",
            ) from None
        return SurveyAnswer.of(made)


@router.get("/surveys/{survey_id}", summary="One survey")
async def read_survey(survey_id: SurveyId, caller: Editor, context: OwnContext) -> SurveyAnswer:
    async with context.database.reading() as uow:
        return SurveyAnswer.of(await _found(survey_commands.find_survey(uow, caller.tenant, survey_id)))


@router.put("/surveys/{survey_id}", summary="Make a survey so")
async def write_survey(
    survey_id: SurveyId, body: SurveyPut, caller: Editor, context: OwnContext
) -> SurveyAnswer:
    """New words become a new version of the survey; invitations that are out keep theirs."""
    async with context.database.transaction() as uow:
        now = await _found(survey_commands.lock_survey(uow, caller.tenant, survey_id))
        draft = body.draft()
        if body.state is None:
            draft = msgspec.structs.replace(draft, state=now.draft.state)
        return SurveyAnswer.of(
            await _found(
                survey_commands.change_survey(uow, caller.tenant, survey_id, draft, seen=body.version)
            )
        )


@router.patch("/surveys/{survey_id}", summary="Change parts of a survey")
async def change_survey(
    survey_id: SurveyId, body: SurveyPatch, caller: Editor, context: OwnContext
) -> SurveyAnswer:
    async with context.database.transaction() as uow:
        now = await _found(survey_commands.lock_survey(uow, caller.tenant, survey_id))
        wanted = body.model_dump(exclude_unset=True)
        seen = wanted.pop("version", None)
        try:
            # An old survey can be paused although its words hold what is refused in new ones.
            model = SurveyBody if "texts" in wanted else SurveyKept
            whole = model.model_validate(msgspec.to_builtins(now.draft) | wanted)
        except ValidationError as error:
            raise Problem(
                422, errors=faults_of([{**f, "loc": ("body", *f["loc"])} for f in error.errors()])
            ) from None
        return SurveyAnswer.of(
            await _found(
                survey_commands.change_survey(uow, caller.tenant, survey_id, whole.draft(), seen=seen)
            )
        )


@router.get("/decisions", summary="What became of an event")
async def read_decisions(
    caller: Reader,
    context: OwnContext,
    event_id: Annotated[str, Query(min_length=1, max_length=200, description="The back-end's own id.")],
    source: Annotated[
        str | None, Query(max_length=200, description="Only of this source; of all, when it is left out.")
    ] = None,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 100,
) -> DecisionList:
    """One decision for each source that has used this id."""
    allowed = caller.staff.segments if caller.staff is not None else ()
    async with context.database.reading() as uow:
        found = await repository.of_back_end(
            uow, caller.tenant, event_id, source=source, allowed=allowed, after=after, most=limit + 1
        )
    named = caller.staff is None or caller.staff.sees_names
    told = [_decision(row, context, named=named) for row in found[:limit]]
    return DecisionList(decisions=told, next=found[limit - 1].event_id if len(found) > limit else None)


async def _found(asked: Any) -> survey_commands.StoredSurvey:
    """The survey, or the refusal that says why not."""
    try:
        found: survey_commands.StoredSurvey = await asked
    except survey_commands.SurveyNotFound:
        raise Problem(404) from None
    except survey_commands.SurveyChanged:
        raise Problem(409) from None
    return found


def _decision(row: Any, context: Context, *, named: bool) -> DecisionAnswer:
    grounds = decode_explanation(row.grounds)
    values = msgspec.to_builtins(grounds)
    values.pop("considered", None)
    return DecisionAnswer(
        id=row.event_id,
        event_id=row.source_id,
        source=row.source,
        customer_id=row.customer_id if named else None,
        decided_at=row.decided_at,
        reason=row.reason,
        survey_id=row.survey_id,
        considered=[
            ConsideredAnswer(
                survey_id=one.survey_id, survey_version=one.survey_version, name=one.name, why=one.why
            )
            for one in grounds.considered
        ],
        values=values,
        invitation=InvitationAnswer(id=row.invitation_id, state=row.state) if row.invitation_id else None,
        differs_at=row.difference_at,
        see=f"{context.staff_url}/events/{row.event_id}",
    )
