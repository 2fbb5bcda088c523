"""The page on which administrators set for how long each kind of data is kept, and try it before."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from msgspec.structs import asdict
from pydantic import ValidationError

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.frame import frame_of
from services.dispatcher.retention.labels import service_unavailable
from services.dispatcher.retention.retention_commands import (
    RetentionChanged,
    StoredRules,
    dry_run,
    find_rules,
    set_rules,
)
from services.dispatcher.retention.schemas import RetentionBody, rules_of_body
from services.dispatcher.retention.views import RetentionPage, kind_lines
from shared.events import RetentionRules
from shared.events.retention import RETENTION_KINDS
from shared.http.csrf import CsrfChecked
from shared.http.numbers import whole_number
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.http.validation_errors import faults_of
from shared.pages.language import spoken, translated
from shared.privacy.audit import AuditActor, record_audit
from shared.privacy.retention import totals
from shared.privacy.service_client import ServiceUnavailable
from shared.values.messages import Message, message

router = APIRouter(include_in_schema=False, prefix="/retention", route_class=CheckedRoute)
STALE_FORM = message(
    "Somebody changed how long data is kept since this page was drawn. Nothing was saved; what you typed is "
    "still here."
)
WRONG_DAYS = message("Some of these are no days that can be kept. Nothing was saved.")
NOT_CONFIRMED = message("Tick the box to confirm that older data is removed for good. Nothing was saved.")


@router.get("")
async def show_retention(
    request: Request, staff: CompanyAdmin, context: OwnContext, did: str = ""
) -> Response:
    """The rules as they are."""
    async with context.database.reading() as uow:
        stored = await find_rules(uow, staff.tenant)
    done = translated("Saved. What is older is removed in the coming night.") if did == "saved" else ""
    return await _show(request, staff, context, stored, _typed(stored.rules), done=done)


@router.post("")
async def change_retention(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save the rules, or count what they would remove."""
    form = await request.form()
    typed: dict[str, str] = {kind: str(form.get(kind, "")).strip() for kind in RETENTION_KINDS}
    seen = whole_number(str(form.get("version", "")))
    async with context.database.reading() as uow:
        stored = await find_rules(uow, staff.tenant)
    try:
        body = RetentionBody.model_validate({kind: _number(days) for kind, days in typed.items()})
    except ValidationError as error:
        faults = {fault["field"].strip("/"): spoken(fault["detail"]) for fault in faults_of(error.errors())}
        return await _show(
            request, staff, context, stored, typed, faults=faults, refusal=WRONG_DAYS, status_code=422
        )
    rules = rules_of_body(body)
    if form.get("act") == "try":
        return await _try(request, staff, context, StoredRules(stored.rules, seen or 0), typed, rules)
    if removes_more(stored.rules, rules) and form.get("confirmed") != "on":
        return await _show(
            request, staff, context, stored, typed, asked=rules, refusal=NOT_CONFIRMED, status_code=422
        )
    try:
        async with context.database.transaction() as uow:
            if await set_rules(uow, staff.tenant, rules, seen=seen or 0):
                record_audit(uow, staff.tenant, AuditActor.of_staff(staff), "retention", **asdict(rules))
    except RetentionChanged:
        async with context.database.reading() as uow:
            stored = await find_rules(uow, staff.tenant)
        return await _show(
            request, staff, context, stored, typed, asked=rules, refusal=STALE_FORM, status_code=409
        )
    return RedirectResponse("/retention?did=saved", 303)


def removes_more(before: RetentionRules, after: RetentionRules) -> bool:
    """Whether anything is kept for a shorter time than before."""
    return any(getattr(after, kind) < getattr(before, kind) for kind in RETENTION_KINDS)


async def _try(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    stored: StoredRules,
    typed: Mapping[str, str],
    rules: RetentionRules,
) -> Response:
    """The page with what the typed rules would remove now."""
    try:
        stale = totals(await dry_run(context.database, context.services, staff.tenant, rules))
    except ServiceUnavailable as error:
        refusal = service_unavailable(error.service)
        return await _show(
            request, staff, context, stored, typed, asked=rules, refusal=refusal.remedy, status_code=503
        )
    return await _show(request, staff, context, stored, typed, asked=rules, stale=stale)


async def _show(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    stored: StoredRules,
    typed: Mapping[str, str],
    *,
    asked: RetentionRules | None = None,
    faults: Mapping[str, str] | None = None,
    stale: Mapping[str, int] | None = None,
    refusal: Message | str = "",
    done: str = "",
    status_code: int = 200,
) -> Response:
    page = RetentionPage(
        lines=kind_lines(typed, faults or {}, stale),
        version=stored.version,
        tried=stale is not None,
        needs_confirmation=asked is not None and removes_more(stored.rules, asked),
        refusal=spoken(refusal),
        done=done,
    )
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "settings")
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


def _typed(rules: RetentionRules) -> dict[str, str]:
    return {kind: str(getattr(rules, kind)) for kind in RETENTION_KINDS}


def _number(days: str) -> int | str:
    number = whole_number(days)
    return days if number is None else number
