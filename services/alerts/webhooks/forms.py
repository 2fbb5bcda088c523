"""The forms of webhooks: what is typed, as the API would get it, and how a webhook fills the form."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.alerts.webhooks.domain import MESSAGE_TYPES, WebhookEndpoint, WebhookRefused
from shared.http.validation_errors import faults_of
from shared.pages.language import spoken
from shared.values.messages import Message


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The body that the API would get."""
    return {
        "name": form.get("name", ""),
        "url": form.get("url", "").strip(),
        "types": [kind for kind in MESSAGE_TYPES if form.get(kind) == "on"],
        "segments": [line.strip() for line in form.get("segments", "").splitlines() if line.strip()],
    }


def form_of(webhook: WebhookEndpoint) -> dict[str, str]:
    """What the form of a webhook shows."""
    return {
        "name": webhook.name,
        "url": webhook.url,
        "segments": "\n".join(webhook.segments),
        **dict.fromkeys(webhook.types, "on"),
    }


def faults_by_field(error: ValidationError | WebhookRefused) -> dict[str, str]:
    """The faults by the fields of the form."""
    if isinstance(error, WebhookRefused):
        return {error.field.strip("/"): spoken(error.remedy)}
    described = faults_of([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
    return {_field(each["field"]): _worded(each["detail"]) for each in reversed(described)}


def _field(pointer: str) -> str:
    return pointer.strip("/").partition("/")[0]


def _worded(words: Message | str | None) -> str:
    return spoken(words) if isinstance(words, Message) else words or ""
