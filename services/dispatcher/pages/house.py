"""What every page of this service needs."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.dispatcher import sending
from services.dispatcher.domain import Sending
from services.dispatcher.letters import Scribe
from services.dispatcher.sender import unheard_of
from shared.db import UnitOfWork
from shared.events import Tenant
from shared.http.guesses import Guesses
from shared.http.staff import Staff
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
    """Slows those who guess links; no reader meets its bottom."""


@dataclass(frozen=True)
class Surround:
    """What the frame of a staff page shows of the reader's company."""

    tenant: Tenant
    sending: Sending

    def frame(self, here: str) -> dict[str, Any]:
        """The frame's part of a page's context."""
        return {
            "company": self.tenant.name,
            "here": here,
            "time_zone": known_zone(self.tenant.time_zone),
            "test_mode": self.sending.mode == "test",
            "sending_stopped": self.sending.stopped,
        }


def house_of(request: Request) -> House:
    """The dependency by which routes find it."""
    house: House = request.app.state.house
    return house


InHouse = Annotated[House, Depends(house_of)]


async def surround_of(uow: UnitOfWork, tenant: str) -> Surround:
    """The reader's company and how it sends."""
    known = await find_tenant(uow, tenant) or unheard_of(tenant)
    return Surround(known, await sending.state_of(uow, tenant))


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
