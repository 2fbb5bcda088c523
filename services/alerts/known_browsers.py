"""Browsers from which somebody has signed in before.

Guessing is slowed down for each account and network, and for each account altogether. Who guesses from many
networks at once could so keep the owner out: a browser that has been in before is counted by itself.
"""

import hashlib
import hmac
from datetime import timedelta
from secrets import token_hex

from itsdangerous import BadSignature, URLSafeTimedSerializer

from shared.http.secrets import derive

KNOWN_COOKIE = "aw_known"
LASTS = timedelta(days=180)


class KnownBrowsers:
    """Makes and reads the mark that a browser keeps. It opens nothing."""

    def __init__(self, secret: str) -> None:
        self._key = derive(secret, "known browser")
        self._serializer = URLSafeTimedSerializer(
            self._key,
            salt="afterword.known-browser",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def mark(self, address: str) -> str:
        """The cookie's value for a browser from which this address has just signed in."""
        return str(self._serializer.dumps([self._digest(address), token_hex(8)]))

    def read(self, cookie: str, address: str) -> str:
        """Which browser it is, if it is known for this address; else empty."""
        try:
            digest, browser = self._serializer.loads(cookie, max_age=int(LASTS.total_seconds()))
        except BadSignature:
            return ""
        return str(browser) if hmac.compare_digest(str(digest), self._digest(address)) else ""

    def _digest(self, address: str) -> str:
        return hmac.digest(self._key, address.encode(), "sha256").hex()
