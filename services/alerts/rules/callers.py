"""Who reads and changes what a company sets up for its cases: it holds for all segments."""

from typing import Annotated

from fastapi import Depends

from shared.http.auth import Caller, staff_or_key
from shared.http.staff_auth import Staff, signed_in
from shared.permissions import ADMIN, EDITING_ROLES, EVERY_SCOPE

SetupReader = Annotated[
    Caller, Depends(staff_or_key("cases:read", *EDITING_ROLES, "leader", whole_company=True))
]
RulesEditor = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, *EDITING_ROLES, whole_company=True))]
SetupAdmin = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN, whole_company=True))]
StaffRulesReader = Annotated[Staff, Depends(signed_in(*EDITING_ROLES, "leader", whole_company=True))]
StaffRulesEditor = Annotated[Staff, Depends(signed_in(*EDITING_ROLES, whole_company=True))]
