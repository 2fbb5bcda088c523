"""``introduction`` and ``introduction_step``: tasks to ask for an introduction, and what happened to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.alerts.introductions.domain import Introduction, IntroductionState, IntroductionStep
from services.alerts.introductions.eligibility import PromoterKey
from services.alerts.models import introduction, introduction_step
from shared.db.bulk import insert
from shared.db.database import UnitOfWork
from shared.privacy.erased import TARGETS, Target, of_target, target_values

Key = tuple[str, UUID]
"""Tenant and id."""
_FIELDS = Introduction.__struct_fields__
COLUMNS = ", ".join(f"i.{name}" for name in _FIELDS)
_CHANGING = (
    *("version", "state", "person", "customer_id", "contact_key", "account_id", "owner_id", "team_id"),
    *("changed_at", "asked_at", "agreed_at", "introduced_at", "met_at", "ended_at", "reason", "result"),
    *("result_at", "note"),
)
_STEP_COLUMNS = ", ".join(f"t.{name}" for name in IntroductionStep.__struct_fields__)


def same_customer(row: str) -> str:
    """The condition that a row is of the customer ``n``, as :meth:`PromoterKey.may_be` has it."""
    return (
        f"({row}.person = nullif(n.person, '') OR {row}.customer_id = n.customer) AND ("
        f"{row}.contact_key = n.contact OR {row}.contact_key = '' OR n.contact = '')"
    )


class IntroductionScope(NamedTuple):
    """Which tasks somebody may see."""

    tenant: str
    segments: tuple[str, ...] = ()
    """What they are limited to; none: not limited."""
    owner: UUID | None = None
    """They see their own."""
    teams: tuple[UUID, ...] = ()
    """They see those of these teams."""
    everybody: bool = False
    """They see all of the company."""

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of ``IN_SCOPE``."""
        return {
            "tenant": self.tenant,
            "segments": list(self.segments),
            "reader": self.owner,
            "teams": list(self.teams),
            "everybody": self.everybody,
        }


IN_SCOPE = """
    i.tenant = :tenant
    AND (CAST(:segments AS text[]) = '{}' OR i.belongs && CAST(:segments AS text[]))
    AND (:everybody OR i.owner_id = CAST(:reader AS uuid) OR i.team_id = ANY(CAST(:teams AS uuid[])))
"""
FIND_INTRODUCTION = f"SELECT {COLUMNS} FROM introduction i WHERE i.id = :id AND {IN_SCOPE}"
LOCK_INTRODUCTION = f"{FIND_INTRODUCTION} FOR UPDATE"


async def find_introduction(
    uow: UnitOfWork, scope: IntroductionScope, task: UUID, *, lock: bool = False
) -> Introduction | None:
    """A task that somebody may see."""
    found = await uow.execute(LOCK_INTRODUCTION if lock else FIND_INTRODUCTION, {**scope.values, "id": task})
    row = found.one_or_none()
    return None if row is None else _introduction(row)


LIST_INTRODUCTIONS = f"""
    SELECT {COLUMNS} FROM introduction i
    WHERE {IN_SCOPE}
        AND i.state = ANY(CAST(:states AS text[]))
        AND (CAST(:owner AS uuid) IS NULL OR i.owner_id = CAST(:owner AS uuid))
        AND (CAST(:before_at AS timestamptz) IS NULL
            OR (i.opened_at, i.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY i.opened_at DESC, i.id DESC
    LIMIT :limit
"""


async def list_introductions(
    uow: UnitOfWork,
    scope: IntroductionScope,
    *,
    states: Sequence[IntroductionState],
    owner: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Introduction]:
    """The tasks that somebody may see, the newest first, those before a time and id."""
    at, last = before or (None, None)
    values = {**scope.values, "states": list(states), "owner": owner, "limit": limit}
    rows = await uow.execute(LIST_INTRODUCTIONS, {**values, "before_at": at, "before_id": last})
    return [_introduction(row) for row in rows]


LOCK_FREE = f"""
    SELECT {COLUMNS} FROM introduction i
    WHERE (i.tenant, i.id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
    ORDER BY i.tenant, i.id
    FOR SHARE SKIP LOCKED
"""


async def lock_free(uow: UnitOfWork, keys: Collection[Key]) -> list[Introduction]:
    """Those of these tasks that no other transaction changes; nobody changes them until this one ends."""
    values = {"tenants": [tenant for tenant, _ in keys], "ids": [task for _, task in keys]}
    return [_introduction(row) for row in await uow.execute(LOCK_FREE, values)]


FIND_EXISTING = """
    SELECT i.tenant, i.id FROM introduction i
    WHERE (i.tenant, i.id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
"""


async def missing(uow: UnitOfWork, keys: Collection[Key]) -> set[Key]:
    """Those of these tasks that are not there any more."""
    if not keys:
        return set()
    values = {"tenants": [tenant for tenant, _ in keys], "ids": [task for _, task in keys]}
    found = {(row.tenant, row.id) for row in await uow.execute(FIND_EXISTING, values)}
    return set(keys) - found


