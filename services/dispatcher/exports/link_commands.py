"""Make, check and withdraw links by which customers read what is kept of them.

A link shows nothing under an address that was not known when it was made: somebody else may come under the
same customer id later. Of a person with one address it is signed for that one, else it ends with the next.
"""

from collections.abc import Sequence
from uuid import UUID

from services.dispatcher.context import DispatcherContext
from services.dispatcher.exports import link_repository, lookup, repository
from services.dispatcher.exports.access_log import record_access
from services.dispatcher.exports.link_repository import NewExportLink
from shared.db import UnitOfWork
from shared.events import AuditLine, Event
from shared.http.staff_auth import Staff
from shared.privacy.audit import AuditActor, record_audit
from shared.privacy.erased import find_erased
from shared.privacy.export_links import LINK_LIFETIME, ExportLink, ExportSubject
from shared.privacy.subjects import Subject


async def make_link(
    uow: UnitOfWork, context: DispatcherContext, subject: ExportSubject, staff: Staff
) -> tuple[str, ExportLink]:
    """Sign and store a link; returns its token and what it says.

    :raises Problem: 404 when the person was erased.
    """
    # An erasure that begins now waits for this transaction, and ends the link.
    await find_erased(uow, [Subject(*subject)])
    if await repository.was_erased(uow, *subject):
        raise lookup.erased()
    contacts = await link_repository.find_contacts(uow, subject.tenant, subject.person)
    pinned = _pinned(subject, contacts)
    later_s = 0
    while True:
        token, link = context.export_links.sign(pinned, later_s=later_s)
        new = NewExportLink(
            tenant=subject.tenant,
            id=link.id,
            person=subject.person,
            contact=pinned.contact,
            contacts=sorted(contacts),
            who=staff.name,
            made_at=uow.now,
            expires_at=link.expires_at,
        )
        if await link_repository.add(uow, new):
            break
        later_s += 1
    record_access(uow, "link_created", subject, staff)
    return token, link


async def subject_of(uow: UnitOfWork, link: ExportLink) -> ExportSubject | None:
    """Whose data a link shows now; None: it was withdrawn, or the person has got another address."""
    tenant, person, contact = link.subject
    row = await link_repository.find(uow, link)
    if row is not None and row.withdrawn_at is not None:
        return None
    if contact is not None:
        return link.subject
    if row is not None:
        known, subject = set(row.contacts), link.subject
    else:  # a version that stored no links made it
        known = await link_repository.find_contacts_before(uow, tenant, person, link.made_at)
        subject = _pinned(link.subject, known)
    if subject.contact is None and await link_repository.find_contacts(uow, tenant, person) - known:
        return None
    # What names an address that a service may know before the dispatcher does is left out.
    return subject if known else subject._replace(contact="")


async def withdraw_link(uow: UnitOfWork, tenant: str, link_id: UUID, who: AuditActor) -> bool:
    """End a link before its time; False when there is none that is valid."""
    person = await link_repository.withdraw(uow, tenant, link_id)
    if person is None:
        return False
    record_audit(uow, tenant, who, "export_link_withdrawn", person, link=str(link_id))
    return True


async def withdraw_again(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """Withdraw what was withdrawn since the backup from which the database was restored.

    A link that was made since, too, has no row and would open: it gets one. Lines of earlier versions name no
    link: then all links end that the person had by that time.
    """
    for event in events:
        line = event.data
        if line.act != "export_link_withdrawn" or line.about is None:
            continue
        link = line.facts.get("link")
        if link is None:
            await link_repository.withdraw_of_person(uow, event.tenant, line.about, line.at)
            continue
        withdrawn = NewExportLink(
            tenant=event.tenant,
            id=UUID(str(link)),
            person=line.about,
            contact=None,
            contacts=(),
            who=line.who,
            made_at=line.at,
            expires_at=line.at + LINK_LIFETIME,
        )
        await link_repository.add(uow, withdrawn)
        await link_repository.withdraw(uow, event.tenant, withdrawn.id)


def _pinned(subject: ExportSubject, contacts: set[str]) -> ExportSubject:
    """The subject under the person's one address, where there is exactly one."""
    if subject.contact is not None or len(contacts) != 1:
        return subject
    return subject._replace(contact=next(iter(contacts)))
