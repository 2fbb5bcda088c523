"""Find the one customer that a caller means, by the same rules as an erasure."""

from services.dispatcher.erasures import repository as erasure_rows
from services.dispatcher.erasures.domain import CustomerNotFound, NotOneCustomer, Sought, scope_of
from services.dispatcher.erasures.erasure_commands import ErasureRefused, ErasureRequest, sought_names
from services.dispatcher.exports import repository
from services.dispatcher.exports.domain import SeveralCustomers, SoughtCustomer, UnknownCustomer
from shared.db import UnitOfWork
from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault
from shared.privacy.export_api import being_prepared
from shared.privacy.export_links import ExportSubject
from shared.privacy.persons import person_of
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
        names = await sought_names(uow, secret, tenant, request)
    except ErasureRefused as refused:
        raise Problem(
            422, errors=[FieldFault(field=refused.field.strip("/"), detail=refused.remedy)]
        ) from None
    if not await erasure_rows.knows_all_names(uow):
        raise being_prepared()
    customers = await erasure_rows.find_named(uow, tenant, names, request.customer_id)
    try:
        person, contact = scope_of(names, customers)
    except NotOneCustomer as several:
        raise SeveralCustomers(several.customers) from None
    except CustomerNotFound:
        if await _was_erased(uow, secret, tenant, names):
            raise erased() from None
        raise UnknownCustomer from None
    if await repository.was_erased(uow, tenant, person, contact):
        raise erased()
    return ExportSubject(tenant, person, contact)


async def _was_erased(uow: UnitOfWork, secret: str, tenant: str, names: Sought) -> bool:
    """Whether whoever had these names was erased; without an id they were known by the hash alone."""
    if await erasure_rows.find_by_names(uow, tenant, names.names) is not None:
        return True
    hashed = names.contact or names.phone
    person = names.person or (person_of(secret, tenant, hashed) if hashed is not None else "")
    return await repository.was_erased(uow, tenant, person, names.contact)


def erased() -> Problem:
    """The refusal of the export of a customer who was erased."""
    return Problem(404, ERASED_TITLE, ERASED_DETAIL)
