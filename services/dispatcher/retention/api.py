"""The API for how long each kind of data is kept."""

from fastapi import APIRouter
from msgspec.structs import asdict

from services.dispatcher.callers import CompanyAdminCaller
from services.dispatcher.context import OwnContext
from services.dispatcher.retention.labels import service_unavailable
from services.dispatcher.retention.retention_commands import dry_run, find_rules, set_rules
from services.dispatcher.retention.schemas import (
    RetentionAnswer,
    RetentionBody,
    RetentionDryRun,
    answer_of_rules,
    rules_of_body,
)
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor, record_audit
from shared.privacy.service_client import ServiceUnavailable

router = APIRouter(prefix="/v1/retention", route_class=CheckedRoute)


@router.get("", summary="How long each kind of data is kept")
async def read_retention(caller: CompanyAdminCaller, context: OwnContext) -> RetentionAnswer:
    """In days, by kind. What is older is removed each night."""
    async with context.database.reading() as uow:
        return answer_of_rules((await find_rules(uow, caller.tenant)).rules)


@router.put("", summary="Set how long each kind of data is kept")
async def write_retention(
    body: RetentionBody, caller: CompanyAdminCaller, context: OwnContext
) -> RetentionAnswer:
    """What is older by then is removed in the next night, and does not come back. Try the rules before."""
    rules = rules_of_body(body)
    async with context.database.transaction() as uow:
        if await set_rules(uow, caller.tenant, rules):
            record_audit(uow, caller.tenant, AuditActor.of(caller), "retention", **asdict(rules))
    return answer_of_rules(rules)


@router.post("/dry-runs", summary="Try rules about how long data is kept")
async def try_retention(
    body: RetentionBody, caller: CompanyAdminCaller, context: OwnContext
) -> RetentionDryRun:
    """How many rows of what these rules would remove now, by service. Nothing is changed."""
    try:
        counts = await dry_run(context.database, context.services, caller.tenant, rules_of_body(body))
    except ServiceUnavailable as error:
        raise service_unavailable(error.service) from error
    return RetentionDryRun.of(counts)
