"""Open tasks are blocked when their customer becomes unhappy, and end when the customer is erased."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.introductions.domain import BlockReason, Introduction, blocked, step_of, withdrawn
from services.alerts.introductions.eligibility import PromoterKey
from services.alerts.introductions.repository import introductions
from services.alerts.introductions.repository.introductions import Key
from services.alerts.introductions.repository.setting import keep_from_opening
from shared.db.database import UnitOfWork
from shared.privacy.erased import Target


async def block_by_cases(uow: UnitOfWork, customers: Sequence[tuple[str, PromoterKey]]) -> None:
    """Block the open tasks of these customers (with their tenants): a case of theirs is open."""
    concerned = await keep_from_opening(uow, {tenant for tenant, _ in customers})
    known = [one for one in customers if one[0] in concerned]
    if known:
        tasks = await introductions.lock_open_of_customers(uow, known)
        await block(uow, {(task.tenant, task.id): (task, "case_open") for task in tasks})


def key_of_case(case: CaseFile) -> PromoterKey:
    """By what the customer of a case is known."""
    return PromoterKey(person=case.person, customer_id=case.customer_id, contact_key=case.contact_key)


async def block(uow: UnitOfWork, found: Mapping[Key, tuple[Introduction, BlockReason]]) -> None:
    """Block these locked tasks, each for its reason."""
    changed = [blocked(task, reason, uow.now) for task, reason in found.values()]
    await introductions.write_introductions(uow, changed)
    await introductions.add_steps(
        uow, [step_of(task, "blocked", uow.now, detail=task.reason) for task in changed]
    )


async def withdraw(uow: UnitOfWork, targets: Sequence[Target]) -> list[UUID]:
    """Erase whose the tasks of these customers are; unfinished ones end. Returns which."""
    tasks = [withdrawn(task, uow.now) for task in await introductions.lock_of_targets(uow, targets)]
    await introductions.write_introductions(uow, tasks)
    await introductions.add_steps(uow, [step_of(task, "withdrawn", uow.now) for task in tasks])
    return [task.id for task in tasks]
