"""Adding, changing and removing marks, by whichever door it is asked for."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from services.scorer.access import SegmentAccess
from services.scorer.improvements.repository import has_segment
from services.scorer.marks import repository
from services.scorer.marks.domain import MAX_DAYS_AHEAD, MAX_MARKS_PER_COMPANY, Mark
from services.scorer.windows import EARLIEST_DAY, today_in
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant, is_person
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, message


class MarkFaulty(Exception):
    """What is asked for cannot be: the fields, and what is wrong with each."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(", ".join(fault["field"] for fault in faults))
        self.faults = faults


class MarkForeign(Exception):
    """Whoever asks sees the mark, and may not change it: it is about the whole company, and they are not."""


class MarkKeyReused(Exception):
    """The idempotency key was used for another mark."""


@dataclass(frozen=True, kw_only=True)
class MarkDraft:
    """A mark as it is asked for; None: as it is."""

    day: date | None = None
    text: str | None = None
    segment: str | None = None


async def add_mark(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    who: AuditActor,
    key: UUID,
    *,
    day: date,
    text: str,
    segment: str,
) -> Mark:
    """Add a mark; one of this id that is there already, and was added so, stays as it is.

    :raises MarkFaulty: for what is wrong with it.
    :raises MarkKeyReused: when the one that is there is another one.
    """
    mark = Mark(id=key, day=day, text=text, segment=segment, created_at=uow.now, changed_at=uow.now)
    if (known := await repository.find_mark(uow, tenant.id, key)) is not None:
        return _same(known, mark)
    await _refuse_faulty(uow, tenant, access, mark)
    if await repository.count_marks(uow, tenant.id) >= MAX_MARKS_PER_COMPANY:
        detail = message("A company has at most %(most)s marks.", most=Count(MAX_MARKS_PER_COMPANY))
        raise MarkFaulty([FieldFault(field="/text", detail=detail)])
    if not await repository.insert_mark(uow, tenant.id, mark):
        known = await repository.find_mark(uow, tenant.id, key)
        if known is None:
            raise MarkKeyReused
        return _same(known, mark)
    record_audit(uow, tenant.id, who, "mark", str(key))
    return mark


def _same(known: Mark, mark: Mark) -> Mark:
    if (known.day, known.text, known.segment) != (mark.day, mark.text, mark.segment):
        raise MarkKeyReused
    return known


async def change_mark(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, who: AuditActor, key: UUID, draft: MarkDraft
) -> Mark | None:
    """Change a mark; the same again changes nothing.

    :returns: None where there is none that the caller may see.
    :raises MarkFaulty: for what is wrong with it.
    :raises MarkForeign: when it is about the whole company, which the caller may not see.
    """
    known = await _find_own(uow, tenant, access, key)
    if known is None:
        return None
    changed = replace(
        known,
        day=known.day if draft.day is None else draft.day,
        text=known.text if draft.text is None else draft.text,
        segment=known.segment if draft.segment is None else draft.segment,
    )
    if changed == known:
        return known
    await _refuse_faulty(uow, tenant, access, changed)
    changed = replace(changed, changed_at=uow.now)
    await repository.update_mark(uow, tenant.id, changed)
    record_audit(uow, tenant.id, who, "mark", str(key))
    return changed


async def remove_mark(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, who: AuditActor, key: UUID
) -> bool:
    """Remove a mark. False: there is none that the caller may see.

    :raises MarkForeign: when it is about the whole company, which the caller may not see.
    """
    if await _find_own(uow, tenant, access, key) is None:
        return False
    await repository.delete_mark(uow, tenant.id, key)
    record_audit(uow, tenant.id, who, "mark", str(key), deleted=True)
    return True


async def _find_own(uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, key: UUID) -> Mark | None:
    known = await repository.find_mark(uow, tenant.id, key, lock=True)
    if known is None or access.allows(known.segment):
        return known
    if known.segment == WHOLE_COMPANY:
        raise MarkForeign
    return None


async def _refuse_faulty(uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, mark: Mark) -> None:
    last = today_in(tenant.time_zone, uow.now) + timedelta(days=MAX_DAYS_AHEAD)
    if not EARLIEST_DAY <= mark.day <= last:
        detail = message("Choose a day from %(first)s to a year from now.", first=EARLIEST_DAY.isoformat())
        raise MarkFaulty([FieldFault(field="/day", detail=detail)])
    if is_person(tenant.people, mark.segment):
        detail = message("A mark is about a team, a place or a process, never about one employee.")
        raise MarkFaulty([FieldFault(field="/segment", detail=detail)])
    known = mark.segment == WHOLE_COMPANY or await has_segment(uow, tenant.id, mark.segment)
    if not access.allows(mark.segment) or not known:
        detail = message("Choose a segment that has answers and that you may see.")
        raise MarkFaulty([FieldFault(field="/segment", detail=detail)])
