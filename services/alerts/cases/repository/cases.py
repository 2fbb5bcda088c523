"""Cases as they are locked, changed and written."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.case_clocks import ClockStep
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.rules.clocks import Clocks
from shared.db.database import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import Answer

_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "segments": msgspec.json.Decoder(dict[str, str]),
    "clocks": msgspec.json.Decoder(Clocks),
    "contact_steps": msgspec.json.Decoder(list[ClockStep]),
    "close_steps": msgspec.json.Decoder(list[ClockStep]),
    "waiting_calendar": msgspec.json.Decoder(Calendar | None),
}
"""Of the columns that hold JSON."""
COLUMNS = ", ".join(
    f"CAST(c.{name} AS text) AS {name}" if name in _DECODERS else f"c.{name}"
    for name in CaseFile.__struct_fields__
)
"""What :func:`case_of_row` reads of a row of cases that is called ``c``."""
FIELDS = ", ".join(CaseFile.__struct_fields__)
RECORDS = "jsonb_populate_recordset(CAST(NULL AS cases), CAST(CAST(:rows AS text) AS jsonb))"
"""Rows of cases from JSON; with the sorted rows of ``shared.db.bulk`` an update would read all cases."""
_FIXED = {"tenant", "id", "number", "answer_id", "opened_at"}
_CHANGING = [name for name in CaseFile.__struct_fields__ if name not in _FIXED]

Key = tuple[str, UUID]
"""Tenant and id."""

ADD_OPENING_LOCKS = """
    INSERT INTO case_counter (tenant, last)
    SELECT tenant, 0 FROM unnest(CAST(:tenants AS text[])) AS n (tenant)
    ORDER BY 1
    ON CONFLICT DO NOTHING
"""
LOCK_OPENING = """
    SELECT 1 FROM case_counter
    WHERE tenant = ANY(CAST(:tenants AS text[]))
    ORDER BY tenant
    FOR UPDATE
"""


async def lock_opening(uow: UnitOfWork, tenants: Sequence[str]) -> None:
    """Lock the opening of cases of these tenants, so that one person never gets two."""
    wanted = {"tenants": sorted(set(tenants))}
    await uow.execute(ADD_OPENING_LOCKS, wanted)
    await uow.execute(LOCK_OPENING, wanted)


FIND_TAKEN_NUMBERS = """
    SELECT tenant, number FROM cases
    WHERE (tenant, number) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:numbers AS bigint[])))
"""


async def taken_numbers(uow: UnitOfWork, numbers: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of these numbers (tenant, number) that cases have; opening is locked, so none is added."""
    rows = await uow.execute(
        FIND_TAKEN_NUMBERS,
        {"tenants": [tenant for tenant, _ in numbers], "numbers": [number for _, number in numbers]},
    )
    return {(row.tenant, row.number) for row in rows}


LOCK_CASES = f"""
    SELECT {COLUMNS}
    FROM cases c
    JOIN (
        SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id)
        UNION
        SELECT o.tenant, o.id
        FROM cases o
        JOIN unnest(CAST(:customer_tenants AS text[]), CAST(:customers AS text[])) AS n (tenant, customer)
            ON o.tenant = n.tenant AND o.customer_id = n.customer AND o.state <> 'closed'
        UNION
        SELECT o.tenant, o.id
        FROM cases o
        JOIN unnest(CAST(:person_tenants AS text[]), CAST(:persons AS text[])) AS n (tenant, person)
            ON o.tenant = n.tenant AND o.person = n.person AND o.state <> 'closed'
    ) k ON c.tenant = k.tenant AND c.id = k.id
    ORDER BY c.tenant, c.id
    FOR UPDATE OF c
"""
LOCK_FREE_CASES = f"{LOCK_CASES} SKIP LOCKED"


