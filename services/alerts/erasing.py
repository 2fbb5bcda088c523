"""Erasure: copies lose whose they are and what was written, and cases end; scores and times stay."""

from collections.abc import Sequence

from services.alerts.cases.changes import write_changes
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import case_mails
from services.alerts.cases.repository import erasing as cases
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.introductions.blocking import withdraw
from services.alerts.replicas import repository as copies
from services.alerts.webhooks.repository import deliveries
from shared.db.database import UnitOfWork
from shared.events import REPLIES
from shared.events.envelope import record_key
from shared.privacy.erased import Target


async def erase(uow: UnitOfWork, targets: Sequence[Target]) -> Sequence[Target]:
    """Erase these customers.

    Nothing of theirs is under way: a mail to a colleague names no customer, and one that waits is not sent
    about a closed case; the dispatcher sends no mail to them any more. Messages to webhooks that wait are
    dropped; that a case has ended is told once more.
    """
    # Answers before cases, as by whoever handles answers.
    await copies.erase_invitations(uow, targets)
    answers = await copies.erase_answers(uow, targets)
    entries: Entries = []
    ended = await cases.lock_cases_of(uow, targets)
    for case in ended:
        case.erase(entries, uow.now)
    await cases.erase_timelines(uow, ended)
    for tenant, mail_id in await case_mails.written_from(uow, [(case.tenant, case.id) for case in ended]):
        uow.publish_tombstone(REPLIES.name, record_key(tenant, str(mail_id)))
    await cases.end_writing(uow, QUIET_DEADLINE, answers, ended)
    await withdraw(uow, targets)
    # After the cases, which are locked: nobody queues anything about them any more.
    await deliveries.erase(uow, targets)
    await write_changes(uow, ended, entries)
    return ()
