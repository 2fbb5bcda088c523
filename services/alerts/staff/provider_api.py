"""``/v1/identity-provider``: how a company's people sign in through its own identity provider."""

from fastapi import APIRouter

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.rules.callers import SetupAdmin
from services.alerts.staff.people_callers import refused_account
from services.alerts.staff.provider_commands import (
    remove_identity_provider,
    save_identity_provider,
    set_only_way,
)
from services.alerts.staff.provider_schemas import (
    IdentityProviderBody,
    IdentityProviderChange,
    IdentityProviderOut,
)
from services.alerts.staff.repository import providers
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/identity-provider", tags=["people"], route_class=CheckedRoute)


@router.get("", summary="See the identity provider")
async def read_identity_provider(context: OwnContext, caller: SetupAdmin) -> IdentityProviderOut:
    """Never its client secret. Without a provider it is 404."""
    return await _answer(context, caller.tenant)


@router.put("", summary="Set up or replace the identity provider")
async def write_identity_provider(
    context: OwnContext, caller: SetupAdmin, body: IdentityProviderBody
) -> IdentityProviderOut:
    """Afterword speaks OpenID Connect. It is saved when the provider answers at the issuer; one in an inner
    network is asked only where the operator allows it. Whether it is the only way in stays as it is. Roles
    and segments of the claims are set anew at each sign-in.
    """
    try:
        await save_identity_provider(context.database, context.provider_sign_in, caller, body.wanted())
    except BadAccount as fault:
        raise refused_account(fault) from None
    return await _answer(context, caller.tenant)


@router.patch("", summary="Make the identity provider the only way in, or not")
async def change_identity_provider(
    context: OwnContext, caller: SetupAdmin, body: IdentityProviderChange
) -> IdentityProviderOut:
    """Where it is the only way, passwords and links let nobody in, and whoever came in by these is signed
    out. That takes an administrator who has signed in through the provider and still is: the caller, or,
    where a key asks, any of them who did since it was last set up.
    """
    try:
        async with context.database.transaction() as uow:
            if not await set_only_way(uow, caller, only_way=body.only_way):
                raise Problem(404)
    except BadAccount as fault:
        raise refused_account(fault) from None
    return await _answer(context, caller.tenant)


@router.delete("", status_code=204, summary="Remove the identity provider")
async def delete_identity_provider(context: OwnContext, caller: SetupAdmin) -> None:
    """Whoever came in through it is signed out, but for the session that asks, and whom it knew is forgotten.
    Passwords let people in again.
    """
    async with context.database.transaction() as uow:
        if not await remove_identity_provider(uow, caller):
            raise Problem(404)


async def _answer(context: AlertsContext, tenant: str) -> IdentityProviderOut:
    async with context.database.reading() as uow:
        provider = await providers.find_provider(uow, tenant)
    if provider is None:
        raise Problem(404)
    sign_in = context.provider_sign_in
    return IdentityProviderOut.of(
        provider, callback=sign_in.callback, sign_in_address=sign_in.address_of(tenant)
    )
