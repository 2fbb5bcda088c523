"""New cases are counted in the transaction that opens them, while opening is locked: exactly once each."""

from collections.abc import Sequence

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.incidents.domain import (
    CountedCase,
    GoingOn,
    Incident,
    IncidentCount,
    IncidentPolicy,
    may_be_crowded,
    of_places,
)
from services.alerts.incidents.repository import incidents as incident_rows
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, set_deadlines
from shared.events import Answer, People
from shared.tenancy.tenants import find_tenants

INCIDENT_DEADLINE = "incident"
"""The kind of deadline by which an incident ends, unless further cases come."""


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
    companies = await find_tenants(uow, tenants)
    people = {one: companies[one].people if one in companies else People() for one in tenants}
    counted = [of_places(people[case.tenant], case) for case in counted]
    await incident_rows.add_cases(uow, counted)
    going_on = await incident_rows.lock_going_on(uow, tenants, policy)
    begun: list[Incident] = []
    for tenant in tenants:
        known = [GoingOn(policy, one, times) for one, times in going_on if one.tenant == tenant]
        own = [case for case in counted if case.tenant == tenant]
        begun += await _count(uow, policy, people[tenant], known, own)
    return begun


async def _count(
    uow: UnitOfWork,
    policy: IncidentPolicy,
    people: People,
    going_on: Sequence[GoingOn],
    new: Sequence[CountedCase],
) -> list[Incident]:
    """Count the new cases of one company; the incidents that began."""
    tenant, times = new[0].tenant, [case.said_at for case in new]
    ids = [case.case_id for case in new]
    before = await incident_rows.cases_near(
        uow, tenant, min(times) - policy.within, max(times) + policy.within, ids
    )
    before = [of_places(people, case) for case in before]  # as the company's people are now
    crowded = may_be_crowded(policy, [*before, *new])
    usual = await incident_rows.counts_of_late(uow, tenant, crowded, uow.now - policy.counted_for)
    result = IncidentCount(policy, going_on, before, usual).count(new, uow.now)
    if not result.members:
        return []
    await incident_rows.open_and_join(uow, tenant, result)
    settled = uow.now + policy.settles
    await set_deadlines(
        uow,
        [
            Deadline(tenant, INCIDENT_DEADLINE, incident, max(until, settled))
            for incident, until in result.run_until.items()
        ],
    )
    return result.opened
