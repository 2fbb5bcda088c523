"""The form of a source: what is typed, as the API would get it, and how a source fills it."""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from services.trigger.sources.domain import REGISTRY_FORMATS, Reading, Rule, Source
from shared.values.messages import Message, message

FIELDS = (
    "name",
    "topic",
    "read_from",
    "bootstrap",
    "tls",
    "ca",
    "client_certificate",
    "client_key",
    "sasl",
    "username",
    "password",
    "format",
    "registry_url",
    "registry_username",
    "registry_password",
    "mapping",
    "only_path",
    "only_values",
)
NEVER_SHOWN = frozenset({"password", "client_key", "registry_password"})
_BAD_LINE = message(
    "Line %(line)s: write a field, an equals sign, and a path such as /customer/email or a value in quotes."
)
_FORM_FIELDS = {
    "/registry/url": "registry_url",
    "/registry/username": "registry_username",
    "/registry/password": "registry_password",
    "/registry": "registry_url",
    "/only/path": "only_path",
    "/only/values": "only_values",
}


_LINE_END = re.compile(r"\r\n|\r|\n")
"""No other sign ends a line: a value in quotes may hold it."""


class UnreadableMappingLine(Exception):
    """A line of the mapping cannot be read."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.remedy: Message = message(_BAD_LINE.text, line=line)


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The body of a new source that the API would get.

    :raises UnreadableMappingLine: when a line of the mapping cannot be read.
    """
    return {
        "name": form.get("name", ""),
        "topic": form.get("topic", "").strip(),
        "read_from": form.get("read_from", "oldest"),
        "connection": connection_of(form),
        **reading_of(form),
    }


def connection_of(form: Mapping[str, str]) -> dict[str, Any]:
    """How the cluster is reached. A secret that was left empty is not given: it stays."""
    typed = form.get("bootstrap", "").replace(",", " ").split()
    signs_in = form.get("sasl", "none") != "none"
    return {
        "bootstrap": typed,
        "tls": form.get("tls", "no") == "yes",
        "ca": form.get("ca", ""),
        "client_certificate": form.get("client_certificate", ""),
        "client_key": form.get("client_key") or None,
        "sasl": form.get("sasl", "none"),
        "username": form.get("username", "") if signs_in else "",
        "password": form.get("password") or None,
    }


def reading_of(form: Mapping[str, str]) -> dict[str, Any]:
    """How the records are read.

    :raises UnreadableMappingLine: when a line of the mapping cannot be read.
    """
    read_format, path = form.get("format", "json"), form.get("only_path", "").strip()
    values = [each.strip() for each in form.get("only_values", "").split(",") if each.strip()]
    return {
        "format": read_format,
        "registry": {
            "url": form.get("registry_url", "").strip(),
            "username": form.get("registry_username", ""),
            "password": form.get("registry_password") or None,
        }
        if read_format in REGISTRY_FORMATS
        else None,
        "mapping": mapping_of(form.get("mapping", "")),
        "only": {"path": path, "values": values} if path or values else None,
    }


def mapping_of(typed: str) -> dict[str, dict[str, Any]]:
    """The rules of a text with one in each line: ``customer.email = /customer/mail``, ``type = "order"``.

    :raises UnreadableMappingLine: when a line is none.
    """
    rules: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(_LINE_END.split(typed), start=1):
        if not line.strip():
            continue
        target, equals, given = (part.strip() for part in line.partition("="))
        if not equals or not target or not given or target in rules:
            raise UnreadableMappingLine(number)
        if given.startswith("/"):
            rules[target] = {"path": given}
            continue
        try:
            rules[target] = {"value": json.loads(given)}
        except (ValueError, RecursionError):
            raise UnreadableMappingLine(number) from None
    return rules


def mapping_text(mapping: Mapping[str, Rule]) -> str:
    """The same rules as a text."""
    return "\n".join(
        f"{target} = {rule.path if rule.path is not None else msgspec.json.encode(rule.value).decode()}"
        for target, rule in mapping.items()
    )


def form_of(source: Source) -> dict[str, str]:
    """What the form of a source shows; its secrets never."""
    connection = source.connection
    return {
        "name": source.name,
        "topic": source.topic,
        "read_from": source.read_from,
        "bootstrap": ", ".join(connection.bootstrap),
        "tls": "yes" if connection.tls else "no",
        "ca": connection.ca,
        "client_certificate": connection.client_certificate,
        "sasl": connection.sasl,
        "username": connection.username,
        **_form_of_reading(source.reading),
    }


def _form_of_reading(reading: Reading) -> dict[str, str]:
    return {
        "format": reading.format,
        "registry_url": reading.registry.url if reading.registry else "",
        "registry_username": reading.registry.username if reading.registry else "",
        "mapping": mapping_text(reading.mapping),
        "only_path": reading.only.path if reading.only else "",
        "only_values": ", ".join(reading.only.values) if reading.only else "",
    }


def field_of(pointer: str) -> str:
    """The field of the form that a fault of the API's body is about."""
    for beginning, name in _FORM_FIELDS.items():
        if pointer == beginning or pointer.startswith(f"{beginning}/"):
            return name
    first, _, rest = pointer.removeprefix("/reading").strip("/").partition("/")
    name = rest.partition("/")[0] if first == "connection" else first
    return name if name in FIELDS else "name"
