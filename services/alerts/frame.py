"""What the frame of the pages of alerts shows."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from services.alerts.cases.repository import overview
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.pages.page import Frame
from shared.tenancy.sending import sending_state
from shared.tenancy.tenants import find_tenant


async def staff_frame(
    uow: UnitOfWork,
    staff: Staff,
    *,
    here: str,
    open_cases: int | None,
    live: str | None = None,
    live_only: str | None = None,
) -> Frame:
    """The frame of a page for this person; see :class:`Frame` for what it shows."""
    tenant = await find_tenant(uow, staff.tenant)
    test_mode, stopped = await sending_state(uow, staff.tenant)
    return Frame(
        company=tenant.name if tenant else staff.tenant,
        here=here,
        open_cases=open_cases,
        test_mode=test_mode,
        sending_stopped=stopped,
        live=live,
        live_only=live_only,
        time_zone=tenant.time_zone if tenant else "UTC",
    )


async def open_case_counts(uow: UnitOfWork, staff: Staff, teams: Collection[UUID] = ()) -> Any:
    """How many open cases this person may see: open, mine, nobody, late, of these teams, paused."""
    return await overview.count_open_cases(uow, staff.tenant, staff.segments, staff.id, teams)
