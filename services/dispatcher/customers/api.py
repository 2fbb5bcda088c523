"""``POST /v1/customers``: customers whom a company may ask outside of an event."""

from fastapi import APIRouter, Request, Response

from services.dispatcher.callers import CompanyEditor
from services.dispatcher.context import OwnContext
from services.dispatcher.customers.customer_commands import keep_customers
from services.dispatcher.customers.openapi import CUSTOMERS_BODY
from services.dispatcher.customers.reading import (
    BadList,
    ReadCustomer,
    count_customers,
    read_customers,
)
from services.dispatcher.customers.schemas import CustomerFault, CustomerResult, CustomersResult
from services.dispatcher.tenants import tenant_or_placeholder
from shared.http.body_text import read_text
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/v1/customers", route_class=CheckedRoute)


@router.post(
    "",
    summary="Send customers who may be asked at any time",
    response_model=CustomersResult,
    openapi_extra=CUSTOMERS_BODY,
)
async def post_customers(request: Request, caller: CompanyEditor, context: OwnContext) -> Response:
    """Take up to 1,000 customers, for surveys that ask outside of an event.

    A customer's identity is the `id`. Sent again it replaces what is known: the same content changes nothing,
    and what is left out is empty. Each has an `email`, or a `phone` that is the number of a mobile phone, or
    both; a number without `+` is one of the customer's country, or else of yours. A segment `touchpoint` is
    an event's, not a customer's: it is not kept, and named in `errors`. So is a `phone` that no text reaches,
    of a customer with an `email`. Customers of events are known already. A bad one is refused by itself, the
    others are kept; one who was erased is refused.
    """
    async with context.database.reading() as uow:
        home = (await tenant_or_placeholder(uow, caller.tenant)).country or None
    try:
        reads = read_customers(await read_text(request), home)
    except BadList as error:
        raise Problem(413 if error.too_long else 400, detail=error.remedy) from None
    if any(read.customer is not None for read in reads):
        async with context.database.transaction() as uow:
            reads = await keep_customers(uow, context.secret, caller.tenant, reads, who=AuditActor.of(caller))
    accepted = sum(read.customer is not None for read in reads)
    customers = count_customers(reads)
    answer = CustomersResult(
        accepted=accepted,
        refused=len(reads) - accepted,
        customers=customers,
        repeated=accepted - customers,
        results=[_result(read) for read in reads],
    )
    return Response(answer.model_dump_json(), media_type="application/json")


def _result(read: ReadCustomer) -> CustomerResult:
    faults = [CustomerFault(field=fault["field"], detail=spoken(fault["detail"])) for fault in read.faults]
    return CustomerResult(
        id=read.id, status="refused" if read.customer is None else "accepted", errors=faults
    )