async def lock_cases(
    uow: UnitOfWork,
    keys: Sequence[Key],
    answers: Sequence[tuple[str, Answer]] = (),
    *,
    skip_locked: bool = False,
) -> list[CaseFile]:
    """These cases, and the open ones of the customers of these answers (with tenants), locked in one order.

    :param skip_locked: leave out the cases that another transaction has locked, and wait for none.
    """
    customers = [(tenant, answer.customer_id) for tenant, answer in answers if answer.customer_id is not None]
    persons = [(tenant, answer.person) for tenant, answer in answers if answer.person]
    rows = await uow.execute(
        LOCK_FREE_CASES if skip_locked else LOCK_CASES,
        {
            "tenants": [tenant for tenant, _ in keys],
            "ids": [case for _, case in keys],
            "customer_tenants": [tenant for tenant, _ in customers],
            "customers": [customer for _, customer in customers],
            "person_tenants": [tenant for tenant, _ in persons],
            "persons": [person for _, person in persons],
        },
    )
    return [case_of_row(row) for row in rows]


FIND_CASE = f"""
    SELECT {COLUMNS} FROM cases c
    WHERE c.tenant = :tenant AND c.id = :id
"""
LOCK_CASE = f"{FIND_CASE} FOR UPDATE"


async def find_case(uow: UnitOfWork, tenant: str, case: UUID, *, lock: bool = False) -> CaseFile | None:
    """A case of this tenant."""
    found = await uow.execute(LOCK_CASE if lock else FIND_CASE, {"tenant": tenant, "id": case})
    row = found.one_or_none()
    return case_of_row(row) if row else None


FIND_MERGED_INTO = """
    SELECT tenant, merged_into AS id FROM cases
    WHERE (tenant, id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
        AND merged_into IS NOT NULL
"""


async def merged_into(uow: UnitOfWork, keys: Sequence[Key]) -> list[Key]:
    """The cases in which the work on those of these cases goes on that were merged."""
    values = {"tenants": [tenant for tenant, _ in keys], "ids": [case for _, case in keys]}
    return [(row.tenant, row.id) for row in await uow.execute(FIND_MERGED_INTO, values)]


FIND_OTHER_OPEN_CASES = f"""
    SELECT {COLUMNS} FROM cases c
    WHERE c.tenant = :tenant AND c.id <> :except AND c.state <> 'closed'
        AND (c.customer_id = :customer OR c.person = nullif(:person, ''))
    ORDER BY c.opened_at, c.id
"""


async def other_open_case(uow: UnitOfWork, case: CaseFile) -> CaseFile | None:
    """Another open case of the same person; opening is locked, so none can be added."""
    rows = await uow.execute(
        FIND_OTHER_OPEN_CASES,
        {"tenant": case.tenant, "customer": case.customer_id, "person": case.person, "except": case.id},
    )
    others = (case_of_row(row) for row in rows)
    return next(
        (one for one in others if one.may_be_of(case.person, case.customer_id, case.contact_key)), None
    )


INSERT_CASES = f"""
    INSERT INTO cases ({FIELDS})
    SELECT {FIELDS} FROM {RECORDS}
    ORDER BY tenant, id
"""


async def insert_cases(uow: UnitOfWork, cases: Sequence[CaseFile]) -> None:
    """Write new cases; opening is locked."""
    await uow.execute(INSERT_CASES, {"rows": records(cases)})
    notify_changes(uow, [case.tenant for case in cases])


UPDATE_CASES = f"""
    UPDATE cases c SET {", ".join(f"{name} = n.{name}" for name in _CHANGING)}
    FROM {RECORDS} n
    WHERE c.tenant = n.tenant AND c.id = n.id
"""


async def update_cases(uow: UnitOfWork, cases: Sequence[CaseFile]) -> None:
    """Write cases that are locked."""
    await uow.execute(UPDATE_CASES, {"rows": records(cases)})
    notify_changes(uow, [case.tenant for case in cases])


def records(cases: Sequence[CaseFile]) -> str:
    """Cases as the parameter ``rows`` of ``RECORDS``."""
    return msgspec.json.encode(cases).decode()


def case_of_row(row: Any) -> CaseFile:
    """A case from a row that has ``COLUMNS``."""
    values = {name: getattr(row, name) for name in CaseFile.__struct_fields__}
    for name, decoder in _DECODERS.items():
        values[name] = decoder.decode(values[name]) if values[name] is not None else None
    return CaseFile(**values)
