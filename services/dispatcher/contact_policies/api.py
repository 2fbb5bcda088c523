"""The API for when and how often customers may be written to."""

from fastapi import APIRouter

from services.dispatcher.callers import CompanyEditor, SurveyEditor
from services.dispatcher.contact_policies.domain import PolicyChanged
from services.dispatcher.contact_policies.policy_commands import find_policy, set_policy
from services.dispatcher.contact_policies.schemas import ContactPolicyAnswer, ContactPolicyBody
from services.dispatcher.context import OwnContext
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/v1/contact-policy", route_class=CheckedRoute)


@router.get("", summary="When and how often customers may be written to")
async def read_contact_policy(caller: SurveyEditor, context: OwnContext) -> ContactPolicyAnswer:
    """Over all surveys. What is due at a forbidden time waits for the next allowed one."""
    async with context.database.reading() as uow:
        return ContactPolicyAnswer.of(await find_policy(uow, caller.tenant))


@router.put("", summary="Set when and how often customers may be written to")
async def write_contact_policy(
    body: ContactPolicyBody, caller: CompanyEditor, context: OwnContext
) -> ContactPolicyAnswer:
    """It holds at once, also for mails that wait. Test addresses are written to at any time. Rules that are
    left out stay as they are, but for `quiet_hours`, `sundays`, `holidays` and `cap_hours`, which have
    defaults.
    """
    try:
        async with context.database.transaction() as uow:
            current = await find_policy(uow, caller.tenant, lock=True)
            rules = body.rules(current.rules)
            await set_policy(uow, caller.tenant, AuditActor.of(caller), rules, seen=body.version)
            return ContactPolicyAnswer.of(await find_policy(uow, caller.tenant))
    except PolicyChanged:
        raise Problem(409) from None
