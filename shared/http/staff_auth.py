"""Signed-in staff: a signed access pass of a few minutes that each service verifies on its own."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import Depends, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from shared.clock import Clock, system_clock
from shared.events import CLOSED_STATES
from shared.http.caller_checks import CallerCheck
from shared.http.context import http_of
from shared.http.problems import Problem, RedirectToPage, wants_page
from shared.permissions import ADMIN, ANALYST, ANSWER_ROLES, CASE_ROLES, Role
from shared.secrets import derive
from shared.values.messages import message

ACCESS_COOKIE = "aw_access"
SESSION_COOKIE = "aw_session"
HOST_ONLY_PREFIX = "__Host-"
"""Of the name of a cookie that no other host, and no unencrypted page, can set."""
ACCESS_PASS_LIFETIME_S = 300


@dataclass(frozen=True, slots=True)
class Staff:
    """A signed-in member of staff. The session's id is not secret, its token is."""

    tenant: str
    id: UUID
    name: str
    role: Role
    segments: tuple[str, ...]
    """The only ones that this user may see; none: all of them."""
    session_id: str
    expires_at: datetime

    @property
    def sees_names(self) -> bool:
        """Whether this user may see who a customer is; analysts see scores and comments only."""
        return self.role != ANALYST

    @property
    def administers_company(self) -> bool:
        """Whether this user is an administrator who is not limited to segments."""
        return self.role == ADMIN and not self.segments

    @property
    def reads_answers(self) -> bool:
        """Whether this user may read single answers as lists and files have them."""
        return self.role in ANSWER_ROLES

    @property
    def works_on_cases(self) -> bool:
        """Whether this user may see and handle cases."""
        return self.role in CASE_ROLES


class AccessPass:
    """Signs the access cookie (in alerts) and verifies it (in every service).

    After its session is revoked a pass still works until it expires.
    """

    def __init__(
        self, secret: str, *, lifetime_s: int = ACCESS_PASS_LIFETIME_S, clock: Clock = system_clock
    ) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._serializer = URLSafeTimedSerializer(
            derive(secret, "staff access"),
            salt="afterword.access",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def sign(self, staff: Staff) -> str:
        """The value of the cookie for this user."""
        values = [staff.tenant, str(staff.id), staff.name, staff.role, staff.segments, staff.session_id]
        return str(self._serializer.dumps([*values, staff.expires_at.isoformat()]))

    def verify(self, cookie: str) -> Staff | None:
        """The user of the pass; None when we did not sign it, or the pass or its session has expired."""
        try:
            tenant, person, name, role, segments, session_id, expires = self._serializer.loads(
                cookie, max_age=self._lifetime_s
            )
        except BadSignature:
            return None
        expires_at = datetime.fromisoformat(expires)
        if expires_at <= self._clock():
            return None
        return Staff(tenant, UUID(person), name, role, tuple(segments), session_id, expires_at)

    def seconds_left(self, cookie: str) -> float:
        """Until the pass expires; a live stream that it opened ends then. 0 for an invalid pass."""
        try:
            _, signed_at = self._serializer.loads(cookie, max_age=self._lifetime_s, return_timestamp=True)
        except BadSignature:
            return 0.0
        age: float = (self._clock() - signed_at).total_seconds()
        return max(0.0, self._lifetime_s - age)


def cookie_name(name: str, *, encrypted: bool) -> str:
    """The full name of one of our cookies: bound to the staff's host where that uses https."""
    return HOST_ONLY_PREFIX + name if encrypted else name


def cookie_of(request: Request, name: str) -> str:
    """The value of one of our cookies; empty when the request does not have it."""
    return request.cookies.get(cookie_name(name, encrypted=http_of(request).encrypted), "")


def staff_of(request: Request) -> Staff | None:
    """The signed-in user of this request; None without a valid pass."""
    cookie = cookie_of(request, ACCESS_COOKIE)
    return http_of(request).access.verify(cookie) if cookie else None


def seconds_left(request: Request) -> float:
    """Until the pass of this request expires; 0 without a valid one."""
    return http_of(request).access.seconds_left(cookie_of(request, ACCESS_COOKIE))


class signed_in(CallerCheck[Staff]):  # noqa: N801  (reads as what it does where a route is declared)
    """A dependency: the signed-in user, with one of these roles (any role when none is named).

    A browser without a valid pass is redirected to renew it and comes back, a POST with its body; a program
    gets 401. With another role a page is not found (404), and a program gets 403 with the roles that may.

    :param whole_company: whether users who are limited to segments are refused (403).
    """

    def __init__(self, *roles: Role, whole_company: bool = False) -> None:
        self._roles = roles
        self._whole_company = whole_company

    async def check(self, request: Request) -> Staff:
        """The user.

        :raises RedirectToPage: for a browser without a valid pass.
        :raises Problem: 401, 403 or 404.
        """
        staff = staff_of(request)
        if staff is None:
            raise renewal(request) if wants_page(request) else Problem(401)
        refuse_closed(request, staff)
        if self._roles and staff.role not in self._roles:
            raise Problem(404) if wants_page(request) else wrong_role(*self._roles)
        if self._whole_company:
            refuse_limited(staff)
        return staff


def wrong_role(*roles: Role) -> Problem:
    """The refusal that names the roles that may."""
    return Problem(
        403,
        message("Your role may not do this."),
        message("It takes one of: %(roles)s. Ask an administrator.", roles=", ".join(roles)),
    )


def refuse_limited(staff: Staff) -> None:
    """Refuse a user who sees some segments only what holds data of customers of all segments.

    :raises Problem: 403.
    """
    if staff.segments:
        raise Problem(
            403,
            message("You see a part of the company only."),
            message("This is about customers of the whole company. Ask an administrator who sees all of it."),
        )


def refuse_closed(request: Request, staff: Staff) -> None:
    """Refuse a user whose company leaves, or has left.

    :raises Problem: 403.
    """
    if http_of(request).keys.company_state(staff.tenant) in CLOSED_STATES:
        raise Problem(
            403,
            message("Your company has left Afterword."),
            message("Its pages and keys are closed. Whoever runs this installation has its export."),
        )


def renewal(request: Request) -> RedirectToPage:
    """The redirect of a browser whose pass has expired; it returns with the same request."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    # The middleware has turned HEAD into GET; after a 307 the browser sends a POST again with its body.
    return RedirectToPage(
        f"/login/renew?next={quote(safe_next(here), safe='')}", 303 if request.method == "GET" else 307
    )


def safe_next(path: str | None) -> str:
    """The path when it is one of ours, else `/`: a link cannot send a user to another site."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path:
        return "/"
    if any(ord(c) < ord(" ") or ord(c) == ord("\x7f") for c in path):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path


CompanyAdmin = Annotated[Staff, Depends(signed_in(ADMIN, whole_company=True))]
"""An administrator who is limited to no segments: for data of all customers, and rules about it."""
