"""Browsers from which a person has signed in before.

Attempts are slowed down for each account and network, and for each account altogether. An attacker in many
networks could so keep the owner out: a browser that has signed in before is therefore counted by itself.
"""

import hashlib
import hmac
from datetime import timedelta
from secrets import token_hex

from itsdangerous import BadSignature, URLSafeTimedSerializer

from shared.secrets import derive

KNOWN_COOKIE = "aw_known"
KNOWN_LIFETIME = timedelta(days=180)
MAX_PEOPLE_PER_BROWSER = 8
"""A browser is known for the last people who signed in from it, as at a counter."""


class KnownBrowsers:
    """Signs and reads the cookie by which a browser is known. It gives no access."""

    def __init__(self, secret: str) -> None:
        self._key = derive(secret, "known browser")
        self._serializer = URLSafeTimedSerializer(
            self._key,
            salt="afterword.known-browsers",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def sign(self, address: str, before: str = "") -> str:
        """The cookie of a browser from which this address has just signed in.

        ``before`` is the cookie that it had: others who share the browser stay known.
        """
        digest = self._digest(address)
        others = [one for one in self._entries(before) if one[0] != digest]
        return str(self._serializer.dumps([[digest, token_hex(8)], *others][:MAX_PEOPLE_PER_BROWSER]))

    def read(self, cookie: str, address: str) -> str:
        """The browser's random name, if it is known for this address; else empty."""
        digest, found = self._digest(address), ""
        for known, browser in self._entries(cookie):
            if hmac.compare_digest(known, digest):
                found = browser
        return found

    def _entries(self, cookie: str) -> list[tuple[str, str]]:
        try:
            listed = self._serializer.loads(cookie, max_age=int(KNOWN_LIFETIME.total_seconds()))
        except BadSignature:
            return []
        return [(str(digest), str(browser)) for digest, browser in listed]

    def _digest(self, address: str) -> str:
        return hmac.digest(self._key, address.encode(), "sha256").hex()
