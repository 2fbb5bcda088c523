"""Protection against cross-site requests: a token bound to the session, and the browser's own headers."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from shared.http.bounded_request import FORM_MEDIA_TYPE
from shared.http.caller_checks import CallerCheck
from shared.http.context import http_of
from shared.http.media_types import media_type_of
from shared.http.problems import Problem, wants_page
from shared.http.staff_auth import Staff, renewal, staff_of
from shared.secrets import derive
from shared.values.messages import message

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf"


class CsrfGuard:
    """Makes and compares the CSRF tokens of sessions."""

    def __init__(self, secret: str) -> None:
        self._key = derive(secret, "csrf")

    def token(self, session_id: str) -> str:
        """The token that each form of this session carries."""
        return hmac.new(self._key, session_id.encode(), hashlib.sha256).hexdigest()

    def matches(self, session_id: str, token: str) -> bool:
        """Whether the token is this session's."""
        return hmac.compare_digest(self.token(session_id).encode(), token.encode("utf-8", "replace"))


def stale_form() -> Problem:
    """The refusal of a form whose token is not the session's."""
    return Problem(
        403,
        message("Go back and press the button again."),
        message(
            "This form was open since before you last signed in, or it came from another page. "
            "Nothing was done, and nothing that you wrote is lost: it is still there when you go back."
        ),
    )


def refuse_foreign(request: Request) -> None:
    """Refuse a request that another site sent.

    Our pages have `Referrer-Policy: no-referrer`, under which browsers send `Origin: null` with our own
    forms. So `Sec-Fetch-Site` decides when it is there, and a null origin proves nothing.

    :raises Problem: 403.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise stale_form()
        return
    origin = request.headers.get("origin", "null")
    if origin != "null" and _host_of(origin) != request.headers.get("host"):
        raise stale_form()


def _host_of(origin: str) -> str | None:
    """Host and port of an origin; None when it has none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


SessionIsLive = Callable[[Staff], Awaitable[bool]]
"""Whether the session still exists, and its user still has the role and the segments that the pass says."""


class _OwnSite(CallerCheck[None]):
    async def check(self, request: Request) -> None:
        refuse_foreign(request)


own_site_checked = _OwnSite()
"""A dependency for forms without a session (sign-in, a customer's answer): our own site sent it."""


async def csrf_checked(request: Request) -> None:
    """A dependency for staff forms: our own site sent it, with this session's token.

    Declare it after ``signed_in``, so that an expired pass is renewed and not refused.
    """
    refuse_foreign(request)
    http = http_of(request)
    staff = staff_of(request)
    if staff is None:
        raise stale_form()
    token = request.headers.get(CSRF_HEADER)
    if token is None and media_type_of(request) == FORM_MEDIA_TYPE:
        field = (await request.form()).get(CSRF_FIELD)
        token = field if isinstance(field, str) else None
    if token is None or not http.csrf.matches(staff.session_id, token):
        raise stale_form()
    if http.session_is_live is not None and not await http.session_is_live(staff):
        raise renewal(request) if wants_page(request) else Problem(401)


CsrfChecked = Annotated[None, Depends(csrf_checked)]
"""Of a route that takes a form of a page: its token is that of the session. It stands behind the signed-in
staff in a signature, so that an expired pass is renewed and not refused.
"""
