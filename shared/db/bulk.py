"""Bulk writes: many rows in one statement, made from a table and structs whose fields are its columns.

A column's values come from a keyword argument (a list has one value for each row, any other value is the same
for all rows), else from the attribute of that name of each struct. A column with neither gets its default.
Rows are written in the order of their key, so that no two transactions wait for each other.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import ARRAY, CursorResult, Table, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.database import UnitOfWork
from shared.events import Event

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_SEPARATOR = "\x1f"
"""Before each element of an array column, since arrays of arrays cannot be unnested. No text contains it."""

Names = tuple[str, ...]


async def insert(
    uow: UnitOfWork, table: Table, structs: Sequence[Any], *, returning: str = "", **columns: Any
) -> CursorResult[Any]:
    """Insert the rows whose key is not there yet."""
    names, values = row_values(table, structs, columns)
    once = _sent_once(values, columns)
    return await uow.execute(_insert_sql(table, names, once, returning), values)


async def keep_newest(
    uow: UnitOfWork,
    table: Table,
    structs: Sequence[Any],
    *,
    first: Names = (),
    returning: str = "",
    **columns: Any,
) -> CursorResult[Any]:
    """Write each row whose ``version`` is higher than that of the row under its key.

    :param first: columns that keep their first value other than NULL.
    :param returning: may name ``old`` and ``new`` of the rows that were written (PostgreSQL 18); of an
        inserted row ``old`` is NULL.
    """
    names, values = row_values(table, structs, columns)
    once = _sent_once(values, columns)
    return await uow.execute(
        keep_newest_sql(table, names, first=first, returning=returning, once=once), values
    )


async def keep_newest_events(
    uow: UnitOfWork, table: Table, events: Sequence[Event[Any]], **given: Any
) -> CursorResult[Any]:
    """Keep a replica: :func:`keep_newest` of what the events hold, each under its tenant."""
    tenants = [event.tenant for event in events]
    return await keep_newest(uow, table, [event.data for event in events], tenant=tenants, **given)


def row_values(
    table: Table, structs: Sequence[Any], columns: Mapping[str, Any] | None = None
) -> tuple[Names, dict[str, Any]]:
    """Names of the columns that have values, and the values as the statements of this module take them."""
    given = columns or {}
    if unknown := given.keys() - table.columns.keys():
        raise TypeError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {}
    for column in table.columns:
        name = column.name
        if name in given:
            value = given[name]
            values[name] = value if isinstance(value, list) else [value] * len(structs)
        elif structs and hasattr(structs[0], name):
            values[name] = list(map(attrgetter(name), structs))
        else:
            continue
        if isinstance(column.type, ARRAY):
            values[name] = [None if value is None else joined(value) for value in values[name]]
    return tuple(values), values


def _sent_once(values: dict[str, Any], columns: Mapping[str, Any]) -> Names:
    """Replace the lists of those columns that have one value for all rows by that value; returns which.

    To send it in an array takes its time for each row. They are those that a caller gave no list of, and the
    tenant where all rows have the same one, as nearly always: so a table has few statements.
    """
    if not all(values.values()):
        return ()
    once = [
        name
        for name, rows in values.items()
        if not isinstance(columns.get(name, rows), list)
        or (name == "tenant" and rows.count(rows[0]) == len(rows))
    ]
    if len(once) == len(values):
        return ()  # it is the lists that tell how many rows there are
    for name in once:
        values[name] = values[name][0]
    return tuple(once)


@cache
def rows_sql(table: Table, names: Names, *, single: bool = False, once: Names = ()) -> str:
    """A ``SELECT`` of the rows whose values ``row_values`` returns, in the order of the table's key.

    :param single: each value is that of one row, not a list: a quarter faster than arrays of one element.
    :param once: the columns whose value is that of all rows, not a list.
    """

    def values(of: Names, suffix: str) -> str:
        return ", ".join(f"CAST(:{name} AS {_element_type(table, name)}{suffix})" for name in of)

    listed = tuple(name for name in names if name not in once)
    rows = f"(VALUES ({values(listed, '')}))" if single else f"unnest({values(listed, '[]')})"
    rows += f" AS n({', '.join(listed)})"
    if once:
        rows += f" CROSS JOIN (VALUES ({values(once, '')})) AS o({', '.join(once)})"
    selected = ", ".join(_selected(table, name) for name in names)
    key = ", ".join(column.name for column in table.primary_key)
    return f"SELECT {selected} FROM {rows} ORDER BY {key}"


@cache
def keep_newest_sql(
    table: Table,
    names: Names,
    *,
    first: Names = (),
    assignments: Names = (),
    returning: str = "",
    single: bool = False,
    once: Names = (),
) -> str:
    """The statement of :func:`keep_newest`; ``single`` and ``once`` as in :func:`rows_sql`.

    :param assignments: further ones to the existing row, whose name is ``t``.
    """
    key = [column.name for column in table.primary_key]
    assigned = [
        f"{name} = coalesce(t.{name}, EXCLUDED.{name})" if name in first else f"{name} = EXCLUDED.{name}"
        for name in names
        if name not in key
    ]
    return (
        f"INSERT INTO {table.name} AS t ({', '.join(names)}) "
        f"{rows_sql(table, names, single=single, once=once)} "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join([*assigned, *assignments])} "
        "WHERE t.version < EXCLUDED.version" + (f" RETURNING {returning}" if returning else "")
    )


@cache
def _insert_sql(table: Table, names: Names, once: Names, returning: str) -> str:
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) {rows_sql(table, names, once=once)} "
        "ON CONFLICT DO NOTHING" + (f" RETURNING {returning}" if returning else "")
    )


def joined(elements: Sequence[Any]) -> str:
    """The elements, each behind the separator: so one empty text differs from none."""
    return _SEPARATOR + _SEPARATOR.join(map(str, elements)) if elements else ""


def array_sql(name: str) -> str:
    """SQL of the array of texts that :func:`joined` has made one text."""
    return f"(string_to_array({name}, E'\\x1f'))[2:]"


def _element_type(table: Table, name: str) -> str:
    """The PostgreSQL type of one value as it is sent: arrays and JSON are sent as text."""
    kind = table.columns[name].type
    if isinstance(kind, ARRAY | JSONB):
        return "text"
    return kind.compile(_DIALECT).partition(" COLLATE")[0]


def _selected(table: Table, name: str) -> str:
    kind = table.columns[name].type
    if isinstance(kind, ARRAY):
        texts = array_sql(name)
        is_text = isinstance(kind.item_type, Text)
        return f"{texts if is_text else f'CAST({texts} AS {kind.compile(_DIALECT)})'} AS {name}"
    return f"CAST({name} AS jsonb) AS {name}" if isinstance(kind, JSONB) else name
