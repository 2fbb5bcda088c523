"""Who may do what: the roles of staff and the scopes of API keys. The one place that lists them."""

from typing import Literal, get_args

Role = Literal["admin", "editor", "leader", "agent", "analyst"]
ROLES: tuple[Role, ...] = get_args(Role)

ADMIN: Role = "admin"
"""Manages people, and whether mail leaves at all."""
ANALYST: Role = "analyst"
"""Reads numbers and words, but not who said them."""
CASE_ROLES: tuple[Role, ...] = ("admin", "leader", "agent")
"""Work on cases."""
ASSIGNING_ROLES: tuple[Role, ...] = ("admin", "leader")
"""Give cases to colleagues."""
EDITING_ROLES: tuple[Role, ...] = ("admin", "editor")
"""Write surveys."""
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
    "admin",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
EVERY_SCOPE: Scope = "admin"
"""A key with this scope may do whatever another scope allows."""
STARTER_SCOPES: tuple[Scope, ...] = tuple(scope for scope in SCOPES if scope != EVERY_SCOPE)
"""Of the key that a new company gets."""
EVENT_SCOPES: tuple[Scope, ...] = ("events:write", EVERY_SCOPE)
"""Either of them lets a key send events."""
