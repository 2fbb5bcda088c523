"""Wanting a saved view every Monday, and not any more, by whichever door it is asked for."""

from uuid import UUID

from services.scorer.saved_views import mail_repository
from services.scorer.saved_views.addresses import score_query_of
from services.scorer.saved_views.reading import ViewReader, find_readable
from services.scorer.saved_views.view_commands import KeySavesNothing
from shared.db.database import UnitOfWork
from shared.values.messages import Count, Message, message

MAX_MAILS_PER_PERSON = 20


class MailRefused(Exception):
    """A view cannot be mailed to this person; why."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


async def set_view_mail(uow: UnitOfWork, reader: ViewReader, key: UUID, *, wanted: bool) -> bool:
    """Send a view to the reader every Monday, or not any more; what holds now.

    :raises Problem: 404 where there is no view that the reader may see.
    :raises KeySavesNothing: when a key asks.
    :raises MailRefused: for a view without scores, and beyond the bound.
    """
    view = await find_readable(uow, reader, key)
    if reader.person is None:
        raise KeySavesNothing
    tenant = reader.tenant.id
    if not wanted:
        await mail_repository.delete_wanted(uow, tenant, view.id, reader.person)
        return False
    if score_query_of(view.address) is None:
        raise MailRefused(message("Only views of scores are sent as mail."))
    if await mail_repository.count_others(uow, tenant, reader.person, view.id) >= MAX_MAILS_PER_PERSON:
        most = Count(MAX_MAILS_PER_PERSON)
        raise MailRefused(message("You get %(most)s views every Monday already. Stop one first.", most=most))
    await mail_repository.add_wanted(uow, tenant, view.id, reader.person)
    return True


async def gets_view_mail(uow: UnitOfWork, reader: ViewReader, key: UUID) -> bool:
    """Whether the reader gets a view every Monday; a program never does."""
    if reader.person is None:
        return False
    return await mail_repository.is_wanted(uow, reader.tenant.id, key, reader.person)
