"""New cases are counted in the transaction that opens them, while opening is locked: exactly once each."""

from collections.abc import Sequence

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.incidents import repository
from services.alerts.incidents.domain import (
    CountedCase,
    Incident,
    IncidentCount,
    IncidentPolicy,
    may_be_crowded,
)
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, set_deadlines
from shared.events import Answer

INCIDENT_DEADLINE = "incident"
"""The kind of deadline by which an incident ends, unless another case comes."""


async def count_new_cases(
    uow: UnitOfWork, policy: IncidentPolicy, opened: Sequence[tuple[CaseFile, Answer]]
) -> list[Incident]:
    """Count cases that were just opened, each with its answer; opening is locked for their companies.

    :return: the incidents that began, of which nobody has been told yet.
    """
    counted = [
        CountedCase(case.tenant, case.id, answer.answered_at, tuple(case.belongs))
        for case, answer in opened
        if answer.answered_at is not None and uow.now - answer.answered_at <= policy.counted_for
    ]
    if not counted:
        return []
    tenants = sorted({case.tenant for case in counted})
    await repository.add_cases(uow, counted)
    going_on = await repository.lock_going_on(uow, tenants)
    begun: list[Incident] = []
    for tenant in tenants:
        known = [one for one in going_on if one.tenant == tenant]
        own = [case for case in counted if case.tenant == tenant]
        begun += await _count(uow, policy, tenant, known, own)
    return begun


async def _count(
    uow: UnitOfWork,
    policy: IncidentPolicy,
    tenant: str,
    going_on: Sequence[Incident],
    new: Sequence[CountedCase],
) -> list[Incident]:
    """Count the new cases of one company; the incidents that began."""
    times = [case.said_at for case in new]
    ids = [case.case_id for case in new]
    before = await repository.cases_near(
        uow, tenant, min(times) - policy.within, max(times) + policy.within, ids
    )
    crowded = may_be_crowded(policy, [*before, *new])
    usual = await repository.counts_of_late(uow, tenant, crowded, uow.now - policy.counted_for)
    result = IncidentCount(policy, going_on, before, usual).count(new, uow.now)
    if not result.members:
        return []
    await repository.open_and_join(uow, tenant, result.opened, result.members)
    ends_at = uow.now + policy.ends_after
    await set_deadlines(
        uow,
        [Deadline(tenant, INCIDENT_DEADLINE, one, ends_at) for one in sorted(set(result.members.values()))],
    )
    return result.opened
