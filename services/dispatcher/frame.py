"""What every staff page of this service needs: who may open it, and the frame around it."""

from typing import Annotated

from fastapi import Depends

from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.story import repository as story_rows
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.events import Tenant
from shared.http.staff_auth import Staff, signed_in
from shared.pages.page import Frame
from shared.permissions import ADMIN, EDITING_ROLES
from shared.values.zones import known_zone

StaffReader = Annotated[Staff, Depends(signed_in())]
StaffEditor = Annotated[Staff, Depends(signed_in(*EDITING_ROLES))]
CompanyStaffEditor = Annotated[Staff, Depends(signed_in(*EDITING_ROLES, whole_company=True))]
"""For rules about customers of all segments."""
StaffAdmin = Annotated[Staff, Depends(signed_in(ADMIN))]


async def frame_of(
    uow: UnitOfWork,
    staff: Staff,
    here: str,
    *,
    tenant: Tenant | None = None,
    sending: Sending | None = None,
    live: str | None = None,
    live_only: str | None = None,
) -> Frame:
    """The frame of a page: the reader's company, how it sends, and its open cases where they may be seen.

    Tenant and sending are loaded unless the page has them already.
    """
    tenant = tenant or await tenant_or_placeholder(uow, staff.tenant)
    sending = sending or await find_sending(uow, staff.tenant)
    open_cases = (
        await story_rows.count_open_cases(uow, staff.tenant, staff.segments) if staff.works_on_cases else None
    )
    return Frame(
        company=tenant.name,
        here=here,
        open_cases=open_cases,
        test_mode=sending.mode == "test",
        sending_stopped=sending.stopped,
        live=live,
        live_only=live_only,
        time_zone=known_zone(tenant.time_zone),
    )
