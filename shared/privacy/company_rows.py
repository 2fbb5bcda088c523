"""What a service gives away of a company that asks for all of it: its rows, table by table, as JSON.

A thing stands where its service owns it: copies at other services are left out, as are secrets, and what
leads from an anonymous answer to anything.
"""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import postgresql

from shared.db.database import UnitOfWork

ROWS_PER_PAGE = 200
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

_COPY = "a copy of what another service exports"
_SECRET = "secret"  # noqa: S105  (a word)
_WORK = "how far the work is, which ends with the company"
LEFT_OUT_BY_SERVICE: Mapping[str, Mapping[str, str]] = {
    "trigger": {
        "closed_company": _WORK,
        "source_position": _WORK,
        "source_run": _WORK,
    },
    "dispatcher": {
        "answer_heard": _COPY,
        "case_heard": _COPY,
        "closed_company": _WORK,
        "delivery": _WORK,
    },
    "collector": {
        "answered_link": "whose link was answered when, which would tell of anonymous answers",
        "case_copy": _COPY,
        "closed_company": _WORK,
        "invitation": _COPY,
        "retention": _COPY,
        "survey": _COPY,
    },
    "scorer": {
        "answer": _COPY,
        "case_copy": _COPY,
        "changed": _WORK,
        "closed_company": _WORK,
        "invitation": _COPY,
        "published_day": _WORK,
        "retention": _COPY,
        "sending_copy": _COPY,
        "survey": _COPY,
        "waiting_answer": "anonymous answers that are not counted yet",
    },
    "alerts": {
        "answer": _COPY,
        "answer_before": _COPY,
        "clock": _WORK,
        "closed_company": _WORK,
        "delivery": _WORK,
        "invitation": _COPY,
        "recovery_code": _SECRET,
        "retention": _COPY,
        "second_factor": _SECRET,
        "sending_copy": _COPY,
        "session": _SECRET,
        "sign_in_link": _SECRET,
        "survey": _COPY,
    },
}
"""The tables of a company that are in no export, by service, each with the reason."""
SECRET_COLUMNS = frozenset({"sealed", "sealed_before", "password_hash", "claim"})
ONLY_NAMED = frozenset({"collector.answer"})
"""Of these tables anonymous rows are left out: what they say is in the counts, as a bundle."""


class RowsPage(NamedTuple):
    """Some rows of a table."""

    rows: list[bytes]
    """Each a JSON object."""
    next: str | None
    """Where the next page goes on; None: this is the last one."""


def exported_tables(service: str, metadata: MetaData) -> list[str]:
    """The names of the tables of which an export has the rows."""
    of_companies = [str(t.name) for t in metadata.sorted_tables if "tenant" in t.primary_key.columns]
    return sorted(name for name in of_companies if name not in LEFT_OUT_BY_SERVICE[service])


async def read_page(uow: UnitOfWork, service: str, table: Table, tenant: str, after: str | None) -> RowsPage:
    """The next rows of a table.

    :param after: ``next`` of the page before.
    :raises ValueError: when it is none.
    """
    key = [column.name for column in table.primary_key.columns if column.name != "tenant"]
    place = _place(after, len(key))
    statement = _statement(service, table, key, begins=place is None)
    values = {f"k{number}": each for number, each in enumerate(place or [])}
    found = (await uow.execute(statement, {**values, "tenant": tenant, "limit": ROWS_PER_PAGE})).all()
    names = [column.name for column in table.columns if column.name not in SECRET_COLUMNS]
    rows = [_encoded(dict(zip(names, row[len(key) :], strict=True))) for row in found]
    more = len(found) == ROWS_PER_PAGE and bool(key)
    return RowsPage(rows, msgspec.json.encode(list(found[-1][: len(key)])).decode() if more else None)


def _statement(service: str, table: Table, key: list[str], *, begins: bool) -> str:
    columns = [f"CAST(t.{name} AS text)" for name in key]
    columns += [f"t.{column.name}" for column in table.columns if column.name not in SECRET_COLUMNS]
    conditions = ["t.tenant = :tenant"]
    if f"{service}.{table.name}" in ONLY_NAMED:
        conditions.append("NOT t.anonymous")
    own = ", ".join(f"t.{name}" for name in key)
    if key and not begins:
        places = ", ".join(
            f"CAST(CAST(:k{number} AS text) AS {_type(table, name)})" for number, name in enumerate(key)
        )
        conditions.append(f"({own}) > ({places})")
    order = f"ORDER BY {own}" if key else ""
    where = " AND ".join(conditions)
    return f"SELECT {', '.join(columns)} FROM {table.name} t WHERE {where} {order} LIMIT :limit"


def _type(table: Table, name: str) -> str:
    """The PostgreSQL type of a column; its collation goes with the column that a value is compared with."""
    return table.columns[name].type.compile(_DIALECT).partition(" COLLATE")[0]


def _place(after: str | None, parts: int) -> list[str] | None:
    if after is None:
        return None
    try:
        place = msgspec.json.decode(after, type=list[str])
    except msgspec.MsgspecError as error:
        raise ValueError(after) from error
    if len(place) != parts:
        raise ValueError(after)
    return place


def _encoded(row: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({name: _plain(value) for name, value in row.items()}, enc_hook=str)


def _plain(value: Any) -> Any:
    """Bytes as the JSON that they are; others in base64."""
    if not isinstance(value, bytes | memoryview):
        return value
    try:
        return msgspec.json.decode(bytes(value))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return base64.b64encode(bytes(value)).decode()
