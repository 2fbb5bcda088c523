"""Changes of cases: written with their entries, and published."""

from collections.abc import Sequence

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.timeline import CaseEntry
from services.alerts.cases.repository import cases, timeline
from shared.db.database import UnitOfWork
from shared.events import CASES


async def write_changes(uow: UnitOfWork, changed: Sequence[CaseFile], entries: Sequence[CaseEntry]) -> None:
    """Write locked cases and their entries, and publish each case that has one."""
    await cases.update_cases(uow, changed)
    if not entries:
        return
    await timeline.add_entries(uow, entries)
    by_key = {(case.tenant, case.id): case for case in changed}
    for key in sorted({(entry.tenant, entry.case_id) for entry in entries}):
        uow.publish(CASES, key[0], by_key[key].published())
