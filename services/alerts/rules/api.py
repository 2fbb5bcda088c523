"""The rules about cases for programs."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.alerts.context import OwnContext
from services.alerts.errors import SetupFaulty
from services.alerts.rules import repository
from services.alerts.rules.answer_schemas import (
    CaseRulesAnswer,
    RulesTrialAnswer,
    RulesVersion,
    RulesVersionList,
)
from services.alerts.rules.callers import RulesEditor, SetupReader
from services.alerts.rules.dry_run import try_on_past
from services.alerts.rules.rule_commands import RulesChanged, find_rules, save_rules, unknown_recipients
from services.alerts.rules.schemas import CaseRulesBody, RulesDryRunBody
from shared.http.numbers import MAX_INTEGER
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/v1/rules", tags=["cases"], route_class=CheckedRoute)
MAX_VERSIONS = 200
Before = Annotated[int | None, Query(ge=1, le=MAX_INTEGER, description="“next” of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MAX_VERSIONS, description="How many at most.")]
VersionNumber = Annotated[int, Path(ge=0, le=MAX_INTEGER, description="0: what holds without any.")]


@router.get("", summary="Which answers open a case, for whom, and by when")
async def read_rules(
    context: OwnContext,
    caller: SetupReader,
    version: Annotated[
        int | None, Query(ge=0, le=MAX_INTEGER, description="A version; by default the newest one.")
    ] = None,
) -> CaseRulesAnswer:
    async with context.database.reading() as uow:
        found = await find_rules(uow, caller.tenant, version)
    if found is None:
        raise Problem(404)
    return CaseRulesAnswer.of(found)


@router.get("/versions", summary="Who saved the rules, and when")
async def list_rule_versions(
    context: OwnContext, caller: SetupReader, before: Before = None, limit: Limit = MAX_VERSIONS
) -> RulesVersionList:
    """The newest first."""
    async with context.database.reading() as uow:
        rows = await repository.list_versions(uow, caller.tenant, limit + 1, before)
    return RulesVersionList(
        versions=[
            RulesVersion(version=row.version, saved_at=row.saved_at, saved_by=row.saved_by)
            for row in rows[:limit]
        ],
        next=rows[limit - 1].version if len(rows) > limit else None,
    )


@router.get("/versions/{version}", summary="One version of the rules")
async def read_rule_version(
    context: OwnContext, caller: SetupReader, version: VersionNumber
) -> CaseRulesAnswer:
    """Saving what it says makes it the current one again."""
    async with context.database.reading() as uow:
        found = await find_rules(uow, caller.tenant, version)
    if found is None:
        raise Problem(404)
    return CaseRulesAnswer.of(found)


@router.put("", summary="Save the rules")
async def write_rules(context: OwnContext, caller: RulesEditor, body: CaseRulesBody) -> CaseRulesAnswer:
    """A new version, by which answers are judged from now on. Cases that are there stay as they are."""
    rules = body.rules_of_company()
    try:
        async with context.database.transaction() as uow:
            saved = await save_rules(uow, caller.tenant, AuditActor.of(caller), rules, body.version)
    except RulesChanged:
        raise Problem(409) from None
    except SetupFaulty as error:
        raise Problem(422, errors=error.faults) from None
    return CaseRulesAnswer.of(saved)


@router.post("/dry-runs", summary="Try rules on the answers of the last days")
async def try_rules(context: OwnContext, caller: RulesEditor, body: RulesDryRunBody) -> RulesTrialAnswer:
    """How many cases they would have opened, for whom, and what today's rules would have: by the code of the
    real decision, and by what is known by now. Nothing is saved. A further answer of the same person within
    the time for closing joins their case.
    """
    rules = body.rules_of_company()
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, caller.tenant)
        if faults := unknown_recipients(setup, rules):
            raise Problem(422, errors=faults)
        trial = await try_on_past(uow, context.policy, setup, caller.tenant, rules, body.days)
    return RulesTrialAnswer.of(trial)
