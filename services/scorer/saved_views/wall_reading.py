"""What a screen shows, by what its maker may see at this moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.scorer.access import SegmentAccess
from services.scorer.dashboard.domain import ranking_of
from services.scorer.part_rows import load_part_rows
from services.scorer.repository.counts import use_custom_plans
from services.scorer.repository.pairs import selection_of
from services.scorer.saved_views import repository, screen_repository
from services.scorer.saved_views.addresses import score_query_of
from services.scorer.saved_views.domain import SavedView, Screen
from services.scorer.score_page import Standing
from services.scorer.standing_loader import load_standing
from services.scorer.views import SegmentRow
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.http.company_tokens import Token
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.present_access import PresentAccess
from shared.tenancy import find_tenant

MAX_LOWEST = 3
"""Parts that a screen names."""


class OpenScreen(NamedTuple):
    """A screen whose time is not over, with its view and company."""

    tenant: Tenant
    screen: Screen
    view: SavedView


@dataclass(frozen=True, kw_only=True)
class WallFigures:
    """The figures of a dashboard that stand on a screen: no answer, no customer and no colleague."""

    tenant: Tenant
    view: SavedView
    segments: tuple[str, ...]
    """In all of which the answers lie; none: the company's."""
    standing: Standing
    by: str
    """The dimension of ``lowest``; empty: there is none."""
    lowest: list[SegmentRow]
    """The parts that are lower than the others by more than chance; none where none is."""
    now: datetime


async def find_open_screen(uow: UnitOfWork, token: Token) -> OpenScreen | None:
    """The screen of a link; None for a wrong link, one whose time is over, or that was taken back."""
    screen = await screen_repository.find_open(uow, token.tenant, token.digest)
    if screen is None:
        return None
    tenant = await find_tenant(uow, token.tenant)
    view = await repository.find_view(uow, token.tenant, screen.view_id)
    if tenant is None or view is None or view.staff_id != screen.staff_id:
        return None
    return OpenScreen(tenant, screen, view)


def wall_access(tenant: Tenant, maker: PresentAccess) -> SegmentAccess | None:
    """What a screen may show: what its maker may see, and of single employees nothing to anybody.

    None: who made it has left, or may make none any more.
    """
    if maker.role not in ASSIGNING_ROLES:
        return None
    return SegmentAccess(people=tenant.people, role=None, limited_to=maker.segments)


async def read_wall(uow: UnitOfWork, found: OpenScreen, access: SegmentAccess) -> WallFigures | None:
    """The figures; None where the maker may not see them any more, or the view shows none."""
    return await read_view_figures(uow, found.tenant, found.view, access)


async def read_view_figures(
    uow: UnitOfWork, tenant: Tenant, view: SavedView, access: SegmentAccess
) -> WallFigures | None:
    """The figures of a view; None where the reader may not see them, or the view shows none."""
    query = score_query_of(view.address)
    if query is None or not access.allows_selection(query.selection):
        return None
    await use_custom_plans(uow)
    selection = await selection_of(uow, tenant.id, query.selection)
    standing = await load_standing(uow, tenant, query, selection)
    parts = await load_part_rows(uow, access, query.by, selection, standing)
    return WallFigures(
        tenant=tenant,
        view=view,
        segments=query.selection,
        standing=standing,
        by=parts.by,
        lowest=lowest_of(parts.rows),
        now=uow.now,
    )


def lowest_of(rows: list[SegmentRow]) -> list[SegmentRow]:
    """The parts that are lower than the others by more than chance, as ``/segments`` finds them, the lowest
    first.
    """
    by_name = {row.segment: row for row in rows}
    ranked = ranking_of({name: row.part.now for name, row in by_name.items()}).ranked
    return [by_name[each.segment] for each in ranked if each.compared.is_lower][:MAX_LOWEST]
