"""One secret, many keys: whatever must not be forged derives its own key from the one setting."""

import hashlib
import hmac
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=10_000)  # a few purposes, and one for each company
def derive(secret: str, purpose: str) -> bytes:
    """The 32-byte key for one purpose. Knowing it tells nothing about the secret or another purpose's key."""
    return hmac.digest(secret.encode(), b"afterword:" + purpose.encode(), hashlib.sha256)


def customer_hash(secret: str, tenant: str, address: str) -> str:
    """The keyed hash (64 hexadecimal digits) that stands for a customer's address where the address may
    not.

    Upper and lower case, blanks around and Unicode's compatible forms are one address; two tenants never
    share a hash.
    """
    normal = unicodedata.normalize("NFKC", address).strip().casefold()
    return hmac.digest(derive(secret, f"customer:{tenant}"), normal.encode(), "sha256").hex()
