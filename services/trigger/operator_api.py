"""``/v1/companies``: companies are made, paused, exported and erased by whoever runs the installation."""

import msgspec
from fastapi import APIRouter

from services.trigger.company_changes import change_company
from services.trigger.company_states import StateChange, change_state
from services.trigger.context import OwnContext, TriggerContext
from services.trigger.errors import BadTenant, TenantExists, UnknownTenant, WrongState
from services.trigger.operator_problems import Operated, part_away
from services.trigger.operator_schemas import (
    CompanyBody,
    CompanyDetail,
    CompanyId,
    ErasureOfCompany,
    LeavingBody,
    NewCompany,
    OperatedChange,
    OperatedCompany,
    OperatedCompanyList,
)
from services.trigger.tenants import create_key, create_tenant, refuse_finished, take_back_key
from shared.events import Tenant
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import STARTER_SCOPES
from shared.privacy.audit import OPERATOR
from shared.privacy.company_routes import CompanyProgress, FirstAdminAnswer
from shared.privacy.erased import CONFIRMING_SERVICES
from shared.privacy.service_client import ServiceUnavailable, read_answer
from shared.tenancy.closed import find_closed
from shared.tenancy.tenants import all_tenants, find_tenant
from shared.values.mail_addresses import BadAddress, mail_address
from shared.values.messages import message

router = APIRouter(prefix="/v1/companies", tags=["companies"], route_class=CheckedRoute)
FIRST_KEY_NAME = "first key"


@router.get("", summary="All companies")
async def list_companies(_: Operated, context: OwnContext) -> OperatedCompanyList:
    """With their state."""
    async with context.database.reading() as uow:
        companies = await all_tenants(uow)
    return OperatedCompanyList(companies=[OperatedCompany.of(company) for company in companies])


@router.post("", status_code=201, summary="Make a company")
async def make_company(body: CompanyBody, _: Operated, context: OwnContext) -> NewCompany:
    """It begins in test mode, with one key and, where `admin` is given, its first administrator. The same
    again completes one that was interrupted before it had a key; else a short name that is taken is 409.
    """
    try:
        # Before anything is written: alerts is asked for the account only when the company is there.
        if body.admin is not None:
            mail_address(body.admin)
        await create_tenant(
            context.database,
            body.id,
            name=body.name,
            time_zone=body.time_zone,
            country=body.country,
            languages=body.languages,
            postal_address=body.postal_address,
            who=OPERATOR,
        )
    except TenantExists:
        await _refuse_finished(context, body)
    except (BadTenant, BadAddress) as fault:
        raise Problem(422, detail=fault.remedy) from None
    try:
        key = await create_key(
            context.database, body.id, STARTER_SCOPES, name=FIRST_KEY_NAME, only_first=True, who=OPERATOR
        )
    except TenantExists:  # the same request came twice at once
        raise _short_name_taken() from None
    except UnknownTenant:
        raise _short_name_gone() from None
    link = None if body.admin is None else await _link_with_key(context, body.id, body.admin, key)
    company = OperatedCompany.of(await _find(context, body.id))
    return NewCompany(**company.model_dump(), key=key, sign_in_link=link)


@router.get("/{company_id}", summary="One company, and how far its erasure is")
async def show_company(company_id: CompanyId, _: Operated, context: OwnContext) -> CompanyDetail:
    """Of one that has left, each service is asked; when one is away the answer is 503."""
    company = await _find(context, company_id)
    erasures = await _erasures(context, company_id) if company.state == "left" else []
    return CompanyDetail(**OperatedCompany.of(company).model_dump(), erasures=erasures)


@router.patch("/{company_id}", summary="Change a company's time zone")
async def change_zone(
    company_id: CompanyId, body: OperatedChange, _: Operated, context: OwnContext
) -> OperatedCompany:
    """Its administrators can do the same. One that leaves can be changed, one that has left is 404."""
    try:
        company = await change_company(context.database, company_id, time_zone=body.time_zone, who=OPERATOR)
    except UnknownTenant:
        raise Problem(404) from None
    except BadTenant as fault:
        raise Problem(422, detail=fault.remedy) from None
    return OperatedCompany.of(company)


@router.post("/{company_id}/pause", summary="Pause a company")
async def pause_company(company_id: CompanyId, _: Operated, context: OwnContext) -> OperatedCompany:
    """Nobody is asked any more: events are taken and decided as `company_paused`, and what waited to leave
    waits on. Links that were sent take answers, and people sign in and work.
    """
    return await _change(context, company_id, "pause")


