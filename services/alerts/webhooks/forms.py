"""The forms of webhooks: what is typed, as the API would get it, and how a webhook fills the form."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.alerts.errors import SettingRefused
from services.alerts.webhooks.domain import MESSAGE_TYPES, WebhookEndpoint
from shared.http.validation_errors import faults_by_name, faults_of_body
from shared.pages.language import spoken


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


def faults_by_field(error: ValidationError | SettingRefused) -> dict[str, str]:
    """The faults by the fields of the form."""
    if isinstance(error, SettingRefused):
        return {error.field.strip("/"): spoken(error.remedy)}
    return {name: spoken(words) for name, words in faults_by_name(faults_of_body(error)).items()}
