"""Who manages people by the API, and whom: an administrator limited to segments those who see no more."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path

from services.alerts.errors import BadAccount
from services.alerts.staff import accounts
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault
from shared.permissions import ADMIN, EVERY_SCOPE

PeopleAdmin = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN))]
PersonId = Annotated[UUID, Path(description="The person's id.")]


def own_segments(caller: Caller) -> tuple[str, ...]:
    """The only segments that the caller may see; none: all of them."""
    return caller.staff.segments if caller.staff is not None else ()


async def managed_person(uow: UnitOfWork, caller: Caller, person: UUID, *, lock: bool = False) -> Any:
    """Somebody who sees no more than the caller does.

    :raises Problem: 404 for anybody else.
    """
    found = await people.find_person(uow, caller.tenant, person, lock=lock)
    if found is None or not accounts.is_within(own_segments(caller), found.segments):
        raise Problem(404)
    return found


def refused_account(fault: BadAccount) -> Problem:
    """The response to what an account or a setting of sign-in cannot be."""
    return Problem(422, errors=[FieldFault(field=f"/{fault.field}", detail=fault.remedy)])
