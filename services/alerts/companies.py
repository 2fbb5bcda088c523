"""The companies that one address and password opened: which of them somebody goes to, then and later.

A signed cookie lists them. It opens nothing by itself: it counts for five minutes after the password was
given, and afterwards only beside a session of one of those companies; and each account only while it may sign
in with the password that it had then.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from services.alerts.accounts import SESSION_LASTS
from services.alerts.repository import people
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.secrets import derive
from shared.tenancy.tenants import find_tenant

COMPANIES_COOKIE = "aw_companies"
CHOOSE_WITHIN = 300
"""Seconds from the password to the choice."""


@dataclass(frozen=True, slots=True)
class Company:
    """One of them."""

    tenant: str
    name: str
    person: UUID


class Companies:
    """Makes and reads the list that a browser keeps."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(
            derive(secret, "companies of an address"),
            salt="afterword.companies",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def sign(self, accounts: Sequence[Any]) -> str:
        """The cookie's value for these accounts."""
        return str(self._serializer.dumps([[one.tenant, str(one.id), _mark(one)] for one in accounts]))

    async def read(self, uow: UnitOfWork, cookie: str, staff: Staff | None) -> list[Company]:
        """Those that may be gone to now; empty when the list is not ours, or is over."""
        listed = self._listed(cookie, CHOOSE_WITHIN)
        if not listed and staff is not None:
            listed = self._listed(cookie, int(SESSION_LASTS.total_seconds()))
            here = staff.tenant, str(staff.id)
            live = await people.live_session(uow, staff.tenant, UUID(staff.session_id), staff.id)
            if live is None or not any((tenant, person) == here for tenant, person, _ in listed):
                return []
        found = []
        for tenant, person, mark in listed:
            account = await people.find_person(uow, tenant, UUID(person))
            if account is not None and account.active and _mark(account) == mark:
                company = await find_tenant(uow, tenant)
                found.append(Company(tenant, company.name if company else tenant, account.id))
        return sorted(found, key=lambda one: (one.name.casefold(), one.tenant))

    def _listed(self, cookie: str, seconds: int) -> list[list[str]]:
        try:
            return list(self._serializer.loads(cookie, max_age=seconds))
        except BadSignature:
            return []


def _mark(account: Any) -> str:
    """What changes with the password."""
    return hashlib.sha256((account.password_hash or "").encode()).hexdigest()[:16]
