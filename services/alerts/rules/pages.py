"""The page of the rules about cases: edited as a form, and tried on past answers before they are saved."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.alerts.cases import times
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SetupFaulty
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.rules import labels
from services.alerts.rules.callers import StaffRulesEditor, StaffRulesReader
from services.alerts.rules.domain import CaseRules
from services.alerts.rules.dry_run import DEFAULT_DAYS, try_on_past
from services.alerts.rules.forms import RulesForm, form_of
from services.alerts.rules.rule_commands import (
    RulesChanged,
    SavedRules,
    newest_rules,
    save_rules,
    unknown_recipients,
)
from services.alerts.rules.schemas import CaseRulesBody
from services.alerts.rules.trial import RulesTrial
from services.alerts.rules.views import RulesPage, TriedCaseRules
from shared.conditions.labels import condition_sentence
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.pages.language import spoken, translated
from shared.permissions import EDITING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message
from shared.values.zones import zone_of

CONFIRMATIONS = {
    "saved": message("Saved. Answers are judged by these rules from now on."),
    "restored": message("An earlier version holds again. Answers are judged by these rules from now on."),
}
router = APIRouter(prefix="/rules", include_in_schema=False, route_class=CheckedRoute)


@router.get("")
async def show_rules(
    request: Request,
    staff: StaffRulesReader,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The rules as they are."""
    async with context.database.reading() as uow:
        saved = await newest_rules(uow, staff.tenant)
    return await _show(request, staff, context, saved, form_of(saved), did=did)


@router.post("")
async def change_rules(
    request: Request, staff: StaffRulesEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save the rules, or show what is wrong; what was typed stays."""
    saved, form, rules = await _typed(request, staff, context)
    if rules is None:
        return await _show(request, staff, context, saved, form, status_code=422)
    try:
        async with context.database.transaction() as uow:
            await save_rules(uow, staff.tenant, AuditActor.of_staff(staff), rules, form.seen)
    except RulesChanged:
        async with context.database.reading() as uow:
            saved = await newest_rules(uow, staff.tenant)
        theirs = form_of(saved, labels.RULES_CHANGED)
        return await _show(request, staff, context, saved, theirs, status_code=409)
    except SetupFaulty as error:
        faulty = form.with_faults(error.faults)
        return await _show(request, staff, context, saved, faulty, status_code=422)
    return RedirectResponse("/rules?did=saved", 303)


@router.post("/dry-run")
async def try_rules(
    request: Request, staff: StaffRulesEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Show the form as it was typed, with what its rules would have done; nothing is saved."""
    saved, form, rules = await _typed(request, staff, context)
    if rules is None:
        return await _show(request, staff, context, saved, form, status_code=422)
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        trial = await try_on_past(uow, context.policy, setup, staff.tenant, rules, DEFAULT_DAYS)
    return await _show(request, staff, context, saved, form, trial=trial)


async def _typed(
    request: Request, staff: Staff, context: AlertsContext
) -> tuple[SavedRules, RulesForm, CaseRules | None]:
    """The rules as they are, the form as it was typed, and its rules unless something is wrong."""
    fields = await read_texts(request)
    async with context.database.reading() as uow:
        saved = await newest_rules(uow, staff.tenant)
        setup = await context.setups.one(uow, staff.tenant)
    form = RulesForm(fields, saved.rules)
    try:
        rules = CaseRulesBody.model_validate(form.body()).rules_of_company()
    except ValidationError as error:
        return saved, form.with_errors(error), None
    if faults := unknown_recipients(setup, rules):
        return saved, form.with_faults(faults), None
    return saved, form, rules


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    saved: SavedRules,
    form: RulesForm,
    *,
    trial: RulesTrial | None = None,
    did: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        counts = await open_case_counts(uow, staff) if staff.works_on_cases else None
        open_cases = counts.open if counts is not None else None
        frame = await staff_frame(uow, staff, here="settings", open_cases=open_cases)
        now = uow.now
    facts = {"version": saved.version, "name": saved.saved_by}
    if saved.saved_at is not None:
        facts["at"] = times.moment(saved.saved_at, now, zone_of(frame.time_zone))
    page = RulesPage(
        form=form,
        labels={name: spoken(label) for name, label in labels.RULE_LABELS.items()},
        saved=translated("Version %(version)s, saved by %(name)s, %(at)s.") % facts if saved.version else "",
        priorities=labels.priority_options(),
        units=labels.options(labels.UNIT_LABELS),
        wishes=labels.options(labels.WISH_LABELS),
        measurements=labels.options(labels.MEASUREMENT_LABELS),
        operators=labels.operator_options(),
        recipients=labels.recipient_options(setup, translated("Whom the routing finds"), form.recipients()),
        escalated_to=labels.recipient_options(setup, translated("Nobody"), form.recipients()),
        sentence=condition_sentence,
        tried=TriedCaseRules.of(trial, setup, DEFAULT_DAYS) if trial is not None else None,
        summary=[(name, f"{spoken(label)}: {spoken(fault)}") for name, label, fault in form.summary()],
        done=spoken(CONFIRMATIONS.get(did, "")),
        may_edit=staff.role in EDITING_ROLES,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
