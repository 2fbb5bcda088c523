"""Changes of cases: written with their entries, and published."""

from collections.abc import Sequence

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.timeline import CaseEntry
from services.alerts.cases.repository import cases, timeline
from services.alerts.webhooks.queueing import queue_cases
from shared.db.database import UnitOfWork
from shared.events import CASES


async def write_changes(uow: UnitOfWork, changed: Sequence[CaseFile], entries: Sequence[CaseEntry]) -> None:
    """Write locked cases and their entries; publish each case that has one, and tell webhooks of it."""
    await cases.update_cases(uow, changed)
    if not entries:
        return
    await timeline.add_entries(uow, entries)
    by_key = {(case.tenant, case.id): case for case in changed}
    published = [
        (tenant, by_key[tenant, case].published())
        for tenant, case in sorted({(entry.tenant, entry.case_id) for entry in entries})
    ]
    for tenant, event in published:
        uow.publish(CASES, tenant, event)
    await queue_cases(uow, published)
