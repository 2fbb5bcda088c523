"""``benchmark``: one row for each published benchmark of a company."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.scorer.benchmarks.domain import Benchmark
from shared.db.database import UnitOfWork
from shared.db.locks import lock_name

_COLUMN_NAMES = (
    *("id", "name", "source", "link", "score", "n", "first", "last", "measurement", "segment", "dimension"),
    *("created_at", "changed_at"),
)
_COLUMNS = ", ".join(f"b.{name}" for name in _COLUMN_NAMES)

FIND_BENCHMARK = f"SELECT {_COLUMNS} FROM benchmark b WHERE b.tenant = :tenant AND b.id = :id"
LOCK_BENCHMARK = f"{FIND_BENCHMARK} FOR UPDATE"


async def find_benchmark(uow: UnitOfWork, tenant: str, key: UUID, *, lock: bool = False) -> Benchmark | None:
    """One benchmark of a company."""
    statement = LOCK_BENCHMARK if lock else FIND_BENCHMARK
    row = (await uow.execute(statement, {"tenant": tenant, "id": key})).one_or_none()
    return None if row is None else _benchmark(row)


INSERT_BENCHMARK = f"""
    INSERT INTO benchmark (tenant, {", ".join(_COLUMN_NAMES)})
    VALUES (:tenant, {", ".join(f":{name}" for name in _COLUMN_NAMES)})
    ON CONFLICT (tenant, id) DO NOTHING
    RETURNING id
"""


async def insert_benchmark(uow: UnitOfWork, tenant: str, benchmark: Benchmark) -> bool:
    """Add a benchmark; False: one of this id is there already."""
    return (await uow.execute(INSERT_BENCHMARK, _values(tenant, benchmark))).one_or_none() is not None


_CHANGED = ", ".join(f"{name} = :{name}" for name in _COLUMN_NAMES if name not in {"id", "created_at"})
UPDATE_BENCHMARK = f"UPDATE benchmark SET {_CHANGED} WHERE tenant = :tenant AND id = :id"


async def update_benchmark(uow: UnitOfWork, tenant: str, benchmark: Benchmark) -> None:
    """Write a benchmark that is locked."""
    values = _values(tenant, benchmark)
    del values["created_at"]
    await uow.execute(UPDATE_BENCHMARK, values)


DELETE_BENCHMARK = "DELETE FROM benchmark WHERE tenant = :tenant AND id = :id"


async def delete_benchmark(uow: UnitOfWork, tenant: str, key: UUID) -> None:
    """Remove a benchmark."""
    await uow.execute(DELETE_BENCHMARK, {"tenant": tenant, "id": key})


COUNT_BENCHMARKS = "SELECT count(*) FROM benchmark WHERE tenant = :tenant"


async def count_benchmarks(uow: UnitOfWork, tenant: str) -> int:
    """How many benchmarks a company has. Until the transaction ends, nobody else adds one."""
    await lock_name(uow, "benchmarks", tenant)
    return int((await uow.execute(COUNT_BENCHMARKS, {"tenant": tenant})).scalar_one())


LIST_BENCHMARKS = f"""
    SELECT {_COLUMNS} FROM benchmark b
    WHERE b.tenant = :tenant
    ORDER BY b.name, b.id
"""


async def list_benchmarks(uow: UnitOfWork, tenant: str) -> list[Benchmark]:
    """All of a company, by name: they are few."""
    return [_benchmark(row) for row in await uow.execute(LIST_BENCHMARKS, {"tenant": tenant})]


LIST_BENCHMARKS_ABOUT = f"""
    SELECT {_COLUMNS} FROM benchmark b
    WHERE b.tenant = :tenant AND b.measurement = :measurement
      AND (b.segment = :segment AND b.dimension = '' OR b.dimension = :dimension AND b.dimension <> '')
    ORDER BY b.name, b.id
"""


async def list_benchmarks_about(
    uow: UnitOfWork, tenant: str, measurement: str, segment: str, dimension: str
) -> list[Benchmark]:
    """Those about a segment (empty: the company) or about each value of its dimension, by name."""
    values = {"tenant": tenant, "measurement": measurement, "segment": segment, "dimension": dimension}
    return [_benchmark(row) for row in await uow.execute(LIST_BENCHMARKS_ABOUT, values)]


def _benchmark(row: Row[Any]) -> Benchmark:
    return Benchmark(**{name: getattr(row, name) for name in _COLUMN_NAMES})


def _values(tenant: str, benchmark: Benchmark) -> dict[str, Any]:
    return {"tenant": tenant, **{name: getattr(benchmark, name) for name in _COLUMN_NAMES}}
