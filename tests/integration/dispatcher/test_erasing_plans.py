"""The dispatcher finds what it erases by an index that leads to each customer: many are erased in one batch."""

import re
from typing import Any

from sqlalchemy import ARRAY, Boolean, Column, DateTime, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from support.dispatcher_builders import TENANT

from services.dispatcher.models import metadata
from services.dispatcher.repository import erasing
from shared.db.database import Database
from shared.privacy.erased import Target, target_values

STATEMENTS = {
    name: sql
    for name, sql in vars(erasing).items()
    if name.isupper() and isinstance(sql, str) and ":persons" in sql and name != "TARGETS"
}
"""Each of them takes all customers of a batch."""
ROW_COUNT = 5_000
BY_NAME = {
    "tenant": f"'{TENANT}'",
    "state": "'sent'",
    "effect": "'cancel'",
    "scope": "'customer'",
    "kind": "(ARRAY['address', 'customer'])[n % 2 + 1]",
    "reason": "'listed'",
    "channel": "'mail'",
    # Of these and the channel a preference has one.
    "paused_until": "NULL",
    "months": "NULL",
}
"""The values of some columns; those of the others are new ones of their type."""
BY_TYPE: dict[type[Any], str] = {
    Text: "md5(CAST(n AS text))",
    Uuid: "CAST(md5(CAST(n AS text)) AS uuid)",
    DateTime: "now()",
    LargeBinary: "convert_to('{}', 'UTF8')",
    Boolean: "false",
    JSONB: "CAST('{}' AS jsonb)",
    ARRAY: "'{}'",
}


def a_value(column: Column[Any]) -> str:
    return BY_NAME.get(column.name) or next(
        (sql for kind, sql in BY_TYPE.items() if isinstance(column.type, kind)), "n"
    )


def filling(table: Table) -> str:
    """The statement that fills a table of customers with rows, each of another one."""
    values = ", ".join(a_value(column) for column in table.columns)
    columns = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM generate_series(1, {ROW_COUNT}) AS n"


async def test_no_statement_reads_all_rows_of_a_company_for_each_customer(database: Database) -> None:
    read = {
        table for sql in STATEMENTS.values() for table in re.findall(r"(?:FROM|UPDATE|JOIN) (\w+) \w", sql)
    }
    assert len(STATEMENTS) > 8
    tables = [table for table in metadata.sorted_tables if table.name in read]
    assert {"suppression_lift", "known_customer", "decision"} <= {table.name for table in tables}
    values = target_values([Target(TENANT, f"{n}", f"{n}", None) for n in range(1_000)])
    slow = {}
    async with database.transaction() as uow:
        for table in tables:
            await uow.execute(filling(table))
            await uow.execute(f"ANALYZE {table.name}")
        for setting in ("seqscan", "hashjoin", "mergejoin"):  # cheaper only where there are few rows
            await uow.execute(f"SET LOCAL enable_{setting} = off")
        for name, sql in STATEMENTS.items():
            given = {**values, "now": uow.now} if ":now" in sql else values
            if ":keys" in sql:
                given = {**given, "key_tenants": values["tenants"], "keys": values["persons"]}
            plan = "\n".join(row[0] for row in await uow.execute(f"EXPLAIN {sql}", given))
            scans = re.findall(r"Seq Scan on|Index Scan|Index Only Scan", plan)
            conditions = re.findall(r"Index Cond: .* AND ", plan)
            if len(conditions) < len(scans):
                slow[name] = plan
    assert slow == {}, "\n".join(slow.values())
