"""Changes of cases: written with their entries and deadlines, and published."""

from collections.abc import Sequence

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.timeline import CaseEntry
from services.alerts.cases.repository import cases, timeline
from services.alerts.cases.repository.answers import answer_ids_of_cases
from services.alerts.introductions.blocking import block_by_cases, key_of_case
from services.alerts.webhooks.queueing import queue_cases
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, clear_deadlines, set_deadlines
from shared.events import CASES

OPENING_KINDS = frozenset({"opened", "again", "objected", "reopened"})
"""The entries after which a case may be open that was not open before, or is about somebody else, too."""
CASE_DEADLINE = "case"
"""The kind of deadline by which the next step of a case's clocks is done."""


async def write_changes(uow: UnitOfWork, changed: Sequence[CaseFile], entries: Sequence[CaseEntry]) -> None:
    """Write locked cases and their entries; publish each case that has one, and tell webhooks of it."""
    await set_case_deadlines(uow, changed)
    await cases.update_cases(uow, changed)
    if not entries:
        return
    await timeline.add_entries(uow, entries)
    by_key = {(case.tenant, case.id): case for case in changed}
    keys = sorted({(entry.tenant, entry.case_id) for entry in entries})
    opened = {(entry.tenant, entry.case_id) for entry in entries if entry.kind in OPENING_KINDS}
    unhappy = [by_key[key] for key in sorted(opened) if by_key[key].state != "closed"]
    await block_by_cases(uow, [(case.tenant, key_of_case(case)) for case in unhappy])
    answers = await answer_ids_of_cases(uow, keys)
    published = [(key[0], by_key[key].published(answers[key])) for key in keys]
    for tenant, event in published:
        uow.publish(CASES, tenant, event)
    await queue_cases(uow, published)


async def set_case_deadlines(
    uow: UnitOfWork, changed: Sequence[CaseFile], deadlines: Sequence[Deadline] = ()
) -> None:
    """Set the deadlines of changed cases, and these; before notices are queued (``shared.db.deadlines``)."""
    wanted, ended = list(deadlines), []
    for case in changed:
        if (at := case.next_step) == case.next_step_at:
            continue
        case.next_step_at = at
        if at is None:
            ended.append((case.tenant, case.id))
        else:
            wanted.append(Deadline(case.tenant, CASE_DEADLINE, case.id, at))
    await set_deadlines(uow, wanted)
    await clear_deadlines(uow, CASE_DEADLINE, ended)
