"""One POST of JSON over HTTP."""

import http.client
import ipaddress
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from .errors import EventRefused, PassingFailure
from .retrying import retry_after_of

PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
MAX_RESPONSE_BYTES = 16 * 1024 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would send the key to an address that nobody wrote down."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


class Transport:
    """Posts to one address with one key."""

    def __init__(self, url: str, key: str, timeout_s: float) -> None:
        """:raises ValueError: for an address that is none, or to which a key is not sent in the clear."""
        self._url, self._key, self._timeout_s = _checked(url), key, timeout_s
        self._opener = urllib.request.build_opener(_NoRedirects)

    def post(self, path: str, body: bytes) -> Any:
        """The decoded response.

        :raises EventRefused: for good; a response with results is no refusal, whatever its status.
        :raises PassingFailure: when trying again may help.
        """
        request = urllib.request.Request(  # noqa: S310  (_checked has looked at the scheme)
            self._url + path,
            body,
            {
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "User-Agent": "afterword-client/0.1",
            },
        )
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return _decoded(response.read(MAX_RESPONSE_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return self._refused(error)
        except (OSError, http.client.HTTPException) as error:
            raise PassingFailure(f"{type(error).__name__}: {error}") from error

    def _refused(self, error: urllib.error.HTTPError) -> Any:
        if error.code in PASSING_STATUSES:
            after = retry_after_of(error.headers.get("Retry-After"), datetime.now(UTC))
            raise PassingFailure(f"HTTP {error.code}", after)
        try:
            document = json.loads(error.read(MAX_RESPONSE_BYTES))
        except (ValueError, OSError, http.client.HTTPException):
            document = {}
        document = document if isinstance(document, dict) else {}
        if "results" in document:
            return document  # each event has its own
        raise EventRefused(error.code, document)


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        # Something between that is not Afterword has answered, such as a page of a proxy.
        raise PassingFailure("the response is not JSON") from error


def _checked(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise ValueError("Give the address of Afterword, such as https://afterword.example.com")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("A key is not sent in the clear: use https, or an address of this machine.")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