@router.post("/{company_id}/resume", summary="Let a company that is paused go on")
async def resume_company(company_id: CompanyId, _: Operated, context: OwnContext) -> OperatedCompany:
    """What waited leaves, unless it is too old by then."""
    return await _change(context, company_id, "resume")


@router.post("/{company_id}/leave", summary="Let a company leave")
async def let_leave(
    company_id: CompanyId, body: LeavingBody, _: Operated, context: OwnContext
) -> OperatedCompany:
    """Its keys, its people's sessions and its customers' links open nothing from now on, but the links to
    unsubscribe and to their own data. Make an export until the days of grace are over; then every service
    erases all that it keeps of the company. `grace_days` for a company that leaves already moves its day.
    """
    return await _change(context, company_id, "leave", body.grace_days)


@router.post("/{company_id}/stay", summary="Let a company stay that was leaving")
async def let_stay(company_id: CompanyId, _: Operated, context: OwnContext) -> OperatedCompany:
    """It is paused then, and nothing of it was erased; its keys and its people's sessions open again."""
    return await _change(context, company_id, "stay")


async def _change(
    context: TriggerContext, company_id: str, change: StateChange, grace_days: int | None = None
) -> OperatedCompany:
    try:
        company = await change_state(
            context.database, company_id, change, grace_days=grace_days, who=OPERATOR
        )
    except UnknownTenant:
        raise Problem(404) from None
    except WrongState as error:
        raise Problem(
            409,
            message("This cannot be done with a company in this state."),
            message("It is %(state)s.", state=error.state),
        ) from None
    return OperatedCompany.of(company)


async def _refuse_finished(context: TriggerContext, body: CompanyBody) -> None:
    """Pass only a company whose making was interrupted.

    :raises Problem: 409 for any other.
    """
    try:
        await refuse_finished(context.database, body.id, body.name)
    except TenantExists:
        raise _short_name_taken() from None
    except WrongState as error:
        if error.state == "left":
            raise _short_name_gone() from None
        raise Problem(
            409,
            message("There is a company of this short name already."),
            message(
                "It is %(state)s. Let that one go on by `resume` or `stay`, or choose another short name.",
                state=error.state,
            ),
        ) from None


def _short_name_taken() -> Problem:
    return Problem(
        409,
        message("There is a company of this short name already."),
        message("Choose another short name."),
    )


def _short_name_gone() -> Problem:
    return Problem(
        409,
        message("A company of this short name has left."),
        message("Its short name is never given again. Choose another one."),
    )


async def _find(context: TriggerContext, company_id: str) -> Tenant:
    async with context.database.reading() as uow:
        company = await find_tenant(uow, company_id)
    if company is None:
        raise Problem(404)
    return company


async def _erasures(context: TriggerContext, company_id: str) -> list[ErasureOfCompany]:
    async with context.database.reading() as uow:
        own = await find_closed(uow, company_id)
    found: dict[str, CompanyProgress] = {"trigger": CompanyProgress()}
    if own is not None:
        found["trigger"] = CompanyProgress(erased_at=own.erased_at, swept_at=own.swept_at)
    try:
        for name in CONFIRMING_SERVICES:
            body = await context.services.get_body(
                name, "company/progress", purpose="company", tenant=company_id
            )
            found[name] = read_answer(name, body, CompanyProgress)
    except ServiceUnavailable as error:
        raise part_away(error) from error
    return [
        ErasureOfCompany(service=name, erased_at=each.erased_at, swept_at=each.swept_at)
        for name, each in found.items()
    ]


async def _link_with_key(context: TriggerContext, company_id: str, address: str, key: str) -> str:
    """The link of whoever made the key, so that of two requests at once none ends the other's link.

    Where there is none the key is taken back, so that the same request completes the company.
    """
    try:
        return await _first_admin(context, company_id, address)
    except BaseException:
        await take_back_key(context.database, company_id, key, who=OPERATOR)
        raise


async def _first_admin(context: TriggerContext, company_id: str, address: str) -> str:
    """The link by which the first administrator signs in.

    :raises Problem: 422 when nobody can have this address, 503 while alerts is away.
    """
    body = msgspec.json.encode({"address": address})
    try:
        answered = await context.services.post(
            "alerts", "first-admin", body, purpose="company", tenant=company_id
        )
        answer = read_answer("alerts", answered, FirstAdminAnswer)
    except ServiceUnavailable as error:
        raise part_away(error) from error
    if answer.link is None:
        raise Problem(422, detail=answer.fault or "")
    return answer.link
