"""``/v1/keys`` and ``/v1/company``: what the company's administrators and its back-end set."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from services.trigger.company_changes import change_company
from services.trigger.company_schemas import (
    CompanyChange,
    CompanyOut,
    KeyBody,
    KeyList,
    KeyOut,
    NewKeyOut,
)
from services.trigger.context import OwnContext, TriggerContext
from services.trigger.errors import BadTenant, UnknownKey
from services.trigger.key_last_uses import last_uses
from services.trigger.tenants import create_key, revoke_key
from shared.events import Tenant
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import ADMIN, EVERY_SCOPE
from shared.privacy.audit import AuditActor
from shared.tenancy import digest_of, find_tenant
from shared.values.messages import message

router = APIRouter(tags=["company"], route_class=CheckedRoute)
CompanyAdminCaller = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN, whole_company=True))]
KeyId = Annotated[str, Path(max_length=100, description="The key's id.")]


@router.get("/v1/keys", summary="API keys")
async def list_keys(caller: CompanyAdminCaller, context: OwnContext) -> KeyList:
    """All that open something, and those that ended in the last 90 days. No key is ever shown again."""
    company = await company_of(context, caller.tenant)
    found, now = await last_uses(context, caller.tenant), context.database.clock()
    keys = [KeyOut.of(key, now, found.uses.get(key.id)) for key in company.keys]
    return KeyList(keys=keys, unanswered=[*found.unanswered])


@router.post("/v1/keys", status_code=201, summary="Create an API key")
async def post_key(body: KeyBody, caller: CompanyAdminCaller, context: OwnContext) -> NewKeyOut:
    """The answer has the key, this once. A request that is sent again creates another one: revoke what is too
    much.
    """
    try:
        token = await create_key(
            context.database,
            caller.tenant,
            body.scopes,
            name=body.name,
            source=body.source,
            expires_at=body.expires_at,
            who=AuditActor.of(caller),
        )
    except BadTenant as fault:
        raise Problem(422, detail=fault.remedy) from None
    company = await company_of(context, caller.tenant)
    (key,) = [one for one in company.keys if one.digest == digest_of(token)]
    return NewKeyOut(**KeyOut.of(key, context.database.clock()).model_dump(), key=token)


@router.delete("/v1/keys/{key_id}", status_code=204, summary="Revoke an API key")
async def delete_key(key_id: KeyId, caller: CompanyAdminCaller, context: OwnContext) -> Response:
    """Within seconds it opens nothing anywhere."""
    try:
        await revoke_key(context.database, caller.tenant, key_id, who=AuditActor.of(caller))
    except UnknownKey:
        raise Problem(404, detail=message("There is no such key that still opens something.")) from None
    return Response(status_code=204)


@router.get("/v1/company", summary="The company")
async def get_company(caller: CompanyAdminCaller, context: OwnContext) -> CompanyOut:
    """What customers read of it, and where its days begin."""
    return CompanyOut.of(await company_of(context, caller.tenant))


@router.patch("/v1/company", summary="Change the company")
async def patch_company(body: CompanyChange, caller: CompanyAdminCaller, context: OwnContext) -> CompanyOut:
    """What is left out stays. The country always stays: the law follows it. Another time zone holds from now
    on; the days of answers that were accepted stay.
    """
    try:
        company = await change_company(
            context.database,
            caller.tenant,
            name=body.name,
            postal_address=body.postal_address,
            languages=body.languages,
            time_zone=body.time_zone,
            accent=body.accent,
            display_names=body.display_names,
            staff_networks=body.staff_networks,
            who=AuditActor.of(caller),
        )
    except BadTenant as fault:
        raise Problem(422, detail=fault.remedy) from None
    return CompanyOut.of(company)


async def company_of(context: TriggerContext, tenant: str) -> Tenant:
    """The company of a caller.

    :raises Problem: 404 when it is not known here yet.
    """
    async with context.database.reading() as uow:
        company = await find_tenant(uow, tenant)
    if company is None:
        raise Problem(404)
    return company
