"""Cases as they are locked, changed and written down."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.domain import CaseFile, Entry
from shared.db.database import UnitOfWork

COLUMNS = ", ".join(
    "CAST(c.segments AS text) AS segments" if name == "segments" else f"c.{name}"
    for name in CaseFile.__struct_fields__
)
_KEYS = ("tenant", "id", "number", "answer_id", "opened_at")
_CHANGING = [name for name in CaseFile.__struct_fields__ if name not in _KEYS]

Key = tuple[str, UUID]


async def lock_counters(uow: UnitOfWork, tenants: Sequence[str]) -> dict[str, int]:
    """The last case number of each tenant. Who holds it opens cases alone, so one person never gets two."""
    wanted = sorted(set(tenants))
    await uow.execute(
        "INSERT INTO case_counter (tenant, last) SELECT tenant, 0 FROM unnest(CAST(:tenants AS text[])) "
        "AS n (tenant) ORDER BY 1 ON CONFLICT DO NOTHING",
        {"tenants": wanted},
    )
    rows = await uow.execute(
        "SELECT tenant, last FROM case_counter WHERE tenant = ANY(CAST(:tenants AS text[])) ORDER BY "
        "tenant FOR UPDATE",
        {"tenants": wanted},
    )
    return {row.tenant: row.last for row in rows}


async def move_counters(uow: UnitOfWork, last: dict[str, int]) -> None:
    """Write down the last numbers that were given."""
    await uow.execute(
        "UPDATE case_counter c SET last = n.last FROM unnest(CAST(:tenants AS text[]), CAST(:last AS "
        "bigint[])) "
        "AS n (tenant, last) WHERE c.tenant = n.tenant",
        {"tenants": list(last), "last": list(last.values())},
    )


async def cases_of_answers(uow: UnitOfWork, keys: Sequence[Key]) -> dict[Key, UUID]:
    """To which case each answer belongs, if to any."""
    rows = await uow.execute(
        "SELECT tenant, answer_id, case_id FROM case_answer WHERE (tenant, answer_id) IN "
        "(SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))",
        {"tenants": [tenant for tenant, _ in keys], "ids": [answer for _, answer in keys]},
    )
    return {(row.tenant, row.answer_id): row.case_id for row in rows}


async def lock_cases(
    uow: UnitOfWork, keys: Sequence[Key], customers: Sequence[tuple[str, str]] = ()
) -> list[CaseFile]:
    """These cases, and the open ones of these customers, locked in one order."""
    rows = await uow.execute(
        f"SELECT {COLUMNS} FROM cases c JOIN ("
        "SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id) UNION "
        "SELECT o.tenant, o.id FROM cases o JOIN unnest(CAST(:owners AS text[]), CAST(:customers AS text[])) "
        "AS n (tenant, customer) ON o.tenant = n.tenant AND o.customer_id = n.customer AND o.state "
        "<> 'closed'"
        ") k ON c.tenant = k.tenant AND c.id = k.id "
        "ORDER BY c.tenant, c.id FOR UPDATE OF c",
        {
            "tenants": [tenant for tenant, _ in keys],
            "ids": [case for _, case in keys],
            "owners": [tenant for tenant, _ in customers],
            "customers": [customer for _, customer in customers],
        },
    )
    return [case_of(row) for row in rows]


async def find_case(uow: UnitOfWork, tenant: str, case: UUID, *, lock: bool = False) -> CaseFile | None:
    """A case of this tenant."""
    row = (
        await uow.execute(
            f"SELECT {COLUMNS} FROM cases c WHERE c.tenant = :tenant AND c.id = "
            f":id{' FOR UPDATE' if lock else ''}",
            {"tenant": tenant, "id": case},
        )
    ).one_or_none()
    return case_of(row) if row else None


async def open_number(uow: UnitOfWork, tenant: str, customer: str | None, *, but: UUID) -> int | None:
    """The number of this customer's other case that is open; the counter is locked, so none can be added."""
    found = await uow.execute(
        "SELECT number FROM cases WHERE tenant = :tenant AND customer_id = :customer AND id <> :but "
        "AND state <> 'closed'",
        {"tenant": tenant, "customer": customer, "but": but},
    )
    return found.scalar_one_or_none()


async def insert_cases(uow: UnitOfWork, cases: Sequence[CaseFile]) -> None:
    """Write new ones; the counter is locked."""
    await uow.execute(
        f"INSERT INTO cases ({', '.join(CaseFile.__struct_fields__)}) SELECT "
        f"{', '.join(CaseFile.__struct_fields__)} "
        "FROM jsonb_populate_recordset(CAST(NULL AS cases), CAST(CAST(:rows AS text) AS jsonb)) "
        "ORDER BY tenant, id",
        {"rows": _json(cases)},
    )


