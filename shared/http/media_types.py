"""Media types as headers carry them (RFC 9110, 8.3)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from starlette.requests import HTTPConnection

# email.message would decode RFC 2231, which media types in HTTP do not have, in quadratic time.
_PARAMETER = re.compile(r';\s*([^\s=;"]++)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]*))')


@lru_cache(maxsize=256)  # there are few different ones, and each request needs its own twice
def media_type(header: str) -> tuple[str, Mapping[str, str]]:
    """The type in lower case without its parameters, and the parameters; both empty when there are none.

    Skips what is not a parameter. Takes linear time.
    """
    essence, _, _ = header.partition(";")
    found = _PARAMETER.finditer(header, len(essence))
    parameters = {
        name.lower(): value or re.sub(r"\\(.)", r"\1", quoted or "")
        for name, quoted, value in (each.groups() for each in found)
    }
    return essence.strip().lower(), MappingProxyType(parameters)


def media_type_of(request: HTTPConnection) -> str:
    """The media type of a request's body; empty when there is none."""
    return media_type(request.headers.get("content-type", ""))[0]


def is_json(kind: str) -> bool:
    """Whether this media type means JSON (RFC 6839)."""
    return kind in {"application/json", "text/json"} or (
        kind.endswith("+json") and not kind.startswith("application/cloudevents")
    )
