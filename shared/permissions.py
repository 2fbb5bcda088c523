"""The roles of staff and the scopes of API keys, and what they permit."""

from typing import Literal, get_args

Role = Literal["admin", "editor", "leader", "agent", "analyst"]
ROLES: tuple[Role, ...] = get_args(Role)

ADMIN: Role = "admin"
"""Manages people, and whether mail is sent at all."""
ANALYST: Role = "analyst"
"""Reads scores and comments, but not whose they are."""
CASE_ROLES: tuple[Role, ...] = ("admin", "leader", "agent")
"""Work on cases."""
ASSIGNING_ROLES: tuple[Role, ...] = ("admin", "leader")
"""Assign cases to colleagues."""
EDITING_ROLES: tuple[Role, ...] = ("admin", "editor")
"""Edit surveys."""
JUDGING_ROLES: tuple[Role, ...] = ("admin", "editor", "leader")
"""Say whether a suspect answer is a person's."""
ANSWER_ROLES: tuple[Role, ...] = ("admin", "leader", "agent", "analyst")
"""Read single answers."""

Scope = Literal[
    "events:write",
    "answers:write",
    "answers:read",
    "surveys:write",
    "decisions:read",
    "scores:read",
    "cases:read",
    "cases:write",
    "customers:erase",
    "admin",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
EVERY_SCOPE: Scope = "admin"
"""A key with this scope may do what any other scope permits."""
ERASE_SCOPE: Scope = "customers:erase"
"""Erases customers, which cannot be undone."""
STARTER_SCOPES: tuple[Scope, ...] = tuple(
    scope for scope in SCOPES if scope not in {EVERY_SCOPE, ERASE_SCOPE}
)
"""The scopes of a new company's key: nothing that cannot be undone."""
EVENT_SCOPES: tuple[Scope, ...] = ("events:write", EVERY_SCOPE)
"""Each of them permits to send events."""
