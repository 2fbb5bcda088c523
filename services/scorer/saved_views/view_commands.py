"""Saving, changing and removing a view, by whichever door it is asked for."""

from uuid import UUID

from services.scorer.saved_views import repository
from services.scorer.saved_views.addresses import NotSavable, normalized_address, pinned_address
from services.scorer.saved_views.domain import MAX_VIEW_NAME_CHARS, MAX_VIEWS_PER_PERSON, SavedView
from services.scorer.saved_views.reading import ViewReader
from shared.db.database import UnitOfWork
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, Message, message
from shared.values.text import normalized_text


class ViewFaulty(Exception):
    """What is asked for cannot be: the field, and what is wrong with it."""

    def __init__(self, field: str, detail: Message | str) -> None:
        super().__init__(field)
        self.fault = FieldFault(field=f"/{field}", detail=detail)


class ViewForeign(Exception):
    """Whoever asks sees the view, or guessed its id, and it is somebody else's."""


class KeySavesNothing(Exception):
    """A key is no person, and saves no views."""


def checked_name(given: str) -> str:
    """A name in its one form.

    :raises ViewFaulty: where it is blank or too long.
    """
    name = normalized_text(given)
    if not name:
        raise ViewFaulty("name", message("Is blank. Fill it."))
    if len(name) > MAX_VIEW_NAME_CHARS:
        most = Count(MAX_VIEW_NAME_CHARS)
        raise ViewFaulty("name", message("Choose a name of %(most)s characters at most.", most=most))
    return name


async def save_view(
    uow: UnitOfWork, reader: ViewReader, key: UUID, *, name: str, address: str, shared: bool
) -> SavedView:
    """Save a page under a name, or save it anew under its id; the same again changes nothing.

    :raises ViewFaulty: for what is wrong with it.
    :raises ViewForeign: when the id is that of somebody else's view.
    :raises KeySavesNothing: when a key asks.
    """
    if reader.person is None:
        raise KeySavesNothing
    name = checked_name(name)
    try:
        kept = pinned_address(normalized_address(address, reader.today), reader.access)
    except NotSavable as refused:
        raise ViewFaulty("address", refused.remedy) from None
    tenant = reader.tenant.id
    others, taken = await repository.count_other_views(uow, tenant, reader.person, key, name)
    if taken:
        raise ViewFaulty("name", message("You have saved another view under this name. Choose another one."))
    if others >= MAX_VIEWS_PER_PERSON:
        most = Count(MAX_VIEWS_PER_PERSON)
        raise ViewFaulty(
            "name", message("You have saved %(most)s views already. Remove one first.", most=most)
        )
    known = await repository.find_view(uow, tenant, key, lock=True)
    if known is not None and not reader.owns(known):
        raise ViewForeign
    if known is not None and (known.name, known.address, known.shared) == (name, kept, shared):
        return known
    view = SavedView(
        id=key,
        staff_id=reader.person,
        name=name,
        address=kept,
        shared=shared,
        created_at=known.created_at if known is not None else uow.now,
        changed_at=uow.now,
    )
    if not await repository.write_view(uow, tenant, view):
        raise ViewForeign
    return view


async def remove_view(uow: UnitOfWork, reader: ViewReader, who: AuditActor, key: UUID) -> bool:
    """Remove a view, with the screens that show it. False: there is none that the reader may see.

    :raises ViewForeign: when they see it, and it is somebody else's.
    """
    known = await repository.find_view(uow, reader.tenant.id, key, lock=True)
    if known is None or not (reader.sees(known) or reader.may_remove(known)):
        return False
    if not reader.may_remove(known):
        raise ViewForeign
    await repository.delete_view(uow, reader.tenant.id, key)
    record_audit(uow, reader.tenant.id, who, "view_removed", str(key))
    return True
