"""Adding, replacing and removing published benchmarks, by whichever door it is asked for."""

from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from services.scorer.access import SegmentAccess
from services.scorer.benchmarks import repository
from services.scorer.benchmarks.domain import MAX_BENCHMARKS_PER_COMPANY, Benchmark
from services.scorer.improvements.repository import has_segment
from services.scorer.repository.segments import list_dimensions
from services.scorer.windows import EARLIEST_DAY, today_in
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant, is_person
from shared.events.surveys import NpsMeasurement
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, message


class BenchmarkFaulty(Exception):
    """What is asked for cannot be: the fields, and what is wrong with each."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(", ".join(fault["field"] for fault in faults))
        self.faults = faults


class BenchmarkForeign(Exception):
    """Whoever asks sees the benchmark, and may not change it: it is about more than their segments."""


class BenchmarkKeyReused(Exception):
    """The idempotency key was used for another benchmark."""


@dataclass(frozen=True, kw_only=True)
class BenchmarkDraft:
    """A benchmark as it is asked for: the fields of :class:`Benchmark`."""

    name: str
    source: str
    link: str | None
    score: float
    n: int | None
    first: date | None
    last: date
    measurement: NpsMeasurement
    segment: str
    dimension: str

    @classmethod
    def of(cls, benchmark: Benchmark) -> "BenchmarkDraft":
        """What was asked for of one that is there."""
        return cls(**{each.name: getattr(benchmark, each.name) for each in fields(cls)})

    def values(self) -> dict[str, object]:
        """The fields by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


async def add_benchmark(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, who: AuditActor, key: UUID, draft: BenchmarkDraft
) -> Benchmark:
    """Add a benchmark; one of this id that is there already, and was added so, stays as it is.

    :raises BenchmarkFaulty: for what is wrong with it.
    :raises BenchmarkForeign: for one about more than the caller's segments.
    :raises BenchmarkKeyReused: when the one that is there is another one.
    """
    if (known := await repository.find_benchmark(uow, tenant.id, key)) is not None:
        return _same(known, draft)
    await _refuse_faulty(uow, tenant, access, draft)
    if await repository.count_benchmarks(uow, tenant.id) >= MAX_BENCHMARKS_PER_COMPANY:
        detail = message(
            "A company has at most %(most)s published benchmarks.", most=Count(MAX_BENCHMARKS_PER_COMPANY)
        )
        raise BenchmarkFaulty([FieldFault(field="/name", detail=detail)])
    added = _benchmark(draft, key, uow, None)
    if not await repository.insert_benchmark(uow, tenant.id, added):
        known = await repository.find_benchmark(uow, tenant.id, key)
        if known is None:
            raise BenchmarkKeyReused
        return _same(known, draft)
    record_audit(uow, tenant.id, who, "benchmark", str(key))
    return added


def _same(known: Benchmark, draft: BenchmarkDraft) -> Benchmark:
    if BenchmarkDraft.of(known) != draft:
        raise BenchmarkKeyReused
    return known


async def replace_benchmark(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, who: AuditActor, key: UUID, draft: BenchmarkDraft
) -> Benchmark | None:
    """Write a benchmark anew; the same again changes nothing.

    :returns: None where there is none that the caller may see.
    :raises BenchmarkFaulty: for what is wrong with it.
    :raises BenchmarkForeign: when it is, or is to be, about more than the caller's segments.
    """
    known = await _find_own(uow, tenant, access, key)
    if known is None or BenchmarkDraft.of(known) == draft:
        return known
    await _refuse_faulty(uow, tenant, access, draft)
    changed = _benchmark(draft, key, uow, known)
    await repository.update_benchmark(uow, tenant.id, changed)
    record_audit(uow, tenant.id, who, "benchmark", str(key))
    return changed


async def remove_benchmark(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, who: AuditActor, key: UUID
) -> bool:
    """Remove a benchmark. False: there is none that the caller may see.

    :raises BenchmarkForeign: when it is about more than the caller's segments.
    """
    if await _find_own(uow, tenant, access, key) is None:
        return False
    await repository.delete_benchmark(uow, tenant.id, key)
    record_audit(uow, tenant.id, who, "benchmark", str(key), deleted=True)
    return True


def _benchmark(draft: BenchmarkDraft, key: UUID, uow: UnitOfWork, known: Benchmark | None) -> Benchmark:
    return Benchmark(
        id=key,
        name=draft.name,
        source=draft.source,
        link=draft.link,
        score=draft.score,
        n=draft.n,
        first=draft.first,
        last=draft.last,
        measurement=draft.measurement,
        segment=draft.segment,
        dimension=draft.dimension,
        created_at=uow.now if known is None else known.created_at,
        changed_at=uow.now,
    )


async def _find_own(uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, key: UUID) -> Benchmark | None:
    known = await repository.find_benchmark(uow, tenant.id, key, lock=True)
    if known is None:
        return None
    if known.segment == WHOLE_COMPANY:
        if access.limited_to:
            raise BenchmarkForeign
        return known
    return known if access.allows(known.segment) else None


async def _refuse_faulty(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, draft: BenchmarkDraft
) -> None:
    today = today_in(tenant.time_zone, uow.now)
    if not EARLIEST_DAY <= draft.last <= today:
        detail = message("Choose a day from %(first)s until today.", first=EARLIEST_DAY.isoformat())
        raise BenchmarkFaulty([FieldFault(field="/last", detail=detail)])
    if draft.first is not None and not EARLIEST_DAY <= draft.first <= draft.last:
        detail = message("Choose a day that is not behind the last one, or leave it empty.")
        raise BenchmarkFaulty([FieldFault(field="/first", detail=detail)])
    if draft.dimension and draft.segment:
        detail = message("Name a segment or a dimension, not both.")
        raise BenchmarkFaulty([FieldFault(field="/dimension", detail=detail)])
    about = draft.segment or (f"{draft.dimension}:-" if draft.dimension else "")
    if about and is_person(tenant.people, about):
        detail = message("A benchmark is about a team, a place or a process, never about one employee.")
        field = "/segment" if draft.segment else "/dimension"
        raise BenchmarkFaulty([FieldFault(field=field, detail=detail)])
    if draft.dimension:
        if draft.dimension not in {each.name for each in await list_dimensions(uow, tenant.id)}:
            detail = message("Choose a dimension that has answers.")
            raise BenchmarkFaulty([FieldFault(field="/dimension", detail=detail)])
        if access.limited_to:
            raise BenchmarkForeign
        return
    known = draft.segment == WHOLE_COMPANY or await has_segment(uow, tenant.id, draft.segment)
    if not access.allows(draft.segment) or not known:
        detail = message("Choose a segment that has answers and that you may see.")
        raise BenchmarkFaulty([FieldFault(field="/segment", detail=detail)])
