"""Who may call the API, the parameters that its routes share, and under which name an act is logged."""

from typing import Annotated

from fastapi import Depends, Query

from shared.http.auth import Caller, staff_or_key
from shared.permissions import ADMIN, EDITING_ROLES, ERASE_SCOPE, EVERY_SCOPE

SurveyEditor = Annotated[Caller, Depends(staff_or_key("surveys:write", *EDITING_ROLES))]
DecisionReader = Annotated[Caller, Depends(staff_or_key("decisions:read"))]
AdminCaller = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN))]
ErasingCaller = Annotated[Caller, Depends(staff_or_key(ERASE_SCOPE, ADMIN))]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]


def caller_name(caller: Caller) -> str:
    """The name under which an act of the caller is logged."""
    if caller.staff is not None:
        return caller.staff.name
    return f"the key {caller.key.name if caller.key else ''}"


def is_admin(caller: Caller) -> bool:
    """Whether the caller is an administrator, or a key with every scope."""
    if caller.staff is not None:
        return caller.staff.role == ADMIN
    return caller.key is not None and EVERY_SCOPE in caller.key.scopes
