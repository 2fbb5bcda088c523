"""Roles as pages and mails name them."""

from shared.permissions import ROLES

ROLE_NAMES: dict[str, str] = {
    "admin": "an administrator",
    "editor": "an editor",
    "leader": "a team leader",
    "agent": "an agent",
    "analyst": "an analyst",
}


def role_options() -> list[tuple[str, str]]:
    """Each role with its name, as a list offers it: Administrator."""
    return [(role, ROLE_NAMES[role].partition(" ")[2].capitalize()) for role in ROLES]
