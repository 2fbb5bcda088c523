"""The API for surveys."""

from collections.abc import Awaitable
from hashlib import sha256
from itertools import groupby
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Path
from pydantic import ValidationError

from services.dispatcher.callers import SurveyEditor
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.sending.sending_commands import may_be_listed
from services.dispatcher.surveys import survey_commands
from services.dispatcher.surveys.answer_schemas import (
    SurveyAnswer,
    SurveyList,
    TestMailAnswer,
    VersionAnswer,
    VersionList,
    api_fields,
)
from services.dispatcher.surveys.domain import KeyReused, SurveyChanged, SurveyDraft, SurveyNotFound
from services.dispatcher.surveys.labels import NOT_LISTED
from services.dispatcher.surveys.match_schemas import MatchesAnswer, MatchesBody
from services.dispatcher.surveys.matches import count_matches
from services.dispatcher.surveys.order_commands import copy_survey
from services.dispatcher.surveys.quarantine_body import SCOPE_RULE, patched, with_rules_of_quarantine
from services.dispatcher.surveys.refusals import DraftRefused, refuse_texts, refuse_unkept_promise
from services.dispatcher.surveys.schemas import (
    StoredSurveyBody,
    SurveyBody,
    SurveyPatch,
    SurveyPut,
    TestMailBody,
)
from services.dispatcher.surveys.state_rights import check_rehearsal
from services.dispatcher.surveys.test_mails import NotATestAddress, send_test
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault, faults_of_body
from shared.ids import derived, uuid7
from shared.privacy.audit import AuditActor
from shared.privacy.own_address import own_address
from shared.privacy.service_client import ServiceUnavailable
from shared.values.addresses import canonical_address
from shared.values.messages import message

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
SurveyId = Annotated[UUID, Path(description="The survey's id.")]
R = TypeVar("R")
IdempotencyKey = Annotated[
    str | None, Header(max_length=200, description="The same key again makes nothing again.")
]


@router.get("/surveys", summary="All surveys in their order")
async def list_surveys(caller: SurveyEditor, context: OwnContext) -> SurveyList:
    async with context.database.reading() as uow:
        surveys = await survey_commands.list_surveys(uow, caller.tenant)
    return SurveyList(surveys=[SurveyAnswer.of(survey) for survey in surveys])


