"""Web push: messages encrypted for one browser (RFC 8291, RFC 8188), and the proof of who sends (RFC 8292).

A push service carries what it cannot read. The sender's key is derived from the one secret: browsers bind
their subscription to it, and there is nothing to keep.
"""

import base64
import binascii
import os
import re
import struct
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.secrets import derive

Urgency = Literal["very-low", "low", "normal", "high"]
CURVE = ec.SECP256R1()
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
POINT_BYTES = 65
"""Of an uncompressed point."""
AUTH_BYTES = 16
RECORD_SIZE = 4096
MAX_PAYLOAD_BYTES = 3_993
"""What fits into the one record of 4096 bytes that push services take."""
MAX_ENDPOINT_CHARS = 2_000
HTTPS_PORT = 443
PUSH_PORTS: Container[int] = frozenset({HTTPS_PORT, 8443})
"""On which push services listen."""
TOKEN_LIFETIME = timedelta(hours=12)
"""RFC 8292 permits a day; ours may differ from the service's clock."""
_PURPOSE = "web push"
_NOT_IN_ADDRESSES = re.compile(r"[^\x21-\x7e]")


class BadSubscription(ValueError):
    """What a browser gave is no subscription of a push service."""


@dataclass(frozen=True, kw_only=True)
class PushSubscription:
    """Where one browser takes messages, and the keys by which it alone reads them. All of it is secret."""

    endpoint: str
    p256dh: str
    """The browser's public key (base64url)."""
    auth: str
    """A secret of browser and sender (base64url)."""

    def checked(self) -> "PushSubscription":
        """This subscription.

        :raises BadSubscription: when its address is none of https, or a key is none.
        """
        if len(self.endpoint) > MAX_ENDPOINT_CHARS or _NOT_IN_ADDRESSES.search(self.endpoint):
            raise BadSubscription("the address is too long, or has characters that addresses lack")
        try:
            address = urlsplit(self.endpoint)
            _ = address.port
        except ValueError as error:
            raise BadSubscription("the address is none") from error
        if not self.has_usual_port():
            raise BadSubscription("the address has a port that no push service has")
        if address.scheme != "https" or not address.hostname or "@" in address.netloc:
            raise BadSubscription("the address is none of https")
        _point(decoded(self.p256dh))
        if len(decoded(self.auth)) != AUTH_BYTES:
            raise BadSubscription("the secret has another length")
        return self

    def has_usual_port(self) -> bool:
        """Whether its address names a port of :data:`PUSH_PORTS`: none that belongs to another protocol."""
        try:
            port = urlsplit(self.endpoint).port
        except ValueError:
            return False
        return (HTTPS_PORT if port is None else port) in PUSH_PORTS


@dataclass(frozen=True, kw_only=True)
class PushMessage:
    """One message to one browser."""

    subscription: PushSubscription
    payload: bytes
    ttl_s: int
    """For how long the push service keeps it for a browser that is away."""
    urgency: Urgency
    topic: str
    """It replaces one of the same topic that was not shown yet; at most 32 characters of base64url."""


class Vapid:
    """The proof that a message is from this installation (Voluntary Application Server Identification)."""

    def __init__(self, secret: str, subject: str) -> None:
        """:param subject: how the push service reaches the operator, as ``mailto:``."""
        material = HKDF(hashes.SHA256(), length=48, salt=None, info=b"vapid").derive(derive(secret, _PURPOSE))
        scalar = int.from_bytes(material) % (CURVE_ORDER - 1) + 1
        self._key = ec.derive_private_key(scalar, CURVE)
        self._jwk = ECKey.import_key(
            self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        self._subject = subject
        self.public_key = encoded(_bytes_of(self._key.public_key()))
        """What browsers subscribe to (``applicationServerKey``)."""

    def authorization(self, endpoint: str, now: datetime) -> str:
        """The value of the header ``Authorization`` for this endpoint."""
        address = urlsplit(endpoint)
        claims = {
            "aud": f"{address.scheme}://{address.netloc}",
            "exp": int((now + TOKEN_LIFETIME).timestamp()),
            "sub": self._subject,
        }
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, self._jwk)
        return f"vapid t={token}, k={self.public_key}"


def encrypt(
    subscription: PushSubscription,
    payload: bytes,
    *,
    salt: bytes | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a request (``Content-Encoding: aes128gcm``) that this browser alone can read.

    :param salt: set by tests, as ``key``: both are new for each message.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"{len(payload)} bytes are more than a push message holds")
    salt = salt or os.urandom(16)
    key = key or ec.generate_private_key(CURVE)
    browser_point, own_point = decoded(subscription.p256dh), _bytes_of(key.public_key())
    shared = key.exchange(ec.ECDH(), _point(browser_point))
    secret = _expanded(
        _extracted(decoded(subscription.auth), shared),
        b"WebPush: info\x00" + browser_point + own_point,
        32,
    )
    extracted = _extracted(salt, secret)
    content_key = _expanded(extracted, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _expanded(extracted, b"Content-Encoding: nonce\x00", 12)
    record = AESGCM(content_key).encrypt(nonce, payload + b"\x02", None)
    return salt + struct.pack("!IB", RECORD_SIZE, len(own_point)) + own_point + record


def decoded(text: str) -> bytes:
    """The bytes of base64url, with or without padding.

    :raises BadSubscription: when it is none.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSubscription("a key is no base64url") from error


def encoded(given: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(given).rstrip(b"=").decode()


def _point(given: bytes) -> ec.EllipticCurvePublicKey:
    if len(given) != POINT_BYTES:
        raise BadSubscription("the key is no uncompressed point")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, given)
    except ValueError as error:
        raise BadSubscription("the key is no point of the curve") from error


def _bytes_of(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _extracted(salt: bytes, material: bytes) -> bytes:
    """HKDF-Extract (RFC 5869, 2.2)."""
    mac = hmac.HMAC(salt, hashes.SHA256())
    mac.update(material)
    return mac.finalize()


def _expanded(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand (RFC 5869, 2.3) of at most one block."""
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(info + b"\x01")
    return mac.finalize()[:length]
