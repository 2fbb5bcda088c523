"""Cases as they are locked, changed and written down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.domain import CaseFile, Entry
from shared.db.database import UnitOfWork
from shared.events import Answer, segments_of

COLUMNS = ", ".join(
    "CAST(c.segments AS text) AS segments" if name == "segments" else f"c.{name}"
    for name in CaseFile.__struct_fields__
)
_KEYS = ("tenant", "id", "number", "answer_id", "opened_at")
_CHANGING = [name for name in CaseFile.__struct_fields__ if name not in _KEYS]

Key = tuple[str, UUID]
KEYS_HOLD = timedelta(days=30)

_answers = msgspec.json.Decoder(Answer)


async def lock_counters(uow: UnitOfWork, tenants: Sequence[str]) -> None:
    """Lock the row of each tenant: who holds it opens cases alone, so one person never gets two.

    What it counted once is no longer used.
    """
    wanted = sorted(set(tenants))
    await uow.execute(
        "INSERT INTO case_counter (tenant, last) SELECT tenant, 0 FROM unnest(CAST(:tenants AS text[])) "
        "AS n (tenant) ORDER BY 1 ON CONFLICT DO NOTHING",
        {"tenants": wanted},
    )
    await uow.execute(
        "SELECT 1 FROM case_counter WHERE tenant = ANY(CAST(:tenants AS text[])) ORDER BY tenant FOR UPDATE",
        {"tenants": wanted},
    )


async def numbers_taken(uow: UnitOfWork, numbers: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of these numbers (tenant, number) that cases have; the counter is locked, so none is added."""
    rows = await uow.execute(
        "SELECT tenant, number FROM cases WHERE (tenant, number) IN "
        "(SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:numbers AS bigint[])))",
        {"tenants": [tenant for tenant, _ in numbers], "numbers": [number for _, number in numbers]},
    )
    return {(row.tenant, row.number) for row in rows}


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


async def open_case_of(uow: UnitOfWork, case: CaseFile) -> CaseFile | None:
    """The other case of this person that is open; the counter is locked, so none can be added."""
    rows = await uow.execute(
        f"SELECT {COLUMNS} FROM cases c WHERE c.tenant = :tenant AND c.customer_id = :customer "
        "AND c.id <> :but AND c.state <> 'closed' ORDER BY c.opened_at, c.id",
        {"tenant": case.tenant, "customer": case.customer_id, "but": case.id},
    )
    others = (case_of(row) for row in rows)
    return next((one for one in others if one.is_of(case.customer_id, case.contact_key)), None)


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


async def attach_answers(
    uow: UnitOfWork, belongs: Sequence[tuple[CaseFile, Answer, datetime | None]]
) -> None:
    """These answers, still being written until then, belong to these cases."""
    await uow.execute(
        "INSERT INTO case_answer (tenant, answer_id, case_id, writing_until, belongs) "
        "SELECT tenant, answer, case_id, until, ARRAY(SELECT json_array_elements_text(segments)) FROM unnest("
        "CAST(:tenants AS text[]), CAST(:answers AS uuid[]), CAST(:cases AS uuid[]), "
        "CAST(:until AS timestamptz[]), CAST(CAST(:segments AS text[]) AS json[])) "
        "AS n (tenant, answer, case_id, until, segments) ORDER BY 1, 2",
        {
            "tenants": [case.tenant for case, _, _ in belongs],
            "answers": [answer.id for _, answer, _ in belongs],
            "cases": [case.id for case, _, _ in belongs],
            "until": [until for _, _, until in belongs],
            "segments": [msgspec.json.encode(segments_of(answer)).decode() for _, answer, _ in belongs],
        },
    )


async def answers_of_cases(uow: UnitOfWork, keys: Sequence[Key]) -> dict[Key, list[Answer]]:
    """The answers of which each of these cases is made, as they stand."""
    rows = await uow.execute(
        "SELECT w.tenant, w.case_id, a.body FROM case_answer w "
        "JOIN answer a ON a.tenant = w.tenant AND a.id = w.answer_id WHERE (w.tenant, w.case_id) IN "
        "(SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))",
        {"tenants": [tenant for tenant, _ in keys], "ids": [case for _, case in keys]},
    )
    found: dict[Key, list[Answer]] = {}
    for row in rows:
        found.setdefault((row.tenant, row.case_id), []).append(_answers.decode(row.body))
    return found


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
        "INSERT INTO timeline (tenant, case_id, seq, at, kind, by_id, by_name, facts, key, answers) "
        "SELECT tenant, case_id, seq, at, kind, by_id, by_name, facts, key, answers FROM "
        "jsonb_populate_recordset(CAST(NULL AS timeline), CAST(CAST(:rows AS text) AS jsonb)) "
        "ORDER BY tenant, case_id, seq",
        {"rows": _json(entries)},
    )


async def request_done(uow: UnitOfWork, tenant: str, case: UUID, key: str) -> str | None:
    """The fingerprint of the request that was carried out with this idempotency key, if one was; empty when
    it was not kept. The case is locked.
    """
    found = await uow.execute(
        "SELECT fingerprint FROM case_request WHERE tenant = :tenant AND case_id = :case AND key = :key "
        # Until there was a table of requests, the line alone told that one was carried out.
        "UNION ALL SELECT '' FROM timeline WHERE tenant = :tenant AND case_id = :case AND key = :key "
        "ORDER BY 1 DESC LIMIT 1",
        {"tenant": tenant, "case": case, "key": key},
    )
    return found.scalar_one_or_none()


async def keep_request(uow: UnitOfWork, tenant: str, case: UUID, key: str, fingerprint: str) -> None:
    """Remember that a request was carried out; the case is locked."""
    await uow.execute(
        "INSERT INTO case_request (tenant, case_id, key, fingerprint, at) "
        "VALUES (:tenant, :case, :key, :fingerprint, :now)",
        {"tenant": tenant, "case": case, "key": key, "fingerprint": fingerprint, "now": uow.now},
    )


async def forget_requests(uow: UnitOfWork) -> None:
    """Drop the idempotency keys that are older than they are promised to hold."""
    await uow.execute("DELETE FROM case_request WHERE at < :before", {"before": uow.now - KEYS_HOLD})


def case_of(row: Any) -> CaseFile:
    """A row as a case."""
    values = dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's documented name for a row as a mapping)
    values["segments"] = msgspec.json.decode(values["segments"])
    return CaseFile(**{name: values[name] for name in CaseFile.__struct_fields__})


def _json(things: Sequence[CaseFile] | Sequence[Entry]) -> str:
    return msgspec.json.encode(things).decode()
