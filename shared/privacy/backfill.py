"""Give rows that a version without pseudonyms wrote, or still writes beside this one, their ``person``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Index, Table, text

from shared.db.database import UnitOfWork
from shared.privacy.persons import person_or_nobody


@dataclass(frozen=True)
class PersonalTable:
    """A table with a column ``person``; its first primary key column is ``tenant``."""

    table: Table
    customer_id: str = "t.customer_id"
    """The SQL of the customer's id in a row ``t``; NULL: the row is of nobody."""

    @cached_property
    def find(self) -> str:
        """The statement that locks some rows without a pseudonym."""
        return (
            f"SELECT t.ctid, t.tenant, {self.customer_id} AS customer_id FROM {self.table.name} t "
            "WHERE t.person IS NULL LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"
        )

    @cached_property
    def fill(self) -> str:
        """The statement that writes them."""
        return (
            f"UPDATE {self.table.name} t SET person = n.person "
            "FROM unnest(CAST(:rows AS tid[]), CAST(:persons AS text[])) AS n(row, person) "
            "WHERE t.ctid = n.row"
        )


def person_indexes(table: Table) -> None:
    """Index the column ``person`` of a table: by person, and those rows that have none yet."""
    Index(f"ix_{table.name}_tenant_person", table.c.tenant, table.c.person)
    Index(f"ix_{table.name}_no_person", table.c.tenant, postgresql_where=text("person IS NULL"))


def person_ddl(*tables: str) -> tuple[str, ...]:
    """The statements that give tables a column ``person`` with its indexes, for a migration."""
    return tuple(
        statement
        for table in tables
        for statement in (
            f"ALTER TABLE {table} ADD COLUMN person text",
            f"CREATE INDEX ix_{table}_tenant_person ON {table} (tenant, person)",
            f"CREATE INDEX ix_{table}_no_person ON {table} (tenant) WHERE person IS NULL",
        )
    )


# Whoever stores a row without a pseudonym looks for nobody, and what it stores of an erased customer can come
# when that erasure is done: the row has no other way to be found than by the pseudonym that it gets here.
ERASE_AGAIN = """
    UPDATE erased e SET done_at = NULL
    FROM unnest(CAST(:tenants AS text[]), CAST(:persons AS text[])) AS n(tenant, person)
    WHERE e.tenant = n.tenant AND e.person = n.person
"""


async def fill_persons(uow: UnitOfWork, secret: str, tables: Sequence[PersonalTable], limit: int) -> int:
    """Fill at most so many rows of one table; returns how many, 0 when no table has any left.

    Those of them that are of erased customers are erased next.
    """
    for each in tables:
        rows = (await uow.execute(each.find, {"limit": limit})).all()
        if rows:
            persons = [person_or_nobody(secret, row.tenant, row.customer_id) for row in rows]
            await uow.execute(each.fill, {"rows": [row.ctid for row in rows], "persons": persons})
            await uow.execute(ERASE_AGAIN, {"tenants": [row.tenant for row in rows], "persons": persons})
            return len(rows)
    return 0
