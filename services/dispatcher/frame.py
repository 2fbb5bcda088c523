"""What every page of this service needs."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.dispatcher.context import DispatcherContext
from services.dispatcher.decisions.domain import Sending
from services.dispatcher.invitations.queue import placeholder_tenant
from services.dispatcher.sending.sending_commands import sending_commands
from services.dispatcher.story import repository
from shared.db import UnitOfWork
from shared.events import Tenant
from shared.http.csrf import csrf_checked
from shared.http.staff_auth import Staff, signed_in
from shared.permissions import ADMIN, EDITING_ROLES
from shared.tenancy import find_tenant
from shared.values.zones import known_zone


@dataclass(frozen=True)
class Surround:
    """What the frame of a staff page shows of the reader's company."""

    tenant: Tenant
    sending_commands: Sending
    open_cases: int | None
    """How many cases of the reader's segments are open, as far as we have heard; None: not to be shown."""

    def frame(self, here: str) -> dict[str, Any]:
        """The frame's part of a page's context."""
        return {
            "company": self.tenant.name,
            "here": here,
            "time_zone": known_zone(self.tenant.time_zone),
            "test_mode": self.sending.mode == "test",
            "sending_stopped": self.sending.stopped,
            "open_cases": self.open_cases,
        }


Reader = Annotated[Staff, Depends(signed_in())]
Editor = Annotated[Staff, Depends(signed_in(*EDITING_ROLES))]
Admin = Annotated[Staff, Depends(signed_in(ADMIN))]
# Behind who is signed in, so that an old pass is renewed and not refused.
Checked = Annotated[None, Depends(csrf_checked)]


async def surround_of(uow: UnitOfWork, staff: Staff) -> Surround:
    """The reader's company, how it sends, and how many cases wait there for those who work on them."""
    known = await find_tenant(uow, staff.tenant) or placeholder_tenant(staff.tenant)
    cases = (
        await repository.count_open_cases(uow, staff.tenant, staff.segments) if staff.works_on_cases else None
    )
    return Surround(known, await sending_commands.find_sending(uow, staff.tenant), cases)


def page(
    context: DispatcherContext,
    request: Request,
    template: str,
    staff: Staff,
    surround: Surround,
    *,
    here: str,
    **values: Any,
) -> Response:
    """A staff page. Staff read English for now."""
    status = int(values.pop("status_code", 200))
    return context.pages.response(
        request, template, staff=staff, status_code=status, speak="en", **surround.frame(here), **values
    )
