"""Mails to customers that were written after the backup: their words are on the topic for some days."""

from collections.abc import Sequence

from services.alerts.cases.domain.case_mails import WrittenMail
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import case_mails, cases, timeline
from services.alerts.cases.repository.case_mails import CaseMailRow
from shared.db.database import UnitOfWork
from shared.events import CaseReply, Event
from shared.events.dedupe import newest


async def restore_mails(uow: UnitOfWork, events: Sequence[Event[CaseReply]]) -> None:
    """Record those that are not known on their cases, which are restored before. What became of each the
    dispatcher tells again.
    """
    written = [event for event in newest(events, lambda reply: reply.id) if not event.data.erased]
    locked = await cases.lock_cases(uow, [(event.tenant, event.data.case_id) for event in written])
    by_key = {(case.tenant, case.id): case for case in locked if not case.erased}
    found = [event for event in written if (event.tenant, event.data.case_id) in by_key]
    new = await case_mails.add(uow, [_row(event) for event in found])
    entries: Entries = []
    for event in found:
        reply = event.data
        if (event.tenant, reply.id) in new:
            mail = WrittenMail(id=reply.id, subject=reply.subject, text=reply.text, language=reply.language)
            case = by_key[event.tenant, reply.case_id]
            case.mail_restored(entries, uow.now, reply.written_at, reply.author, mail, reply.answer_id)
    if entries:
        await cases.update_cases(uow, list(by_key.values()))
        await timeline.add_entries(uow, entries)


def _row(event: Event[CaseReply]) -> CaseMailRow:
    reply = event.data
    return CaseMailRow(
        tenant=event.tenant,
        id=reply.id,
        case_id=reply.case_id,
        direction="out",
        kind=reply.kind,
        reply_id=reply.id,
        state="waiting",
        answers=[reply.answer_id],
        written_at=reply.written_at,
    )
