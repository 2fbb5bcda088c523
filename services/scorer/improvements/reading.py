"""Which actions somebody may see, with the figures of one."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.scorer.access import SegmentAccess
from services.scorer.domain import MIN_ANSWERS_SHOWN
from services.scorer.improvements import repository
from services.scorer.improvements.domain import BASELINE_DAYS, KeptImprovement
from services.scorer.improvements.figures import ImprovementResult, find_result
from services.scorer.improvements.judging import MIN_CASES_SHOWN
from services.scorer.improvements.repository import CauseFrequency, ImprovementFilter
from services.scorer.improvements.update_repository import NO_UPDATES, UpdateCounts, count_update_mails
from services.scorer.windows import today_in
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.tenancy import find_tenant

MAX_CAUSES_LISTED = 6


@dataclass(frozen=True, kw_only=True)
class ImprovementReader:
    """Who asks for the actions of a company, and when."""

    tenant: Tenant
    access: SegmentAccess
    today: date
    shows_names: bool
    """Whether they see the names of the staff: an analyst does not."""


@dataclass(frozen=True, kw_only=True)
class ReadImprovement:
    """One action, and its comparison if it is done."""

    kept: KeptImprovement
    result: ImprovementResult | None
    told: UpdateCounts = NO_UPDATES
    """How many customers were told of it; nobody in lists."""


async def reader_of(uow: UnitOfWork, tenant_id: str, staff: Staff | None) -> ImprovementReader:
    """The reader.

    :param staff: None: a key.
    :raises Problem: 404 where the company is not known yet.
    """
    tenant = await find_tenant(uow, tenant_id)
    if tenant is None:
        raise Problem(404)
    return ImprovementReader(
        tenant=tenant,
        access=SegmentAccess.of(tenant, staff),
        today=today_in(tenant.time_zone, uow.now),
        shows_names=staff is None or staff.sees_names,
    )


async def read_causes(uow: UnitOfWork, reader: ImprovementReader) -> list[CauseFrequency]:
    """With what the cases of the last days were closed, of segments that the reader may see: the most
    frequent ones, and none of few cases.
    """
    limited_to = reader.access.limited_to
    within = list(filter(reader.access.allows, limited_to))
    if limited_to and not within:
        return []
    since = uow.now - timedelta(days=BASELINE_DAYS)
    causes = await repository.list_causes(uow, reader.tenant.id, within, since)
    if sum(each.n for each in causes) < MIN_ANSWERS_SHOWN:
        return []
    return [each for each in causes if each.n >= MIN_CASES_SHOWN][:MAX_CAUSES_LISTED]


async def read_improvement(uow: UnitOfWork, reader: ImprovementReader, key: UUID) -> ReadImprovement:
    """One action with its comparison.

    :raises Problem: 404 where there is none that the reader may see.
    """
    kept = await repository.find_improvement(uow, reader.tenant.id, key)
    if kept is None or not reader.access.allows(kept.improvement.segment):
        raise Problem(404)
    return await with_result(uow, reader, kept)


async def with_result(uow: UnitOfWork, reader: ImprovementReader, kept: KeptImprovement) -> ReadImprovement:
    """An action that the reader may see, with its comparison."""
    tenant = reader.tenant
    result = await find_result(uow, tenant.id, tenant.time_zone, reader.today, kept.improvement)
    told = await count_update_mails(uow, tenant.id, kept.improvement.id)
    return ReadImprovement(kept=kept, result=result, told=told)


async def list_readable(
    uow: UnitOfWork,
    reader: ImprovementReader,
    only: ImprovementFilter,
    after: tuple[date, UUID] | None,
    size: int,
) -> tuple[list[KeptImprovement], tuple[date, UUID] | None]:
    """The next actions that the reader may see, and the place behind them; None at the end.

    There may be fewer than ``size`` before the end: those of segments that have become single employees.
    """
    rows = await repository.list_improvements(
        uow,
        reader.tenant.id,
        only,
        limited_to=reader.access.limited_to,
        today=reader.today,
        after=after,
        limit=size + 1,
    )
    page = rows[:size]
    last = page[-1].improvement if len(rows) > size else None
    readable = [each for each in page if reader.access.allows(each.improvement.segment)]
    return readable, (last.due, last.id) if last is not None else None
