"""Media types as headers carry them (RFC 9110, 8.3)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

# email.message would decode RFC 2231, which media types in HTTP do not have, in quadratic time.
_PARAMETER = re.compile(r';\s*([^\s=;"]++)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]*))')


@lru_cache(maxsize=256)  # clients send few, and this is asked twice for each request
def media_type(header: str) -> tuple[str, Mapping[str, str]]:
    """The type in small letters without its parameters, and the parameters; empty where there is none.

    What is no parameter is passed over. Costs linear time.
    """
    essence, _, _ = header.partition(";")
    found = _PARAMETER.finditer(header, len(essence))
    parameters = {
        name.lower(): value or re.sub(r"\\(.)", r"\1", quoted or "")
        for name, quoted, value in (each.groups() for each in found)
    }
    return essence.strip().lower(), MappingProxyType(parameters)


def is_json(kind: str) -> bool:
    """Whether this media type says that its content is JSON (RFC 6839)."""
    return kind in {"application/json", "text/json"} or (
        kind.endswith("+json") and not kind.startswith("application/cloudevents")
    )