async def update_cases(uow: UnitOfWork, cases: Sequence[CaseFile]) -> None:
    """Write cases that are locked."""
    await uow.execute(
        f"UPDATE cases c SET {', '.join(f'{name} = n.{name}' for name in _CHANGING)} "
        "FROM jsonb_populate_recordset(CAST(NULL AS cases), CAST(CAST(:rows AS text) AS jsonb)) n "
        "WHERE c.tenant = n.tenant AND c.id = n.id",
        {"rows": _json(cases)},
    )


async def attach_answers(uow: UnitOfWork, belongs: Sequence[tuple[str, UUID, UUID, datetime | None]]) -> None:
    """These answers (tenant, answer, case, still writing until) belong to these cases."""
    tenants, answers, cases, until = zip(*belongs, strict=True)
    await uow.execute(
        "INSERT INTO case_answer (tenant, answer_id, case_id, writing_until) SELECT * FROM unnest("
        "CAST(:tenants AS text[]), CAST(:answers AS uuid[]), CAST(:cases AS uuid[]), CAST(:until AS "
        "timestamptz[])) "
        "ORDER BY 1, 2",
        {"tenants": list(tenants), "answers": list(answers), "cases": list(cases), "until": list(until)},
    )


async def still_writing(uow: UnitOfWork, writing: Sequence[tuple[str, UUID, datetime | None]]) -> set[Key]:
    """Move the end of the quiet time, or end it (None). Returns the answers that were still being written."""
    tenants, answers, until = zip(*writing, strict=True)
    rows = await uow.execute(
        "UPDATE case_answer t SET writing_until = n.until FROM unnest(CAST(:tenants AS text[]), "
        "CAST(:answers AS uuid[]), CAST(:until AS timestamptz[])) AS n (tenant, answer_id, until) "
        "WHERE t.tenant = n.tenant AND t.answer_id = n.answer_id AND t.writing_until IS NOT NULL "
        "RETURNING t.tenant, t.answer_id",
        {"tenants": list(tenants), "answers": list(answers), "until": list(until)},
    )
    return {(row.tenant, row.answer_id) for row in rows}


async def fallen_quiet(uow: UnitOfWork, most: int = 100) -> list[Any]:
    """Cases (tenant, id) with an answer of which nothing was heard for two minutes."""
    rows = await uow.execute(
        "SELECT DISTINCT tenant, case_id FROM case_answer WHERE writing_until <= :now LIMIT :most",
        {"now": uow.now, "most": most},
    )
    return [(row.tenant, row.case_id) for row in rows]


async def quiet_answers(uow: UnitOfWork, keys: Sequence[Key]) -> list[tuple[str, UUID, UUID]]:
    """End the quiet time of these cases' answers. Returns tenant, case and answer; the cases are locked."""
    rows = await uow.execute(
        "UPDATE case_answer SET writing_until = NULL WHERE writing_until <= :now AND (tenant, case_id) IN "
        "(SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]))) RETURNING tenant, "
        "case_id, answer_id",
        {"now": uow.now, "tenants": [tenant for tenant, _ in keys], "ids": [case for _, case in keys]},
    )
    return sorted((row.tenant, row.case_id, row.answer_id) for row in rows)


async def write_entries(uow: UnitOfWork, entries: Sequence[Entry]) -> None:
    """Add lines to what happened."""
    await uow.execute(
        "INSERT INTO timeline (tenant, case_id, seq, at, kind, by_id, by_name, facts, key) "
        "SELECT tenant, case_id, seq, at, kind, by_id, by_name, facts, key FROM "
        "jsonb_populate_recordset(CAST(NULL AS timeline), CAST(CAST(:rows AS text) AS jsonb)) "
        "ORDER BY tenant, case_id, seq",
        {"rows": _json(entries)},
    )


async def was_done(uow: UnitOfWork, tenant: str, case: UUID, key: str) -> bool:
    """Whether a request with this idempotency key has been carried out; the case is locked."""
    found = await uow.execute(
        "SELECT 1 FROM timeline WHERE tenant = :tenant AND case_id = :case AND key = :key",
        {"tenant": tenant, "case": case, "key": key},
    )
    return found.one_or_none() is not None


def case_of(row: Any) -> CaseFile:
    """A row as a case."""
    values = dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's documented name for a row as a mapping)
    values["segments"] = msgspec.json.decode(values["segments"])
    return CaseFile(**{name: values[name] for name in CaseFile.__struct_fields__})


def _json(things: Sequence[CaseFile] | Sequence[Entry]) -> str:
    return msgspec.json.encode(things).decode()
