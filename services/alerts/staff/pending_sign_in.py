"""Who has given the password but not the second factor: a signed cookie of ten minutes, without access."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from services.alerts.staff.passwords import password_fingerprint
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.secrets import derive

PENDING_COOKIE = "aw_pending"
PENDING_LIFETIME_S = 600
"""Long enough to install an app."""


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """An account whose password was given, and where its person wants to go."""

    account: Any
    goal: str


class PendingSignIns:
    """Signs and reads the cookie."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(
            derive(secret, "pending sign-in"),
            salt="afterword.pending-sign-in",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def sign(self, account: Any, goal: str) -> str:
        """The cookie for this account."""
        values = [account.tenant, str(account.id), password_fingerprint(account), goal]
        return str(self._serializer.dumps(values))

    async def read(self, uow: UnitOfWork, cookie: str) -> PendingSignIn | None:
        """The account; None when the cookie is not ours or over, or the password has changed since."""
        try:
            tenant, person, fingerprint, goal = self._serializer.loads(cookie, max_age=PENDING_LIFETIME_S)
        except BadSignature:
            return None
        account = await people.find_person(uow, tenant, UUID(person))
        if account is None or not account.active or password_fingerprint(account) != fingerprint:
            return None
        return PendingSignIn(account, goal)
