"""Amazon SNS: the envelope in which SES reports, signed by a key whose certificate Amazon serves.

Anybody may have a topic, whose messages are signed as well. So only the topics of the settings are listened
to, and a subscription is confirmed for those alone. The certificate comes from Amazon's own host, of the
topic's region, over https.
"""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from urllib.parse import SplitResult, parse_qs, urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from services.dispatcher.bounces.records import decode
from shared.outbound.guarded_http import CannotFetch, fetch_public

MAX_CERTIFICATE_BYTES = 20_000
MAX_CERTIFICATES = 20
"""That are kept; Amazon has one for each region, and changes it now and then."""
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d+:[A-Za-z0-9_.-]+")
_HOST = r"sns\.{region}\.amazonaws\.com(\.cn)?"
_CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
"""The members that are signed, in their order; a subject that is not there is left out."""
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303  (Amazon's choice)

Fetch = Callable[[str], Awaitable[bytes]]


class SnsMessage(msgspec.Struct, frozen=True, rename="pascal"):
    """An envelope."""

    type: str
    message_id: str
    topic_arn: str
    message: str
    timestamp: str
    signature_version: str
    signature: str
    signing_cert_url: str = msgspec.field(name="SigningCertURL")
    subject: str | None = None
    token: str | None = None
    subscribe_url: str | None = msgspec.field(name="SubscribeURL", default=None)


class ForgedMessage(Exception):
    """An envelope that is not Amazon's, or of a topic that nobody listens to; the message says which."""


def read_envelope(body: bytes) -> SnsMessage:
    """The envelope of a request.

    :raises UnreadableEvent: when it is none.
    """
    return decode(_decoder, body)


async def fetch_from_amazon(url: str) -> bytes:
    return await fetch_public(url, most_bytes=MAX_CERTIFICATE_BYTES)


class SnsVerifier:
    """Verifies envelopes, with the certificates that it has fetched."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        """:param fetch: what answers an https address; None: Amazon."""
        self._fetch = fetch or fetch_from_amazon
        self._keys: dict[str, tuple[RSAPublicKey, datetime]] = {}
        self._fetching = asyncio.Lock()
        """One at a time: a flood of envelopes opens no flood of connections."""

    async def verify(self, envelope: SnsMessage, topics: Collection[str], now: datetime) -> None:
        """Check that it comes from one of these topics.

        :raises ForgedMessage: when it does not.
        :raises CannotFetch: when the certificate is not to be had just now.
        """
        topic = _TOPIC.fullmatch(envelope.topic_arn)
        if topic is None or envelope.topic_arn not in topics:
            raise ForgedMessage("of a topic that is not in DISPATCHER_SES_TOPICS")
        algorithm = _HASHES.get(envelope.signature_version)
        url = _amazons(envelope.signing_cert_url, topic[1])
        if algorithm is None or envelope.type not in _SIGNED:
            raise ForgedMessage("signed in a way that is not known")
        if url is None or not _CERTIFICATE_PATH.fullmatch(url.path):
            raise ForgedMessage("with a certificate that is not Amazon's")
        key = await self._key(envelope.signing_cert_url, now)
        try:
            signature = base64.b64decode(envelope.signature, validate=True)
            key.verify(signature, _signed_text(envelope), PKCS1v15(), algorithm)
        except (InvalidSignature, ValueError) as error:  # ValueError: no base64, or no ASCII
            raise ForgedMessage("with a wrong signature") from error

    async def confirm(self, envelope: SnsMessage) -> None:
        """Confirm the subscription of a verified envelope.

        :raises ForgedMessage: when the address to confirm it at is not Amazon's, or is about another topic.
        :raises CannotFetch: when Amazon does not answer.
        """
        topic, address = _TOPIC.fullmatch(envelope.topic_arn), envelope.subscribe_url or ""
        url = _amazons(address, topic[1]) if topic is not None else None
        asked = parse_qs(url.query) if url is not None else {}
        if (
            url is None
            or url.path != "/"
            or asked.get("Action") != ["ConfirmSubscription"]
            or asked.get("TopicArn") != [envelope.topic_arn]
        ):
            raise ForgedMessage("with an address to confirm it at that is not Amazon's")
        await self._fetch(address)

    async def _key(self, url: str, now: datetime) -> RSAPublicKey:
        async with self._fetching:
            known = self._keys.get(url)
            if known is None or known[1] < now:
                known = _key_of(await self._fetch(url), now)
                if len(self._keys) >= MAX_CERTIFICATES:
                    self._keys.clear()
                self._keys[url] = known
        return known[0]


def _key_of(pem: bytes, now: datetime) -> tuple[RSAPublicKey, datetime]:
    """The key of a certificate, and until when it is valid."""
    try:
        certificate = load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CannotFetch("what Amazon answers is no certificate") from error
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise CannotFetch("the certificate has another kind of key")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise ForgedMessage("with a certificate that is not valid now")
    return key, certificate.not_valid_after_utc


def _amazons(url: str, region: str) -> SplitResult | None:
    """The parts of an https address of Amazon's own host in a region; None: it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = re.compile(_HOST.format(region=re.escape(region)))
    return parts if parts.scheme == "https" and host.fullmatch(parts.netloc) is not None else None


def _signed_text(envelope: SnsMessage) -> bytes:
    given = {name: value for name, value in msgspec.to_builtins(envelope).items() if value is not None}
    names = (name for name in _SIGNED[envelope.type] if name in given)
    return "".join(f"{name}\n{given[name]}\n" for name in names).encode()


_decoder = msgspec.json.Decoder(SnsMessage)
