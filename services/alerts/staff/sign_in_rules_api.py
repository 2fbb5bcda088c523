"""``/v1/sign-in-rules``: what a company asks of everybody who signs in."""

from fastapi import APIRouter

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.rules.callers import SetupAdmin
from services.alerts.staff.access_schemas import SignInRulesBody, SignInRulesOut
from services.alerts.staff.people_callers import refused_account
from services.alerts.staff.repository import people, second_factors
from services.alerts.staff.sign_in_rule_commands import require_second_factor
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/sign-in-rules", tags=["people"], route_class=CheckedRoute)


@router.get("", summary="See what everybody is asked for at sign-in")
async def read_sign_in_rules(context: OwnContext, caller: SetupAdmin) -> SignInRulesOut:
    """Whoever comes by the identity provider is asked by it, not by us."""
    return await _answer(context, caller.tenant)


@router.put("", summary="Set what everybody is asked for at sign-in")
async def write_sign_in_rules(
    context: OwnContext, caller: SetupAdmin, body: SignInRulesBody
) -> SignInRulesOut:
    """Whoever has no second factor then is signed out, and sets one up at the next sign-in. It takes an
    administrator who has one: the caller, or any of them where a key asks.
    """
    try:
        async with context.database.transaction() as uow:
            await require_second_factor(uow, caller, required=body.second_factor_required)
    except BadAccount as fault:
        raise refused_account(fault) from None
    return await _answer(context, caller.tenant)


async def _answer(context: AlertsContext, tenant: str) -> SignInRulesOut:
    async with context.database.reading() as uow:
        required = await second_factors.is_required(uow, tenant)
        having = await second_factors.people_with_factor(uow, tenant)
        active = [one.id for one in await people.people(uow, tenant) if one.active]
    return SignInRulesOut(
        second_factor_required=required,
        people=len(active),
        people_with_second_factor=len(having.intersection(active)),
    )
