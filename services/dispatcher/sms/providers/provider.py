"""What every provider has to say: how a message is handed over, and whether what comes back is its own."""

import base64
import binascii
import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from services.dispatcher.sms.messages import TextMessage, TextReply, TextReport
from shared.mail import Away, Blocked, Deferred, Delivered, Outcome, Rejected, Unknown
from shared.values.phone import e164_number

MAX_CLOCK_DIFFERENCE_S = 300
"""For how long a signed request is taken."""
MAX_FIELDS = 200
"""Of a form."""
HTTP_OK, HTTP_BAD_REQUEST, HTTP_UNAUTHORIZED, HTTP_FORBIDDEN, HTTP_TOO_MANY = 200, 400, 401, 403, 429
HTTP_SERVER_ERROR, HTTP_UNAVAILABLE = 500, 503
_JWT_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


class BadSignature(Exception):
    """A request that says it is a provider's, and is not signed so; the message says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """How the installation uses its provider."""

    url: str
    """Where its API begins, without a slash at the end."""
    account: str
    secret: str = field(repr=False)
    signing_secret: str = field(repr=False)
    """By which its requests to us are signed."""
    webhook_url: str
    """Where it sends them."""
    template: str = ""
    """Of the generic provider: the JSON of a message."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class ProviderRequest:
    """A request by which one message is handed over."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A request of the provider, as it came."""

    url: str
    """As the provider wrote it, with its query."""
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    """Their names in small letters."""
    body: bytes
    at: datetime

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON."""
        return "json" in self.headers.get("content-type", "")

    def form(self) -> list[tuple[str, str]]:
        """The fields of an urlencoded body.

        :raises BadSignature: when there are more than any provider sends.
        """
        text = self.body.decode("utf-8", "replace")
        try:
            return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError:
            raise BadSignature("no provider sends so many fields") from None

    def values(self) -> dict[str, str]:
        """The fields of the query and of the body, whichever form that has; what is nested is left out."""
        found = dict(self.query)
        if self.is_json:
            try:
                sent = json.loads(self.body or b"{}")
            except (ValueError, RecursionError):
                sent = {}
            fields = sent.items() if isinstance(sent, dict) else ()
            return found | {name: str(value) for name, value in fields if isinstance(value, str | int)}
        return found | dict(self.form())


class Provider(ABC):
    """Carries texts, one request each."""

    name: ClassVar[str]
    standard_url: ClassVar[str] = ""
    needs_account: ClassVar[bool] = False
    needs_signing_secret: ClassVar[bool] = True
    needs_reply_ids: ClassVar[bool] = False
    """Whether a reply must say which one it is: nothing else tells one that comes again from another."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings

    @abstractmethod
    def request(self, message: TextMessage) -> ProviderRequest:
        """The request that hands a message over."""

    @abstractmethod
    def outcome(self, status: int, body: bytes) -> Outcome:
        """What its answer means."""

    @abstractmethod
    def read(self, webhook: Webhook) -> list[TextReply | TextReport]:
        """What a request of the provider says; empty: nothing that matters here.

        :raises BadSignature: when it is not signed as the provider's are.
        """


def common_outcome(status: int) -> Outcome | None:
    """What an answer of this status means of every provider; None: its body tells.

    An error in which a server may have taken the message before it failed is of unknown outcome.
    """
    if HTTP_OK <= status < HTTP_OK + 100:
        return Delivered()
    if status in {HTTP_UNAUTHORIZED, HTTP_FORBIDDEN}:
        return Blocked(
            f"the SMS provider refuses the account or secret of the settings ({status})", certain=True
        )
    if status in {HTTP_TOO_MANY, HTTP_UNAVAILABLE}:
        return Away(f"the SMS provider takes no message now ({status})")
    if status >= HTTP_SERVER_ERROR:
        return Unknown(f"the SMS provider answered what is no refusal ({status})")
    return None