@router.post("/surveys", status_code=201, summary="Make a survey")
async def make_survey(
    body: SurveyBody, caller: SurveyEditor, context: OwnContext, idempotency_key: IdempotencyKey = None
) -> SurveyAnswer:
    """The same request with the same ``Idempotency-Key`` again answers the survey that it made before."""
    survey_id = derived("survey", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    fingerprint = sha256(body.model_dump_json(exclude_unset=True).encode()).hexdigest()
    draft = body.draft()
    check_rehearsal(caller.staff, None, draft.state)
    try:
        refuse_unkept_promise(draft)
        refuse_texts(draft, may_text=context.sms.sends)
    except DraftRefused as refused:
        raise _problem_of(refused) from None
    async with context.database.transaction() as uow:
        try:
            made = await survey_commands.create_survey(
                uow,
                caller.tenant,
                survey_id,
                draft,
                fingerprint,
                who=AuditActor.of(caller),
            )
        except KeyReused:
            raise _key_reused() from None
        return SurveyAnswer.of(made)


@router.post("/surveys/matches", summary="How many recent events a survey would have asked about")
async def count_survey_matches(body: MatchesBody, caller: SurveyEditor, context: OwnContext) -> MatchesAnswer:
    """Nothing is saved. Of a colleague who is limited to segments, the events of those are counted."""
    allowed = caller.staff.segments if caller.staff is not None else ()
    found = await count_matches(context.database, caller.tenant, allowed, body.trigger, body.condition())
    return MatchesAnswer(
        events=found.events,
        matched=found.matched,
        since=found.since,
        all_counted=found.all_counted,
        unknown_fields=list(found.unknown_fields),
    )


@router.get("/surveys/{survey_id}", summary="One survey")
async def read_survey(survey_id: SurveyId, caller: SurveyEditor, context: OwnContext) -> SurveyAnswer:
    async with context.database.reading() as uow:
        return SurveyAnswer.of(await _or_problem(survey_commands.find_survey(uow, caller.tenant, survey_id)))


@router.get("/surveys/{survey_id}/versions", summary="A survey in all its versions")
async def list_versions(survey_id: SurveyId, caller: SurveyEditor, context: OwnContext) -> VersionList:
    """Whoever was asked in the words of a version goes on reading these, whatever was changed since. The
    rules that the survey had with them stand beside them.
    """
    async with context.database.reading() as uow:
        versions = await survey_commands.list_survey_versions(uow, caller.tenant, survey_id)
    if not versions:
        raise Problem(404)
    same_words = groupby(versions, key=lambda version: version.survey_version)
    return VersionList(versions=[VersionAnswer.of(list(each)) for _, each in same_words])


@router.put("/surveys/{survey_id}", summary="Make a survey so")
async def write_survey(
    survey_id: SurveyId, body: SurveyPut, caller: SurveyEditor, context: OwnContext
) -> SurveyAnswer:
    """New words become a new version of the survey; invitations that are out keep theirs."""
    async with context.database.transaction() as uow:
        current = await _or_problem(survey_commands.lock_survey(uow, caller.tenant, survey_id))
        draft = body.draft()
        if body.state is None:
            draft = msgspec.structs.replace(draft, state=current.draft.state)
        if SCOPE_RULE not in with_rules_of_quarantine(body.model_dump(include={"quarantine"})):
            draft = msgspec.structs.replace(draft, quarantine_scope=current.draft.quarantine_scope)
        check_rehearsal(caller.staff, current.draft.state, draft.state)
        _check_texts(context, draft, current.draft)
        changed = survey_commands.change_survey(
            uow, caller.tenant, survey_id, draft, seen=body.version, who=AuditActor.of(caller)
        )
        return SurveyAnswer.of(await _or_problem(changed))


@router.patch("/surveys/{survey_id}", summary="Change parts of a survey")
async def change_survey(
    survey_id: SurveyId, body: SurveyPatch, caller: SurveyEditor, context: OwnContext
) -> SurveyAnswer:
    async with context.database.transaction() as uow:
        current = await _or_problem(survey_commands.lock_survey(uow, caller.tenant, survey_id))
        wanted = body.model_dump(exclude_unset=True)
        seen = wanted.pop("version", None)
        try:
            # An old survey can be paused although its words hold what is refused in new ones.
            model = SurveyBody if "texts" in wanted else StoredSurveyBody
            given = patched(api_fields(current.draft), wanted)
            if "conditions" not in wanted:
                given.pop("conditions", None)  # they may be older than today's rules
            draft = model.model_validate(given).draft()
        except ValidationError as error:
            faults = faults_of_body(error)
            raise Problem(422, errors=faults) from None
        if "conditions" not in wanted:
            draft = msgspec.structs.replace(draft, conditions=current.draft.conditions)
        check_rehearsal(caller.staff, current.draft.state, draft.state)
        _check_texts(context, draft, current.draft)
        changed = survey_commands.change_survey(
            uow, caller.tenant, survey_id, draft, seen=seen, who=AuditActor.of(caller)
        )
        return SurveyAnswer.of(await _or_problem(changed))


@router.post("/surveys/{survey_id}/copies", status_code=201, summary="Copy a survey")
async def make_copy(
    survey_id: SurveyId, caller: SurveyEditor, context: OwnContext, idempotency_key: IdempotencyKey = None
) -> SurveyAnswer:
    """The copy has the same rules and words, the last place in the order, and is a draft."""
    copy_id = derived("survey", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    who, fingerprint = AuditActor.of(caller), f"copy of {survey_id}"
    async with context.database.transaction() as uow:
        try:
            copy = copy_survey(uow, caller.tenant, survey_id, copy_id, fingerprint, who=who)
            return SurveyAnswer.of(await _or_problem(copy))
        except KeyReused:
            raise _key_reused() from None


@router.post("/surveys/{survey_id}/test-mails", status_code=202, summary="Send a test of a survey")
async def send_test_mail(
    survey_id: SurveyId,
    body: TestMailBody,
    caller: SurveyEditor,
    context: OwnContext,
    idempotency_key: IdempotencyKey = None,
) -> TestMailAnswer:
    """To a listed test address, or to that of the colleague who asks, which is listed with it, at once, also
    while the survey is not live. Its answer never counts.

    The same request with the same ``Idempotency-Key`` again is the same test, which leaves once; to another
    address, or in another language, it is another one.
    """
    test_id = (
        derived("test mail", caller.tenant, str(survey_id), idempotency_key) if idempotency_key else None
    )

    async def send(listed_by: AuditActor | None = None) -> UUID:
        async with context.database.transaction() as uow:
            sending = send_test(
                uow,
                context.secret,
                caller.tenant,
                survey_id,
                body.address,
                body.language,
                test_id,
                listed_by=listed_by,
            )
            return await _or_problem(sending)

    try:
        event_id = await send()
    except NotATestAddress:
        if not await _is_own(context, caller, body.address):
            raise Problem(422, errors=[FieldFault(field="/address", detail=NOT_LISTED)]) from None
        event_id = await send(AuditActor.of(caller))
    return TestMailAnswer(event_id=event_id, see=f"{context.staff_url}/events/{event_id}")


async def _is_own(context: DispatcherContext, caller: Caller, address: str) -> bool:
    """Whether it is the address of the colleague who asks; a key has none.

    :raises Problem: 503 when that cannot be looked up now.
    """
    if caller.staff is None or not may_be_listed(address):
        return False
    try:
        own = await own_address(context.services, caller.tenant, caller.staff.id)
    except ServiceUnavailable:
        raise Problem(503, headers={"Retry-After": "10"}) from None
    return own is not None and canonical_address(own) == canonical_address(address)


def _check_texts(context: DispatcherContext, draft: SurveyDraft, current: SurveyDraft) -> None:
    try:
        refuse_texts(draft, current, may_text=context.sms.sends)
    except DraftRefused as refused:
        raise _problem_of(refused) from None


def _problem_of(refused: DraftRefused) -> Problem:
    return Problem(422, errors=[FieldFault(field=f"/{refused.field}", detail=refused.remedy)])


def _key_reused() -> Problem:
    return Problem(
        422,
        message("This Idempotency-Key was used for another survey."),
        message("Nothing was made. Give each survey its own key; repeat one only with the same request."),
    )


async def _or_problem(command: Awaitable[R]) -> R:
    """What a command returns, or the problem that says why it cannot.

    :raises Problem: 404 when there is no such survey, 409 when it has changed, 422 when it cannot be so.
    """
    try:
        return await command
    except SurveyNotFound:
        raise Problem(404) from None
    except SurveyChanged:
        raise Problem(409) from None
    except DraftRefused as refused:
        raise _problem_of(refused) from None
