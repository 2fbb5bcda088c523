"""The frame of the scorer's pages, and the company whose pages they are."""

from services.scorer.repository.cases import count_open_cases
from services.scorer.repository.sending_state import SendingState
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.pages.page import Frame
from shared.tenancy import find_tenant
from shared.values.messages import message

DEMO_TENANT = "demo"


async def company_of(uow: UnitOfWork, staff: Staff) -> Tenant:
    """The company of somebody who is signed in.

    :raises Problem: 503 where its data has not arrived yet.
    """
    tenant = await find_tenant(uow, staff.tenant)
    if tenant is None:
        raise Problem(
            503, detail=message("The company's data has not arrived yet."), headers={"Retry-After": "2"}
        )
    return tenant


async def staff_frame(
    uow: UnitOfWork,
    staff: Staff,
    tenant: Tenant,
    state: SendingState,
    *,
    here: str = "scores",
    live: str | None = "/segments/live",
) -> Frame:
    """The frame of a page.

    :param here: the current entry of the menu.
    :param live: the stream of changes that the page follows; None: none.
    """
    return Frame(
        company=tenant.name,
        here=here,
        open_cases=await count_open_cases(uow, tenant.id, staff.segments),
        test_mode=state.test,
        sending_stopped=state.stopped,
        demo=tenant.id == DEMO_TENANT,
        live=live,
        time_zone=tenant.time_zone,
    )
