"""Find the one customer that a caller means, by the same rules as an erasure."""

from services.dispatcher.erasures.customer_search import find_customers, find_erasure, search_of
from services.dispatcher.erasures.domain import CustomerNotFound, CustomerSearch, NotOneCustomer, scope_of
from services.dispatcher.erasures.requests import ErasureRefused, ErasureRequest
from services.dispatcher.exports import repository
from services.dispatcher.exports.domain import SeveralCustomers, SoughtCustomer, UnknownCustomer
from services.dispatcher.repository.known_names import knows_all_names
from shared.db import UnitOfWork
from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault
from shared.privacy.export_api import being_prepared
from shared.privacy.export_links import ExportSubject
from shared.values.messages import message

ERASED_TITLE = message("This customer was erased on request.")
ERASED_DETAIL = message("Nothing of them is kept but that they are not to be asked again.")


async def find_subject(uow: UnitOfWork, secret: str, tenant: str, sought: SoughtCustomer) -> ExportSubject:
    """Whom the caller means.

    :raises SeveralCustomers: when there are several under what was given, or one with several addresses.
    :raises UnknownCustomer: when nobody is known under it, or what was given does not belong together.
    :raises Problem: 404 when the customer was erased, 422 for an id that stands for nobody or no number, 503
        while not all names of customers are known yet.
    """
    request = ErasureRequest(*sought).trimmed()
    try:
        search = await search_of(uow, secret, tenant, request)
    except ErasureRefused as refused:
        raise Problem(
            422, errors=[FieldFault(field=refused.field.strip("/"), detail=refused.remedy)]
        ) from None
    if not await knows_all_names(uow):
        raise being_prepared()
    customers = await find_customers(uow, tenant, search)
    try:
        person, contact = scope_of(search.sought, customers)
    except NotOneCustomer as several:
        raise SeveralCustomers(several.customers) from None
    except CustomerNotFound:
        if await _was_erased(uow, tenant, search):
            raise erased() from None
        raise UnknownCustomer from None
    if await repository.was_erased(uow, tenant, person, contact):
        raise erased()
    return ExportSubject(tenant, person, contact)


async def _was_erased(uow: UnitOfWork, tenant: str, search: CustomerSearch) -> bool:
    """Whether whoever had these names was erased; without an id they were known by the hash alone."""
    if await find_erasure(uow, tenant, search) is not None:
        return True
    for person in search.persons or search.without_id:
        if await repository.was_erased(uow, tenant, person, search.sought.contact):
            return True
    return False


def erased() -> Problem:
    """The refusal of the export of a customer who was erased."""
    return Problem(404, ERASED_TITLE, ERASED_DETAIL)
