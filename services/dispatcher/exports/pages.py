"""Pages for administrators: find a customer, read what is kept, download it, make a link for the customer.

No address or id is part of a page's address: behind the form a customer is named by the pseudonym.
"""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.exports import link_commands, link_repository, lookup
from services.dispatcher.exports.access_log import record_access
from services.dispatcher.exports.api import download
from services.dispatcher.exports.domain import SeveralCustomers, SoughtCustomer, UnknownCustomer
from services.dispatcher.exports.export_commands import export_of, several_customers, unknown_customer
from services.dispatcher.exports.schemas import Export
from services.dispatcher.exports.views import (
    Choice,
    CustomerDataPage,
    FindCustomerPage,
    ShownExport,
    ShownLink,
    Typed,
)
from services.dispatcher.frame import frame_of
from shared.http.csrf import CsrfChecked
from shared.http.numbers import whole_number
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.http.text_safety import text_faults
from shared.pages.language import spoken, translated
from shared.privacy.audit import AuditActor
from shared.privacy.export_links import ExportLink, ExportSubject
from shared.values.messages import message

router = APIRouter(include_in_schema=False, prefix="/customers", route_class=CheckedRoute)
KEYED_HASH = r"^[0-9a-f]{64}$"
PersonPath = Annotated[str, Path(pattern=KEYED_HASH)]
Contact = Annotated[str, Query(pattern=r"^([0-9a-f]{64})?$")]
MAX_TYPED_CHARS = {"customer_id": 200, "email": 320, "phone": 100}
MAX_LINKS_SHOWN = 100
NOTHING_TYPED = message("Type an id, an address or a number.")
TOO_LONG = message("This is longer than any that is kept.")


@router.get("")
async def ask(request: Request, staff: CompanyAdmin, context: OwnContext, did: str = "") -> Response:
    """The form, and the links that are still valid."""
    done = translated("The link is withdrawn. It shows nothing any more.") if did == "withdrawn" else ""
    return await _form(request, staff, context, FindCustomerPage(typed=Typed(), done=done))


@router.post("")
async def find(request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext) -> Response:
    """Go to the customer's page, or say who may be meant, or that nobody is known."""
    form = await request.form()
    customer_id, email, phone = (str(form.get(name, "")) for name in MAX_TYPED_CHARS)
    # Two ids may differ in white space alone.
    typed = Typed(customer_id if customer_id.strip() else "", email.strip(), phone.strip())
    if faults := text_faults(vars(typed)):
        raise Problem(400, errors=faults)
    sought = SoughtCustomer(typed.customer_id or None, typed.email or None, typed.phone or None)
    if wrong := _faults(typed):
        return await _form(request, staff, context, FindCustomerPage(typed=typed, faults=wrong), 422)
    try:
        async with context.database.reading() as uow:
            subject = await lookup.find_subject(uow, context.secret, staff.tenant, sought)
    except SeveralCustomers as several:
        refusal, choices = several_customers(several.customers), Choice.all_of(several)
        page = FindCustomerPage(typed=typed, choices=choices, refused=spoken(refusal.title))
        return await _form(request, staff, context, page, refusal.status)
    except UnknownCustomer:
        return await _refused(request, staff, context, typed, unknown_customer(sought))
    except Problem as refusal:
        return await _refused(request, staff, context, typed, refusal)
    return RedirectResponse(_path(subject), 303)


@router.get("/{person}")
async def show(
    person: PersonPath, request: Request, staff: CompanyAdmin, context: OwnContext, contact: Contact = ""
) -> Response:
    """What is kept of the customer, in sentences."""
    subject = ExportSubject(staff.tenant, person, contact or None)
    try:
        export = await export_of(context, subject)
    except Problem as refusal:
        if refusal.status != 404:  # noqa: PLR2004  (a status)
            raise
        return await _refused(request, staff, context, Typed(), refusal)
    async with context.database.transaction() as uow:
        record_access(uow, "read", subject, staff)
    return await _data(request, staff, context, subject, export)


@router.get("/{person}/download")
async def download_export(
    person: PersonPath, staff: CompanyAdmin, context: OwnContext, contact: Contact = ""
) -> Response:
    """The same as a JSON document."""
    subject = ExportSubject(staff.tenant, person, contact or None)
    export = await export_of(context, subject)
    async with context.database.transaction() as uow:
        record_access(uow, "downloaded", subject, staff)
    return download(export)


@router.post("/{person}/link")
async def make_link(
    person: PersonPath,
    request: Request,
    staff: CompanyAdmin,
    _: CsrfChecked,
    context: OwnContext,
    contact: Contact = "",
) -> Response:
    """Make a link for the customer, which shows the same page for seven days.

    Not when the customer has got another address since the form was shown: it may be somebody else's.
    """
    subject = ExportSubject(staff.tenant, person, contact or None)
    seen = whole_number(str((await request.form()).get("addresses", "")))
    export = await export_of(context, subject)
    async with context.database.transaction() as uow:
        addresses = len(await link_repository.find_contacts(uow, staff.tenant, person))
        made = None
        if contact or seen in {None, addresses}:
            made = await link_commands.make_link(uow, context, subject, staff)
    return await _data(request, staff, context, subject, export, made=made, refused=made is None)


@router.post("/links/{link_id}/withdraw")
async def withdraw(link_id: UUID, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext) -> Response:
    """End a link before its time."""
    async with context.database.transaction() as uow:
        if not await link_commands.withdraw_link(uow, staff.tenant, link_id, AuditActor.of_staff(staff)):
            raise Problem(404)
    return RedirectResponse("/customers?did=withdrawn", 303)


def _path(subject: ExportSubject, act: str = "") -> str:
    return f"/customers/{subject.person}{act}" + (f"?contact={subject.contact}" if subject.contact else "")


def _faults(typed: Typed) -> list[tuple[str, str]]:
    if typed == Typed():
        return [("customer_id", spoken(NOTHING_TYPED))]
    return [
        (name, spoken(TOO_LONG)) for name, most in MAX_TYPED_CHARS.items() if len(getattr(typed, name)) > most
    ]


async def _refused(
    request: Request, staff: Staff, context: DispatcherContext, typed: Typed, refusal: Problem
) -> Response:
    faults = [(fault["field"], spoken(fault["detail"])) for fault in refusal.errors]
    page = FindCustomerPage(
        typed=typed, refused=spoken(refusal.title), why=spoken(refusal.remedy), faults=faults
    )
    return await _form(request, staff, context, page, refusal.status)


async def _form(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    page: FindCustomerPage,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "customers")
        links = await link_repository.list_valid(uow, staff.tenant, limit=MAX_LINKS_SHOWN)
    page = replace(page, links=[ShownLink.of(row) for row in links])
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _data(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    subject: ExportSubject,
    export: Export,
    *,
    made: tuple[str, ExportLink] | None = None,
    refused: bool = False,
) -> Response:
    tenant, person, contact = subject
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "customers")
        addresses = len(await link_repository.find_contacts(uow, tenant, person))
        links = await link_repository.list_valid(uow, tenant, person=person, limit=MAX_LINKS_SHOWN)
    page = CustomerDataPage(
        export=ShownExport.of(export),
        path=f"/customers/{person}",
        contact=f"?contact={contact}" if contact else "",
        addresses=addresses,
        refused=refused,
        link=f"{context.afterword.public_url.rstrip('/')}/x/{made[0]}" if made is not None else "",
        link_ends=made[1].expires_at if made is not None else None,
        links=[ShownLink.of(row) for row in links],
    )
    return context.pages.page(request, page, staff=staff, frame=frame)
