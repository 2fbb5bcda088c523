"""What the claims of an identity provider mean for a colleague: a role, and segments."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from shared.permissions import Role

EVERYTHING = "*"
"""Of a mapping of segments: all that the company has."""


class ClaimRules(Struct, frozen=True, kw_only=True):
    """Which claims are read, and what their values mean."""

    role_claim: str = ""
    """Empty: the provider says nothing of roles."""
    roles: tuple[tuple[str, Role], ...] = ()
    """Values and their roles; the first that somebody has counts."""
    default_role: Role | None = None
    """Of whom no value gives a role; None: they are not let in."""
    segments_claim: str = ""
    """Empty: the provider says nothing of segments."""
    segments: tuple[tuple[str, str], ...] = ()
    """Values and their segments, or ``EVERYTHING``."""


class NoRights(Exception):
    """The claims give no role, or no segment; ``claim`` is the one that is lacking."""

    def __init__(self, claim: str) -> None:
        super().__init__(claim)
        self.claim = claim


def role_of(rules: ClaimRules, claims: Mapping[str, Any]) -> Role | None:
    """The role that the claims give; None where the provider says nothing of roles.

    :raises NoRights: when no value gives one.
    """
    if not rules.role_claim:
        return None
    values = claim_values(claims, rules.role_claim)
    for value, role in rules.roles:
        if value in values:
            return role
    if rules.default_role is None:
        raise NoRights(rules.role_claim)
    return rules.default_role


def segments_of_claims(rules: ClaimRules, claims: Mapping[str, Any]) -> list[str] | None:
    """The segments that the claims give, none for everything; None where the provider says nothing of them.

    :raises NoRights: when no value gives one: an empty list would open everything.
    """
    if not rules.segments_claim:
        return None
    values = claim_values(claims, rules.segments_claim)
    found = [segment for value, segment in rules.segments if value in values]
    if not found:
        raise NoRights(rules.segments_claim)
    return [] if EVERYTHING in found else found


def claim_values(claims: Mapping[str, Any], name: str) -> Sequence[str]:
    """The values of a claim, a list or a single text; ``realm_access.roles`` is read step by step."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    listed = found if isinstance(found, list) else [found]
    return [value for value in listed if isinstance(value, str)]
