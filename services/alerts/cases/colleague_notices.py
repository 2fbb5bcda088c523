"""A colleague is told that a case was given to them, or that they are asked about it."""

from uuid import UUID

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.timeline import CaseEntry
from services.alerts.notices.queueing import WantedNotice, queue_notices
from shared.db.database import UnitOfWork

KIND_BY_ENTRY = {"assigned": "handed_over", "handed_over": "handed_over", "asked": "asked"}
"""Of notices, by the entry of the timeline that they are about."""


async def queue_colleague_notice(uow: UnitOfWork, case: CaseFile, entry: CaseEntry, person: UUID) -> None:
    """Queue the notice of an entry to the person whom it names, unless it is their own act."""
    if person == entry.by_id:
        return
    kind = KIND_BY_ENTRY[entry.kind]
    parts = (str(case.id), kind, str(entry.seq))
    wanted = WantedNotice(
        tenant=case.tenant,
        person=person,
        kind=kind,
        parts=parts,
        case_id=case.id,
        answer_id=case.answer_id,
        about={"by": entry.by_name},
    )
    await queue_notices(uow, [wanted])
