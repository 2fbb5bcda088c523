"""Secrets that a database keeps: sealed with a key of the one secret, and bound to what they are about."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.secrets import derive

_NONCE_BYTES = 12
_PURPOSE = "sealed"


class SealBroken(Exception):
    """What is sealed cannot be read: the secret is another one, or it was sealed for something else."""


def seal(secret: str, about: str, text: bytes) -> bytes:
    """The text, encrypted and authenticated (AES-256-GCM).

    :param about: what it belongs to, as a path: only who says the same can open it.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(derive(secret, _PURPOSE)).encrypt(nonce, text, about.encode())


def unseal(secret: str, about: str, sealed: bytes) -> bytes:
    """What was sealed.

    :raises SealBroken: when the secret or ``about`` is another one, or a byte has changed.
    """
    nonce, encrypted = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(derive(secret, _PURPOSE)).decrypt(nonce, encrypted, about.encode())
    except (InvalidTag, ValueError):
        raise SealBroken from None
