"""JSON routes that people and programs share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from shared.http.csrf import csrf_checked
from shared.http.keys import Bearer, Scope, key_of
from shared.http.problems import Problem
from shared.http.staff import Role, Staff, staff_of, wrong_role
from shared.keys import ApiKey


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a person or a key, never both, always of one tenant."""

    tenant: str
    staff: Staff | None
    key: ApiKey | None


def staff_or_key(scope: Scope, *roles: Role) -> Callable[..., Awaitable[Caller]]:
    """A dependency: a key with the scope, or somebody signed in in one of the roles (any, when none is
    named).

    A cookie goes along with any request, so one that would change something must carry the session's token
    too.
    """

    async def caller(request: Request, credentials: Bearer) -> Caller:
        if credentials is not None:
            key = key_of(request, credentials.credentials, scope)
            return Caller(key.tenant, None, key)
        staff = staff_of(request)
        if staff is None:
            raise Problem(401, headers={"WWW-Authenticate": 'Bearer realm="afterword"'})
        if roles and staff.role not in roles:
            raise wrong_role(*roles)
        if request.method != "GET":
            await csrf_checked(request)
        return Caller(staff.tenant, staff, None)

    return caller
