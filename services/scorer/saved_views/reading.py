"""Which saved views and screens somebody may see."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.scorer.access import SegmentAccess
from services.scorer.saved_views import repository, screen_repository
from services.scorer.saved_views.addresses import shows_address
from services.scorer.saved_views.domain import MAX_SCREENS_PER_COMPANY, SavedView, Screen
from services.scorer.windows import today_in
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.permissions import ASSIGNING_ROLES
from shared.tenancy import find_tenant

MAX_VIEWS_LISTED = 500
VIEWS_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class ViewReader:
    """Who asks for the saved views of a company, and when."""

    tenant: Tenant
    access: SegmentAccess
    staff: Staff | None
    """None: a program, which is no person and has saved nothing."""
    today: date

    @property
    def person(self) -> UUID | None:
        """Whose own views are among those that are seen."""
        return None if self.staff is None else self.staff.id

    def owns(self, view: SavedView) -> bool:
        """Whether the reader saved it."""
        return self.person == view.staff_id

    def sees(self, view: SavedView) -> bool:
        """Whether the reader finds it: their own, and of those that others share what they may see."""
        return self.owns(view) or (view.shared and shows_address(view.address, self.access))

    def may_remove(self, view: SavedView) -> bool:
        """Their own; an administrator of the whole company also what others share, who may have left."""
        administers = self.staff is not None and self.staff.administers_company
        return self.owns(view) or (view.shared and administers)

    def may_make_screens(self, view: SavedView) -> bool:
        """Whether the reader may show this view on a screen."""
        return self.owns(view) and self.staff is not None and self.staff.role in ASSIGNING_ROLES


@dataclass(frozen=True, kw_only=True)
class CompanyScreen:
    """A screen, and the view that it shows."""

    screen: Screen
    view: SavedView


async def reader_of(uow: UnitOfWork, tenant_id: str, staff: Staff | None) -> ViewReader:
    """The reader.

    :param staff: None: a key.
    :raises Problem: 404 where the company is not known yet.
    """
    tenant = await find_tenant(uow, tenant_id)
    if tenant is None:
        raise Problem(404)
    access = SegmentAccess.of(tenant, staff)
    return ViewReader(tenant=tenant, access=access, staff=staff, today=today_in(tenant.time_zone, uow.now))


async def find_readable(uow: UnitOfWork, reader: ViewReader, key: UUID) -> SavedView:
    """One view.

    :raises Problem: 404 where there is none that the reader may see.
    """
    view = await repository.find_view(uow, reader.tenant.id, key)
    if view is None or not reader.sees(view):
        raise Problem(404)
    return view


async def list_readable(uow: UnitOfWork, reader: ViewReader) -> list[SavedView]:
    """The reader's own views by name, then those that others share and the reader may see."""
    found: list[SavedView] = []
    last = None
    while len(found) < MAX_VIEWS_LISTED:
        portion = await repository.list_views(uow, reader.tenant.id, reader.person, VIEWS_AT_ONCE, last)
        found += filter(reader.sees, portion)
        if len(portion) < VIEWS_AT_ONCE:
            break
        last = portion[-1]
    return found[:MAX_VIEWS_LISTED]


async def screens_of_view(uow: UnitOfWork, reader: ViewReader, view: SavedView) -> list[Screen]:
    """The screens of a view: its owner sees them, and nobody else here."""
    if not reader.owns(view):
        return []
    return await screen_repository.list_screens(uow, reader.tenant.id, view.id, MAX_SCREENS_PER_COMPANY)


async def screens_of_company(uow: UnitOfWork, reader: ViewReader) -> list[CompanyScreen]:
    """All screens, for an administrator of the whole company; to others none."""
    if reader.staff is None or not reader.staff.administers_company:
        return []
    found = await screen_repository.list_with_views(uow, reader.tenant.id, MAX_SCREENS_PER_COMPANY)
    return [CompanyScreen(screen=screen, view=view) for screen, view in found]