def refused_number(code: object) -> Rejected:
    """The provider does not text this number."""
    return Rejected(f"the SMS provider refuses the number ({code})", HTTP_BAD_REQUEST)


def refused_message(code: object) -> Blocked:
    """The provider refuses a message for a reason that may be about us."""
    return Blocked(f"the SMS provider refuses a message ({code})", certain=False)


def try_later(code: object) -> Deferred:
    """The provider cannot text this number now."""
    return Deferred(f"the SMS provider cannot text the number now ({code})")


def json_of(body: bytes) -> dict[str, Any]:
    """The object that a body holds; empty: it holds none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def code_of(found: Mapping[str, Any], name: str, otherwise: str | int) -> str:
    """The code that stands under a name, as text, whether it came as a text or a number: a provider may
    change from one to the other. What is no code counts as ``otherwise``.
    """
    code = found.get(name)
    if isinstance(code, float) and code.is_integer():
        code = int(code)
    is_code = isinstance(code, str | int) and not isinstance(code, bool)
    return str(code if is_code else otherwise).strip()


def objects_of(found: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of the list that stands under a name; empty: there is no such list."""
    listed = found.get(name)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def reply_from(number: str, text: str, id_: str = "", said_at: str = "") -> list[TextReply | TextReport]:
    """A reply, unless its sender is no phone number."""
    known = e164_number(number if number.startswith("+") else f"+{number}", None)
    if known is None:
        return []
    return [TextReply(number=known, text=text, id=id_, said_at=instant_of(said_at))]


def instant_of(text: str) -> datetime | None:
    """The time that a text in ISO 8601 says, of UTC where it names no zone; None: it says none."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def report_of(
    reference: str, state: str | None, code: str, not_delivered: Container[str]
) -> list[TextReply | TextReport]:
    """What a provider says of a message that it took; empty: it is still on its way.

    :param not_delivered: the states in which it never arrives.
    """
    if state == "delivered":
        return [TextReport(reference=reference, state="delivered")]
    if state in not_delivered:
        return [TextReport(reference=reference, state="undeliverable", code=code)]
    return []


def signed_bytes(text: str) -> bytes:
    """What is signed of a text, whatever characters it has."""
    return text.encode("utf-8", "surrogatepass")


def same(given: str, expected: str) -> bool:
    """Whether two signatures are one, in constant time."""
    return hmac.compare_digest(signed_bytes(given), expected.encode())


def claims_of(token: str, secret: str, at: datetime) -> dict[str, Any]:
    """The claims of a signed token (JWT, HMAC) that is valid at this time.

    :raises BadSignature: when it is not.
    """
    head, _, signature = token.rpartition(".")
    try:
        header, payload = (json_of(_decoded(part)) for part in head.split("."))
        digest = _JWT_DIGESTS[header.get("alg", "")]
        given = _decoded(signature)
    except (ValueError, KeyError, TypeError):
        raise BadSignature("the signature is no token that we know") from None
    if not hmac.compare_digest(hmac.digest(secret.encode(), head.encode(), digest), given):
        raise BadSignature("the signature is another one")
    if not _is_fresh(payload, at.timestamp()):
        raise BadSignature("the signature has ended, or the clocks differ")
    return payload


def _is_fresh(claims: dict[str, Any], now: float) -> bool:
    begins = [claims[name] for name in ("nbf", "iat") if isinstance(claims.get(name), int | float)]
    ends = claims.get("exp")
    if any(begin > now + MAX_CLOCK_DIFFERENCE_S for begin in begins):
        return False
    if isinstance(ends, int | float):
        return bool(now <= ends + MAX_CLOCK_DIFFERENCE_S)
    return bool(begins) and all(now - begin <= MAX_CLOCK_DIFFERENCE_S for begin in begins)


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError from error


def hex_digest(content: bytes) -> str:
    """The SHA-256 of a content."""
    return hashlib.sha256(content).hexdigest()
