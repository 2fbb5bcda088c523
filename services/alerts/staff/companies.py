"""The companies that one address and password opened, for the choice between them.

A signed cookie lists them. It gives no access alone: it counts for five minutes after the password was
given, and afterwards only beside a session in one of those companies; and each account only while it may sign
in with the password that it had then.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from services.alerts.staff.passwords import password_fingerprint
from services.alerts.staff.repository import people, sessions
from services.alerts.staff.sessions import SESSION_LIFETIME_S, session_id
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.secrets import derive
from shared.tenancy.tenants import find_tenant

COMPANIES_COOKIE = "aw_companies"
CHOICE_LIFETIME_S = 300
"""From the password to the choice."""


@dataclass(frozen=True, slots=True)
class CompanyChoice:
    """A company that may be chosen."""

    tenant: str
    name: str
    person: UUID


class Companies:
    """Signs and reads the list that a browser keeps."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(
            derive(secret, "companies of an address"),
            salt="afterword.companies",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def sign(self, accounts: Sequence[Any]) -> str:
        """The cookie that lists the companies of these accounts."""
        listed = [[one.tenant, str(one.id), password_fingerprint(one)] for one in accounts]
        return str(self._serializer.dumps(listed))

    async def read(self, uow: UnitOfWork, cookie: str, staff: Staff | None) -> list[CompanyChoice]:
        """The companies that may be chosen now; none when the list is not ours, or is over."""
        listed = self._listed(cookie, CHOICE_LIFETIME_S)
        if not listed and staff is not None:
            listed = self._listed(cookie, SESSION_LIFETIME_S)
            here = staff.tenant, str(staff.id)
            live = await sessions.live_session(uow, staff.tenant, session_id(staff), staff.id)
            if live is None or not any((tenant, person) == here for tenant, person, _ in listed):
                return []
        found = []
        for tenant, person, fingerprint in listed:
            account = await people.find_person(uow, tenant, UUID(person))
            if account is not None and account.active and password_fingerprint(account) == fingerprint:
                company = await find_tenant(uow, tenant)
                found.append(CompanyChoice(tenant, company.name if company else tenant, account.id))
        return sorted(found, key=lambda one: (one.name.casefold(), one.tenant))

    def _listed(self, cookie: str, seconds: int) -> list[list[str]]:
        try:
            return list(self._serializer.loads(cookie, max_age=seconds))
        except BadSignature:
            return []
