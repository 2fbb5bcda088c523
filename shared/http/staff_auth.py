"""People who are signed in: a signed pass of five minutes that each service verifies alone."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from shared.clock import Clock, system_clock
from shared.http.caller_checks import CallerCheck
from shared.http.context import http_of
from shared.http.problems import Elsewhere, Problem, wants_page
from shared.permissions import ANALYST, CASE_ROLES, Role
from shared.secrets import derive

ACCESS_COOKIE = "aw_access"
SESSION_COOKIE = "aw_session"
HOST_ONLY = "__Host-"
"""How the name of a cookie begins that no other host, and nobody without encryption, can set."""
MAX_SEGMENTS_BYTES_IN_PASS = 300


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who is signed in. No segments means all of them; the session's id is no secret, its token
    is.
    """

    tenant: str
    id: UUID
    name: str
    role: Role
    segments: tuple[str, ...]
    session_id: str
    expires_at: datetime

    @property
    def sees_names(self) -> bool:
        """Whether this person may read who a customer is; an analyst reads numbers and words."""
        return self.role != ANALYST

    @property
    def works_on_cases(self) -> bool:
        """Whether cases are this person's work; to the others they are not there."""
        return self.role in CASE_ROLES


class AccessPass:
    """Signs the access cookie at alerts, verifies it everywhere. A revoked session is dead when the pass
    runs out.
    """

    def __init__(
        self, secret: str, *, longest: int = MAX_SEGMENTS_BYTES_IN_PASS, clock: Clock = system_clock
    ) -> None:
        self._longest = longest
        self._clock = clock
        self._serializer = URLSafeTimedSerializer(
            derive(secret, "staff access"),
            salt="afterword.access",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def sign(self, staff: Staff) -> str:
        """The cookie's value for this person."""
        told = [staff.tenant, str(staff.id), staff.name, staff.role, staff.segments, staff.session_id]
        return str(self._serializer.dumps([*told, staff.expires_at.isoformat()]))

    def verify(self, cookie: str) -> Staff | None:
        """Who the cookie speaks for, or None when it is not ours, older than five minutes, or its session
        is over.
        """
        try:
            tenant, person, name, role, segments, session_id, expires = self._serializer.loads(
                cookie, max_age=self._longest
            )
        except BadSignature:
            return None
        expires_at = datetime.fromisoformat(expires)
        if expires_at <= self._clock():
            return None
        return Staff(tenant, UUID(person), name, role, tuple(segments), session_id, expires_at)

    def seconds_left(self, cookie: str) -> float:
        """How long a pass still holds: what stays open (a live stream) must end with it."""
        try:
            _, signed_at = self._serializer.loads(cookie, max_age=self._longest, return_timestamp=True)
        except BadSignature:
            return 0.0
        age: float = (self._clock() - signed_at).total_seconds()
        return max(0.0, self._longest - age)


def cookie_name(name: str, *, encrypted: bool) -> str:
    """How this cookie of ours is called: where the staff's address is https, it is for that host alone."""
    return HOST_ONLY + name if encrypted else name


def cookie_of(request: Request, name: str) -> str:
    """What the browser sends as this cookie of ours; empty when it sends none."""
    return request.cookies.get(cookie_name(name, encrypted=http_of(request).encrypted), "")


def staff_of(request: Request) -> Staff | None:
    """Who is signed in on this request, if anybody."""
    cookie = cookie_of(request, ACCESS_COOKIE)
    return http_of(request).access.verify(cookie) if cookie else None


def seconds_left(request: Request) -> float:
    """How long the pass of this request still holds; 0 without a good one."""
    return http_of(request).access.seconds_left(cookie_of(request, ACCESS_COOKIE))


class signed_in(CallerCheck[Staff]):  # noqa: N801  (reads as what it does where a route is declared)
    """A dependency: who is signed in, in one of these roles (any, when none is named).

    A browser without a good pass goes to have it renewed and comes back, a POST with its body; a program
    gets 401. In a wrong role a page is not there (404), and a program is told which roles may (403).
    """

    def __init__(self, *roles: Role) -> None:
        self._roles = roles

    async def check(self, request: Request) -> Staff:
        """Who it is.

        :raises Elsewhere: to a browser without a good pass.
        :raises Problem: 401, 403 or 404.
        """
        staff = staff_of(request)
        if staff is None:
            raise renewal(request) if wants_page(request) else Problem(401)
        if self._roles and staff.role not in self._roles:
            raise Problem(404) if wants_page(request) else wrong_role(*self._roles)
        return staff


def wrong_role(*roles: Role) -> Problem:
    """The refusal that names who may."""
    return Problem(
        403, "Your role may not do this.", f"It takes one of: {', '.join(roles)}. Ask an administrator."
    )


def renewal(request: Request) -> Elsewhere:
    """Where a browser goes whose pass is over, to come back with the same request."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    # The edge has turned a HEAD into a GET; a 307 makes the browser send a POST again with its body.
    return Elsewhere(
        f"/login/renew?next={quote(safe_next(here), safe='')}", 303 if request.method == "GET" else 307
    )


def safe_next(path: str | None) -> str:
    """The address itself when it is a path of ours, else the first page: nobody is sent elsewhere by a
    link.
    """
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path:
        return "/"
    if any(ord(c) < ord(" ") or ord(c) == ord("\x7f") for c in path):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path
