"""Roles and devices, in the reader's language."""

from services.alerts.staff.devices import UNKNOWN_BROWSER
from shared.pages.language import spoken, translated
from shared.permissions import ROLES
from shared.values.messages import message

ROLE_NAMES = {
    "admin": message("an administrator"),
    "editor": message("an editor"),
    "leader": message("a team leader"),
    "agent": message("an agent"),
    "analyst": message("an analyst"),
}
"""Within a sentence."""
ROLE_LABELS = {
    "admin": message("Administrator"),
    "editor": message("Editor"),
    "leader": message("Team leader"),
    "agent": message("Agent"),
    "analyst": message("Analyst"),
}


def role_name(role: str) -> str:
    """A role within a sentence: an administrator."""
    return spoken(ROLE_NAMES[role])


def role_label(role: str) -> str:
    """A role in a list: Administrator."""
    return spoken(ROLE_LABELS[role])


def role_options() -> list[tuple[str, str]]:
    """Each role with its label, as a list offers it: Administrator."""
    return [(role, role_label(role)) for role in ROLES]


def device_label(device: str) -> str:
    """The device of a session, which is kept in English."""
    browser, _, system = device.partition(" on ")
    if browser == UNKNOWN_BROWSER:
        browser = translated("Another program")
    if not system:
        return browser
    return translated("%(browser)s on %(system)s") % {"browser": browser, "system": system}
