"""The token of a link by which the export of a company is downloaded: signed, for some days."""

import hashlib
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from shared.clock import Clock
from shared.secrets import derive

EXPORT_LINK_DAYS = 7
_LIFETIME_S = EXPORT_LINK_DAYS * 86_400
MAX_TOKEN_LENGTH = 500


class CompanyExportLinks:
    """Signs and reads these tokens, by a key that no other token is signed with."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._clock = clock
        key, salt = derive(secret, "company export"), "afterword.company-export"
        options = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        self._serializer = URLSafeSerializer(key, salt=salt, signer_kwargs=options)
        # Until 30 November 2026 tokens had the time of signing, too. Such a link ends EXPORT_LINK_DAYS after
        # the update of its installation at the latest; this is there for updates until 31 December 2026, so
        # that from 8 January 2027 on it reads nothing.
        self._earlier = URLSafeTimedSerializer(key, salt=salt, signer_kwargs=options)

    def sign(self, tenant: str, series: UUID) -> str:
        """A token for the export of this company, which holds while its links are of this series."""
        ends_at = int(self._clock().timestamp()) + _LIFETIME_S
        return str(self._serializer.dumps([tenant, series.hex, ends_at]))

    def read(self, token: str) -> tuple[str, UUID] | None:
        """Whose export it is, and its series; None when we did not sign it, or it has ended."""
        if len(token) > MAX_TOKEN_LENGTH:
            return None
        serializer = self._earlier if token.count(".") > 1 else self._serializer
        try:
            tenant, series, ends_at = serializer.loads(token)
        except (BadData, ValueError):  # one that the first version made has no series
            return None
        return (str(tenant), UUID(series)) if ends_at > self._clock().timestamp() else None
