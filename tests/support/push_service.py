"""A push service that runs here: it takes messages as those of browsers do, and has browsers that read them."""

import os
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.smtp import CERTIFICATE
from support.webhook_receiver import Receiver, serving

from shared.outbound import web_push
from shared.outbound.web_push import CURVE, PushSubscription, encoded


class BrowserKeys:
    """The keys of one browser's subscription, by which it alone reads."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(CURVE)
        self._auth = os.urandom(16)

    @property
    def _point(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str) -> PushSubscription:
        """What the browser hands to the page."""
        return PushSubscription(endpoint=endpoint, p256dh=encoded(self._point), auth=encoded(self._auth))

    def decrypted(self, body: bytes) -> bytes:
        """What a message says, by RFC 8188 and RFC 8291 as a receiver follows them."""
        salt, (size, length) = body[:16], struct.unpack("!IB", body[16:21])
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        secret = _hkdf(self._auth, shared, b"WebPush: info\0" + self._point + sender, 32)
        key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert padded[-1:] == b"\x02"  # the delimiter of the last record
        return padded[:-1]


def _hkdf(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length=length, salt=salt, info=info).derive(material)


@asynccontextmanager
async def a_push_service() -> AsyncIterator[Receiver]:
    """A receiver over TLS, whose certificate :func:`trusting` accepts."""
    receiver = Receiver(scheme="https")
    with any_port():
        async with serving(receiver, certified()):
            yield receiver


@contextmanager
def any_port() -> Iterator[None]:
    """Let push services listen where a port is free."""
    usual, web_push.PUSH_PORTS = web_push.PUSH_PORTS, range(1, 65_536)
    try:
        yield
    finally:
        web_push.PUSH_PORTS = usual


def certified() -> ssl.SSLContext:
    """What a push service of this machine serves with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting() -> ssl.SSLContext:
    """The authorities of a sender that knows this service."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))
