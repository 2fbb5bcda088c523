"""Making a link by which a screen shows a saved view, and taking it back."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from services.scorer.saved_views import repository, screen_repository
from services.scorer.saved_views.addresses import score_query_of
from services.scorer.saved_views.domain import (
    ENDED_SCREENS_KEPT,
    MAX_SCREEN_DAYS,
    MAX_SCREENS_PER_COMPANY,
    Screen,
)
from services.scorer.saved_views.reading import ViewReader
from services.scorer.saved_views.view_commands import ViewFaulty, checked_name
from shared.db.database import UnitOfWork
from shared.http.company_tokens import Token
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, message


class ScreenKeyReused(Exception):
    """A screen of this id was made before: its token is not known any more."""


class ScreenRefused(Exception):
    """Whoever asks may make no screen of this view."""


class NewScreen(NamedTuple):
    """A screen that was just made; the token is told this once."""

    screen: Screen
    token: Token


async def make_screen(
    uow: UnitOfWork, reader: ViewReader, who: AuditActor, view_id: UUID, key: UUID, *, name: str, days: int
) -> NewScreen | None:
    """Make a link to a view.

    :param days: for how long it opens.
    :returns: None where there is no such view.
    :raises ScreenRefused: when the view is somebody else's, or the role may not.
    :raises ViewFaulty: for what is wrong with it.
    :raises ScreenKeyReused: when there is a screen of this id.
    """
    tenant = reader.tenant.id
    view = await repository.find_view(uow, tenant, view_id, lock=True)
    if view is None or reader.person is None or not reader.sees(view):
        return None
    if not reader.may_make_screens(view):
        raise ScreenRefused
    name = checked_name(name)
    if not 1 <= days <= MAX_SCREEN_DAYS:
        raise ViewFaulty("days", message("Choose from 1 to %(most)s days.", most=MAX_SCREEN_DAYS))
    query = score_query_of(view.address)
    if query is None:
        detail = message("A screen shows the scores of the company or of a segment. Save such a page first.")
        raise ViewFaulty("name", detail)
    if not reader.access.allows_selection(query.selection):
        raise ViewFaulty("name", message("You may not see what this view shows any more."))
    if await screen_repository.count_screens(uow, tenant, uow.now - ENDED_SCREENS_KEPT) >= (
        MAX_SCREENS_PER_COMPANY
    ):
        most = Count(MAX_SCREENS_PER_COMPANY)
        raise ViewFaulty(
            "name", message("The company has %(most)s screens already. Remove one first.", most=most)
        )
    token = Token.new(tenant)
    screen = Screen(
        id=key,
        view_id=view.id,
        staff_id=reader.person,
        name=name,
        created_at=uow.now,
        expires_at=uow.now + timedelta(days=days),
        used_at=None,
    )
    if not await screen_repository.insert_screen(uow, tenant, screen, token.digest):
        raise ScreenKeyReused
    record_audit(uow, tenant, who, "screen_made", str(key), view=str(view.id), days=days)
    return NewScreen(screen, token)


async def revoke_screen(
    uow: UnitOfWork, reader: ViewReader, who: AuditActor, view_id: UUID, key: UUID
) -> bool:
    """Take a link back, at once and for ever. False: there is none that the reader may take back.

    The view's owner may, and an administrator of the whole company.
    """
    view = await repository.find_view(uow, reader.tenant.id, view_id)
    administers = reader.staff is not None and reader.staff.administers_company
    if view is None or not (reader.owns(view) or administers):
        return False
    if not await screen_repository.delete_screen(uow, reader.tenant.id, view_id, key):
        return False
    record_audit(uow, reader.tenant.id, who, "screen_revoked", str(key), view=str(view_id))
    return True
