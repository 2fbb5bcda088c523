"""JSON routes that take both staff sessions and API keys."""

from dataclasses import dataclass

from fastapi import Request

from shared.api_keys import ApiKey
from shared.http.caller_checks import CallerCheck
from shared.http.csrf import csrf_checked
from shared.http.key_auth import KeySecurity, key_of, token_of
from shared.http.problems import Problem
from shared.http.staff_auth import Staff, refuse_closed, refuse_limited, staff_of, wrong_role
from shared.permissions import Role, Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of one tenant: a member of staff or a key, never both."""

    tenant: str
    staff: Staff | None
    key: ApiKey | None


class staff_or_key(KeySecurity, CallerCheck[Caller]):  # noqa: N801  (reads as what it does where a route is declared)
    """A dependency: a key with the scope, or a user signed in with one of the roles (none: any role).

    Browsers add the cookie to every request, so a staff request that changes something must carry the
    session's CSRF token, too.

    :param whole_company: whether users who are limited to segments are refused; a key never is.
    """

    def __init__(self, scope: Scope, *roles: Role, whole_company: bool = False) -> None:
        super().__init__(scope)
        self._roles = roles
        self._whole_company = whole_company

    async def check(self, request: Request) -> Caller:
        """The caller.

        :raises Problem: 401 or 403, and what ``key_of`` raises for a key.
        """
        token = token_of(request)
        if token is not None:
            key = await key_of(request, token, self.scope)
            return Caller(key.tenant, None, key)
        staff = staff_of(request)
        if staff is None:
            raise Problem(401, headers={"WWW-Authenticate": 'Bearer realm="afterword"'})
        refuse_closed(request, staff)
        if self._roles and staff.role not in self._roles:
            raise wrong_role(*self._roles)
        if self._whole_company:
            refuse_limited(staff)
        if request.method != "GET":
            await csrf_checked(request)
        return Caller(staff.tenant, staff, None)
