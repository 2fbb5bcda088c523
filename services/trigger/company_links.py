"""The token of a link by which the export of a company is downloaded: signed, for some days."""

import hashlib
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from shared.clock import Clock
from shared.secrets import derive

EXPORT_LINK_DAYS = 7
_LIFETIME_S = EXPORT_LINK_DAYS * 86_400
MAX_TOKEN_LENGTH = 500


class CompanyExportLinks:
    """Signs and reads these tokens, by a key that no other token is signed with."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._clock = clock
        self._serializer = URLSafeSerializer(
            derive(secret, "company export"),
            salt="afterword.company-export",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def sign(self, tenant: str, series: UUID) -> str:
        """A token for the export of this company, which holds while its links are of this series."""
        ends_at = int(self._clock().timestamp()) + _LIFETIME_S
        return str(self._serializer.dumps([tenant, series.hex, ends_at]))

    def read(self, token: str) -> tuple[str, UUID] | None:
        """Whose export it is, and its series; None when we did not sign it, or it has ended."""
        if len(token) > MAX_TOKEN_LENGTH:
            return None
        try:
            tenant, series, ends_at = self._serializer.loads(token)
        except BadData:
            return None
        return (str(tenant), UUID(series)) if ends_at > self._clock().timestamp() else None
