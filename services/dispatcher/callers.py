"""Who may call the API, the parameters that its routes share."""

from typing import Annotated

from fastapi import Depends, Query

from shared.http.auth import Caller, staff_or_key
from shared.permissions import ADMIN, EDITING_ROLES, ERASE_SCOPE, EVERY_SCOPE

SurveyEditor = Annotated[Caller, Depends(staff_or_key("surveys:write", *EDITING_ROLES))]
DecisionReader = Annotated[Caller, Depends(staff_or_key("decisions:read"))]
AdminCaller = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN))]
# For data of customers of all segments, or rules about it: users limited to segments are refused.
CompanyEditor = Annotated[Caller, Depends(staff_or_key("surveys:write", *EDITING_ROLES, whole_company=True))]
CompanyAdminCaller = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN, whole_company=True))]
ErasingCaller = Annotated[Caller, Depends(staff_or_key(ERASE_SCOPE, ADMIN, whole_company=True))]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]


def is_admin(caller: Caller) -> bool:
    """Whether the caller is an administrator, or a key with every scope."""
    if caller.staff is not None:
        return caller.staff.role == ADMIN
    return caller.key is not None and EVERY_SCOPE in caller.key.scopes
