"""The page of when and how often customers may be written to, and its form."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.dispatcher.contact_policies.country_rows import with_recommended
from services.dispatcher.contact_policies.domain import CompanyPolicy, PolicyChanged
from services.dispatcher.contact_policies.forms import RULES_IN_ROWS, PolicyForm, form_of, read_form
from services.dispatcher.contact_policies.labels import CHOICES, FIELD_LABELS, notice
from services.dispatcher.contact_policies.policy_commands import find_policy, set_policy
from services.dispatcher.contact_policies.recommended_countries import RECOMMENDED_COUNTRIES
from services.dispatcher.contact_policies.schemas import ContactPolicyBody
from services.dispatcher.contact_policies.views import ContactPolicyPage, HoursExample
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.dry_runs import simulation
from services.dispatcher.dry_runs.views import DryRunPart
from services.dispatcher.frame import CompanyStaffEditor, StaffReader, frame_of
from services.dispatcher.surveys.survey_commands import list_surveys
from services.dispatcher.tenants import tenant_or_placeholder
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.pages.language import spoken
from shared.permissions import EDITING_ROLES
from shared.privacy.audit import AuditActor

router = APIRouter(include_in_schema=False, prefix="/contact-policy", route_class=CheckedRoute)


@router.get("")
async def show_contact_policy(
    request: Request,
    staff: StaffReader,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The rules as they are."""
    async with context.database.reading() as uow:
        policy = await find_policy(uow, staff.tenant)
    return await _show(request, staff, context, policy, form_of(policy), did=did)


@router.post("")
async def change_contact_policy(
    request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save the rules, or show what is wrong, or what somebody else changed; what was typed stays."""
    policy, form = await _typed(request, staff, context)
    try:
        rules = ContactPolicyBody.model_validate(form.values()).rules()
    except ValidationError as error:
        return await _show(request, staff, context, policy, form.with_faults(error), status_code=422)
    # A form without a version was not rendered by us: it is as one of rules that have changed since.
    seen = -1 if form.seen is None else form.seen
    try:
        async with context.database.transaction() as uow:
            await set_policy(uow, staff.tenant, AuditActor.of_staff(staff), rules, seen=seen)
    except PolicyChanged:
        async with context.database.reading() as uow:
            policy = await find_policy(uow, staff.tenant)
        return await _show(request, staff, context, policy, form.with_conflicts(policy), status_code=409)
    return RedirectResponse("/contact-policy?did=saved", 303)


@router.post("/recommended")
async def fill_in_recommended(
    request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Show the form as it was typed, with the recommended rules of countries; nothing is saved."""
    policy, form = await _typed(request, staff, context)
    filled = with_recommended(form.fields, RECOMMENDED_COUNTRIES)
    return await _show(request, staff, context, policy, replace(form, fields=filled), did="recommended")


@router.post("/dry-run")
async def try_contact_policy(
    request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Show the form as it was typed, with what its rules would have done; nothing is saved."""
    policy, form = await _typed(request, staff, context)
    try:
        rules = ContactPolicyBody.model_validate(form.values()).rules()
    except ValidationError as error:
        return await _show(request, staff, context, policy, form.with_faults(error), status_code=422)
    made = await simulation.run(
        context.database,
        context.secret,
        staff.tenant,
        survey=None,
        company=rules,
        period=timedelta(days=simulation.DEFAULT_DAYS),
    )
    async with context.database.reading() as uow:
        names = {survey.id: survey.draft.name for survey in await list_surveys(uow, staff.tenant)}
    return await _show(request, staff, context, policy, form, tried=DryRunPart.of(made, names))


async def _typed(
    request: Request, staff: Staff, context: DispatcherContext
) -> tuple[CompanyPolicy, PolicyForm]:
    """The rules as they are, and the form as it was typed, whole."""
    form = await read_form(request)
    async with context.database.reading() as uow:
        policy = await find_policy(uow, staff.tenant)
    return policy, form.completed(policy)


async def _show(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    policy: CompanyPolicy,
    form: PolicyForm,
    *,
    tried: DryRunPart | None = None,
    did: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys", tenant=tenant)
        example = HoursExample.of(policy.rules, tenant, uow.now)
    page = ContactPolicyPage(
        form=form,
        labels=FIELD_LABELS,
        choices={
            name: [(key, spoken(words)) for key, words in choices.items()]
            for name, choices in CHOICES.items()
        },
        quiet=policy.rules.quiet_hours.get("mail"),
        cap_hours=policy.rules.cap_hours,
        rows=RULES_IN_ROWS,
        countries=policy.rules.countries,
        example=example,
        tried=tried,
        done=notice(did),
        may_edit=staff.role in EDITING_ROLES and not staff.segments,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
