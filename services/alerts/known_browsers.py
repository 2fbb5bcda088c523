"""Browsers from which somebody has signed in before.

Guessing is slowed down for each account and network, and for each account altogether. Who guesses from many
networks at once could so keep the owner out: a browser that has been in before is counted by itself.
"""

import hashlib
import hmac
from datetime import timedelta
from secrets import token_hex

from itsdangerous import BadSignature, URLSafeTimedSerializer

from shared.secrets import derive

KNOWN_COOKIE = "aw_known"
LASTS = timedelta(days=180)
SHARED_BY = 8
"""People of whom a browser may be known, as at a counter: the last ones."""


class KnownBrowsers:
    """Makes and reads the mark that a browser keeps. It opens nothing."""

    def __init__(self, secret: str) -> None:
        self._key = derive(secret, "known browser")
        self._serializer = URLSafeTimedSerializer(
            self._key,
            salt="afterword.known-browsers",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def mark(self, address: str, before: str = "") -> str:
        """The cookie's value for a browser from which this address has just signed in. ``before``: the value
        that it had, so that each of a few who share a browser is known.
        """
        digest = self._digest(address)
        others = [one for one in self._read(before) if one[0] != digest]
        return str(self._serializer.dumps([[digest, token_hex(8)], *others][:SHARED_BY]))

    def read(self, cookie: str, address: str) -> str:
        """Which browser it is, if it is known for this address; else empty."""
        digest, found = self._digest(address), ""
        for known, browser in self._read(cookie):
            if hmac.compare_digest(known, digest):
                found = browser
        return found

    def _read(self, cookie: str) -> list[tuple[str, str]]:
        try:
            listed = self._serializer.loads(cookie, max_age=int(LASTS.total_seconds()))
        except BadSignature:
            return []
        return [(str(digest), str(browser)) for digest, browser in listed]

    def _digest(self, address: str) -> str:
        return hmac.digest(self._key, address.encode(), "sha256").hex()
