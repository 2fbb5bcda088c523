"""Ask every service for what it keeps of one customer."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from services.dispatcher.context import DispatcherContext
from services.dispatcher.erasures.domain import NamedCustomer
from services.dispatcher.exports import lookup, repository
from services.dispatcher.exports.domain import (
    SeveralCustomers,
    SoughtCustomer,
    UnknownCustomer,
)
from services.dispatcher.exports.file_rows import read_file_rows
from services.dispatcher.exports.keeping import days_kept
from services.dispatcher.exports.schemas import Export, exported
from services.dispatcher.models import PERSONAL_TABLES
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.http.problems import Problem
from shared.privacy.export import ASKED_SERVICES, ExportQuery, ExportSection
from shared.privacy.export_api import read_complete
from shared.privacy.export_links import ExportSubject
from shared.privacy.export_records import EXPORT_KINDS, KEPT, ExportKind
from shared.privacy.service_client import ServiceUnavailable, read_answer
from shared.values.messages import message

RETRY_AFTER_S = 30
SERVICES_IN_ORDER = (repository.SERVICE, *ASKED_SERVICES)


async def find_subject(context: DispatcherContext, tenant: str, sought: SoughtCustomer) -> ExportSubject:
    """Whom the caller means.

    :raises Problem: 404, 409 or 422, saying what was looked for.
    """
    try:
        async with context.database.reading() as uow:
            return await lookup.find_subject(uow, context.secret, tenant, sought)
    except UnknownCustomer:
        raise unknown_customer(sought) from None
    except SeveralCustomers as several:
        raise several_customers(several.customers) from None


async def export_of(
    context: DispatcherContext,
    subject: ExportSubject,
    sought: SoughtCustomer | None = None,
    *,
    kind: ExportKind | None = None,
    before: datetime | None = None,
) -> Export:
    """All that every service keeps of the person. No database connection is held while they are asked.

    :param sought: by what the person was looked for; None: by the pseudonym.
    :raises Problem: 404 when nothing is kept or the person was erased, 503 when a service is away.
    """
    query = ExportQuery(
        tenant=subject.tenant, person=subject.person, contact=subject.contact, kind=kind, before=before
    )
    async with context.export_lane.turn():
        async with context.database.reading() as uow:
            await _refuse_erased(uow, subject)
            own = await read_complete(uow, context.secret, PERSONAL_TABLES, repository.read_export, query)
            own += await read_file_rows(uow, context.secret, query)
        others = await _ask_all(context, query)
    async with context.database.reading() as uow:
        # Whoever was erased while the services were asked is not shown in part.
        await _refuse_erased(uow, subject)
        tenant = await tenant_or_placeholder(uow, subject.tenant)
        days = await days_kept(uow, subject.tenant, context.own.import_days)
        made_at = uow.now
    sections = sorted((*own, *others), key=_order)
    if kind is None and before is None and not any(section.records for section in sections):
        raise unknown_customer(sought)
    return Export(
        company=subject.tenant,
        company_name=tenant.name,
        made_at=made_at,
        person=subject.person,
        contact=subject.contact,
        sections=tuple(exported(section, days.get(KEPT[section.kind])) for section in sections),
    )


def unknown_customer(sought: SoughtCustomer | None) -> Problem:
    """The refusal that says by what the customer was looked for."""
    by = message("this code") if sought is None else sought.described
    return Problem(
        404,
        message("No customer is known here by %(sought)s.", sought=by),
        message("Nothing is kept under it. Check the spelling, or look for another id or address."),
    )


def several_customers(customers: Sequence[NamedCustomer]) -> Problem:
    """The refusal that lists the customers and asks which one is meant."""
    choices = [{"customer_id": each.customer_id, "addresses": each.addresses} for each in customers]
    return Problem(
        409,
        message("More than one customer may be meant."),
        message(
            "Say which: give the “customer_id”, or “customer_id” and “email” together for the customer under "
            "this address alone."
        ),
        members={"customers": choices},
    )


async def _refuse_erased(uow: UnitOfWork, subject: ExportSubject) -> None:
    if await repository.was_erased(uow, *subject):
        raise lookup.erased()


async def _ask_all(context: DispatcherContext, query: ExportQuery) -> list[ExportSection]:
    """The sections of all other services.

    :raises Problem: 503, naming the services that did not answer: nothing is shown in part.
    """
    answers = await asyncio.gather(
        *(_ask(context, service, query) for service in ASKED_SERVICES), return_exceptions=True
    )
    away, sections = [], []
    for answer in answers:
        if isinstance(answer, ServiceUnavailable):
            away.append(answer.service)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            sections += answer
    if away:
        raise Problem(
            503,
            message("Not every part of Afterword answers: %(services)s.", services=", ".join(away)),
            message("Nothing is shown in part. Try again in a minute."),
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )
    return sections


async def _ask(context: DispatcherContext, service: str, query: ExportQuery) -> list[ExportSection]:
    more = {"kind": query.kind, "before": query.before.isoformat() if query.before else None}
    body = await context.services.get_body(
        service,
        "export",
        purpose="export",
        tenant=query.tenant,
        claims={"person": query.person, "contact": query.contact},
        query={"limit": query.limit} | {name: value for name, value in more.items() if value is not None},
    )
    return read_answer(service, body, list[ExportSection])


def _order(section: ExportSection) -> tuple[int, int]:
    return EXPORT_KINDS.index(section.kind), SERVICES_IN_ORDER.index(section.service)
