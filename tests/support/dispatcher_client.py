"""Callers of the dispatcher: the headers of a company's key, the cookie of a person, the fields of a form."""

from datetime import UTC, datetime, timedelta
from typing import Any

from support.dispatcher_builders import TENANT
from support.http_clients import SECRET

from shared.http.csrf import CSRF_HEADER, CsrfGuard
from shared.http.staff_auth import AccessPass, Staff
from shared.ids import uuid7
from shared.permissions import Role

KEY, FOREIGN_KEY = "key of havnbo", "key of another"
SURVEY = {"name": "After delivery", "trigger": "order.delivered", "state": "live", "delay_minutes": 60}


def by_key(key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def a_person(role: Role = "admin", *, tenant: str = TENANT, segments: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a browser of somebody signed in sends."""
    staff = Staff(
        tenant, uuid7(), "Sara Lund", role, segments, "session", datetime.now(UTC) + timedelta(hours=1)
    )
    return {"Cookie": f"aw_access={AccessPass(SECRET).sign(staff)}", "Accept": "text/html"}


def form(**fields: str) -> dict[str, str]:
    return {"csrf": CsrfGuard(SECRET).token("session"), **fields}


def csrf_header() -> dict[str, str]:
    """What a script of ours sends beside the cookie where it changes something."""
    return {CSRF_HEADER: CsrfGuard(SECRET).token("session")}
