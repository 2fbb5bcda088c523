"""Keys derived from the one secret: each purpose has its own."""

import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.values.addresses import canonical_address, earlier_forms

if TYPE_CHECKING:
    from hashlib import _Hash

_BLOCK_BYTES = 64
"""Of SHA-256."""


@lru_cache(maxsize=10_000)  # a few purposes, and one for each tenant
def derive(secret: str, purpose: str) -> bytes:
    """The 32-byte key for one purpose, which reveals neither the secret nor the key of another purpose."""
    return hmac.digest(secret.encode(), b"afterword:" + purpose.encode(), hashlib.sha256)


def keyed_digest(key: bytes, text: bytes) -> bytes:
    """The HMAC-SHA-256 (RFC 2104) of the text.

    What the key begins is kept for both hashes: a third of the time of ``hmac.digest``.

    :param key: at most 64 bytes.
    """
    begun_inner, begun_outer = _begun(key)
    inner, outer = begun_inner.copy(), begun_outer.copy()
    inner.update(text)
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=10_000)  # the keys of :func:`derive`
def _begun(key: bytes) -> tuple["_Hash", "_Hash"]:
    """The inner and the outer hash behind the key, which is padded to a block."""
    if len(key) > _BLOCK_BYTES:
        raise ValueError("a longer key is hashed first: use one of derive()")
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def customer_hash(secret: str, tenant: str, address: str) -> str:
    """The keyed hash (64 hexadecimal digits) that replaces a customer's address where it may not be stored.

    All spellings of an address have the same hash (``canonical``); two tenants have different ones.
    """
    return _hash(secret, tenant, canonical_address(address))


def customer_hashes(secret: str, tenant: str, address: str) -> tuple[str, ...]:
    """The hash of the address, followed by those that earlier versions may have stored for it."""
    forms = (canonical_address(address), *sorted(earlier_forms(address)))
    return tuple(_hash(secret, tenant, form) for form in forms)


def _hash(secret: str, tenant: str, form: str) -> str:
    return keyed_digest(derive(secret, f"customer:{tenant}"), form.encode()).hex()
