"""What every page of this service needs."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.dispatcher import sending
from services.dispatcher.domain import Sending
from services.dispatcher.letters import Scribe
from services.dispatcher.repository import stories
from services.dispatcher.sender import unheard_of
from shared.db import UnitOfWork
from shared.events import Tenant
from shared.http.csrf import csrf_checked
from shared.http.guesses import Guesses
from shared.http.staff import Staff, signed_in
from shared.keyed_locks import KeyedSemaphores
from shared.pages.environment import Pages
from shared.service import Context
from shared.tenancy import find_tenant
from shared.zones import known_zone


@dataclass(frozen=True)
class House:
    """This process's context, the page-maker, and the writer of mails."""

    context: Context
    pages: Pages
    scribe: Scribe
    per_network: Guesses = field(default_factory=lambda: Guesses(most=1_200, every=0.05))
    per_link: Guesses = field(default_factory=lambda: Guesses(most=120, every=0.5))
    """Both slow those who guess links; no reader meets their bottom."""
    links: KeyedSemaphores = field(default_factory=KeyedSemaphores)
    """By invitation: who waits until another has written holds no connection."""


@dataclass(frozen=True)
class Surround:
    """What the frame of a staff page shows of the reader's company."""

    tenant: Tenant
    sending: Sending
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


def house_of(request: Request) -> House:
    """The dependency by which routes find it."""
    house: House = request.app.state.house
    return house


InHouse = Annotated[House, Depends(house_of)]
Reader = Annotated[Staff, Depends(signed_in())]
Editor = Annotated[Staff, Depends(signed_in("admin", "editor"))]
Admin = Annotated[Staff, Depends(signed_in("admin"))]
# Behind who is signed in, so that an old pass is renewed and not refused.
Checked = Annotated[None, Depends(csrf_checked)]


async def surround_of(uow: UnitOfWork, staff: Staff) -> Surround:
    """The reader's company, how it sends, and how many cases wait there for those who work on them."""
    known = await find_tenant(uow, staff.tenant) or unheard_of(staff.tenant)
    cases = (
        await stories.count_open_cases(uow, staff.tenant, staff.segments) if staff.works_on_cases else None
    )
    return Surround(known, await sending.state_of(uow, staff.tenant), cases)


def page(
    house: House,
    request: Request,
    template: str,
    staff: Staff,
    surround: Surround,
    *,
    here: str,
    **context: Any,
) -> Response:
    """A staff page. Staff read English for now."""
    status = int(context.pop("status_code", 200))
    return house.pages.response(
        request, template, staff=staff, status_code=status, speak="en", **surround.frame(here), **context
    )