LOCK_OPEN_OF_CUSTOMERS = f"""
    SELECT {COLUMNS} FROM introduction i
    WHERE i.state = 'open' AND i.tenant = ANY(CAST(:tenants AS text[])) AND EXISTS (
        SELECT FROM unnest(
            CAST(:tenants AS text[]), CAST(:persons AS text[]), CAST(:customers AS text[]),
            CAST(:contacts AS text[])
        ) AS n (tenant, person, customer, contact)
        WHERE n.tenant = i.tenant AND {same_customer("i")}
    )
    ORDER BY i.tenant, i.id
    FOR UPDATE OF i
"""


async def lock_open_of_customers(
    uow: UnitOfWork, customers: Sequence[tuple[str, PromoterKey]]
) -> list[Introduction]:
    """The open tasks of these customers, each with the tenant."""
    if not customers:
        return []
    values = {
        "tenants": [tenant for tenant, _ in customers],
        "persons": [key.person for _, key in customers],
        "customers": [key.customer_id for _, key in customers],
        "contacts": [key.contact_key for _, key in customers],
    }
    return [_introduction(row) for row in await uow.execute(LOCK_OPEN_OF_CUSTOMERS, values)]


LOCK_OPEN_OF_ANSWERS = f"""
    SELECT {COLUMNS} FROM introduction i
    WHERE i.state = 'open'
        AND (i.tenant, i.answer_id) IN (
            SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:answers AS uuid[]))
        )
    ORDER BY i.tenant, i.id
    FOR UPDATE
"""


async def lock_open_of_answers(uow: UnitOfWork, answers: Sequence[Key]) -> list[Introduction]:
    """The open tasks that these answers have opened."""
    values = {"tenants": [tenant for tenant, _ in answers], "answers": [answer for _, answer in answers]}
    return [_introduction(row) for row in await uow.execute(LOCK_OPEN_OF_ANSWERS, values)]


LOCK_OF_TARGETS = f"""
    SELECT {COLUMNS} FROM introduction i
    JOIN {TARGETS} ON {of_target("nullif(i.contact_key, '')", "i")}
    ORDER BY i.tenant, i.id
    FOR UPDATE OF i
"""


async def lock_of_targets(uow: UnitOfWork, targets: Sequence[Target]) -> list[Introduction]:
    """The tasks about these customers."""
    return [_introduction(row) for row in await uow.execute(LOCK_OF_TARGETS, target_values(targets))]


async def add_introductions(uow: UnitOfWork, tasks: Sequence[Introduction]) -> None:
    """Add new tasks; their opening is locked."""
    if tasks:
        await insert(uow, introduction, tasks)


WRITE_INTRODUCTION = f"""
    UPDATE introduction SET {", ".join(f"{name} = :{name}" for name in _CHANGING)}
    WHERE tenant = :tenant AND id = :id
"""


async def write_introductions(uow: UnitOfWork, tasks: Sequence[Introduction]) -> None:
    """Write tasks that are locked."""
    for task in tasks:
        names = ("tenant", "id", *_CHANGING)
        await uow.execute(WRITE_INTRODUCTION, {name: getattr(task, name) for name in names})


async def add_steps(uow: UnitOfWork, steps: Sequence[IntroductionStep]) -> None:
    """Add what happened."""
    if steps:
        await insert(uow, introduction_step, steps)


LIST_STEPS = f"""
    SELECT {_STEP_COLUMNS} FROM introduction_step t
    WHERE t.tenant = :tenant AND t.introduction_id = :id
    ORDER BY t.seq
    LIMIT :limit
"""
MOST_STEPS = 200


async def steps_of(uow: UnitOfWork, tenant: str, task: UUID) -> list[IntroductionStep]:
    """What happened to a task, in order."""
    rows = await uow.execute(LIST_STEPS, {"tenant": tenant, "id": task, "limit": MOST_STEPS})
    return [_step(row) for row in rows]


FIND_LAST_STEP = f"""
    SELECT {_STEP_COLUMNS} FROM introduction_step t
    WHERE t.tenant = :tenant AND t.introduction_id = :id
    ORDER BY t.seq DESC
    LIMIT 1
"""


async def last_step(uow: UnitOfWork, tenant: str, task: UUID) -> IntroductionStep | None:
    """What happened to a task last."""
    row = (await uow.execute(FIND_LAST_STEP, {"tenant": tenant, "id": task})).one_or_none()
    return None if row is None else _step(row)


COUNT_OPEN = "SELECT due_at < :now AS late, count(*) AS n FROM introduction WHERE state = 'open' GROUP BY 1"


async def count_open(uow: UnitOfWork) -> dict[bool, int]:
    """How many tasks of all companies are open, by whether they are late."""
    return {row.late: row.n for row in await uow.execute(COUNT_OPEN, {"now": uow.now})}


def _introduction(row: Any) -> Introduction:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Introduction(**{**values, "belongs": tuple(row.belongs)})


def _step(row: Any) -> IntroductionStep:
    return IntroductionStep(**{name: getattr(row, name) for name in IntroductionStep.__struct_fields__})
