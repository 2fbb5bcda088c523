"""Wanting a saved view every Monday, and not any more, by whichever door it is asked for."""

from datetime import datetime
from uuid import UUID

from services.scorer.saved_views import mail_repository
from services.scorer.saved_views.addresses import score_query_of
from services.scorer.saved_views.mail_tokens import StopLink
from services.scorer.saved_views.reading import ViewReader, find_readable
from services.scorer.saved_views.view_commands import KeySavesNothing
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, Message, message

MAX_MAILS_PER_PERSON = 20


class MailRefused(Exception):
    """A view cannot be mailed to this person; why."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


async def set_view_mail(
    uow: UnitOfWork, reader: ViewReader, who: AuditActor, key: UUID, *, wanted: bool
) -> bool:
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
        await stop_view_mail(uow, StopLink(tenant, view.id, reader.person), who)
        return False
    if score_query_of(view.address) is None:
        raise MailRefused(message("Only views of scores are sent as mail."))
    if await mail_repository.count_others(uow, tenant, reader.person, view.id) >= MAX_MAILS_PER_PERSON:
        most = Count(MAX_MAILS_PER_PERSON)
        raise MailRefused(message("You get %(most)s views every Monday already. Stop one first.", most=most))
    await mail_repository.add_wanted(uow, tenant, view.id, reader.person)
    return True


async def stop_view_mail(uow: UnitOfWork, link: StopLink, who: AuditActor) -> None:
    """A person gets a view no more; the same again changes nothing.

    It is on ``audit``, so that a database from an older backup sends nothing that was stopped since.
    """
    if await mail_repository.delete_wanted(uow, link.tenant, link.view, link.staff):
        record_audit(uow, link.tenant, who, "view_mail_stopped", str(link.view), staff=str(link.staff))


async def gets_view_mail_since(uow: UnitOfWork, reader: ViewReader, key: UUID) -> datetime | None:
    """Since when the reader gets a view every Monday; None: they do not, as a program never does."""
    if reader.person is None:
        return None
    return await mail_repository.wanted_since(uow, reader.tenant.id, key, reader.person)
