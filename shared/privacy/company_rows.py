"""What a service gives away of a company that asks for all of it: its rows, table by table, as JSON.

A thing stands where its service owns it: copies at other services are left out, as are secrets, and what
leads from an anonymous answer to anything.
"""

import base64
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import postgresql

from shared.db.database import UnitOfWork, statement
from shared.tenancy.tenants import read_tenant

ROWS_PER_PAGE = 5_000
BYTES_PER_PAGE = 2_000_000
"""A page ends with the row that passes this."""
ROWS_AHEAD = 100
"""So many rows at most are read and not used, when a page ends by its bytes."""
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

_COPY = "a copy of what another service exports"
_SECRET = "secret"  # noqa: S105  (a word)
_WORK = "how far the work is, which ends with the company"
LEFT_OUT_BY_SERVICE: Mapping[str, Mapping[str, str]] = {
    "trigger": {
        "closed_company": _WORK,
        "company_export": _WORK,
        "source_position": _WORK,
        "source_run": _WORK,
    },
    "dispatcher": {
        "answer_heard": _COPY,
        "case_heard": _COPY,
        "closed_company": _WORK,
        "delivery": _WORK,
        "improvement_copy": _COPY,
        "tenant": _COPY,
        "webhook_copy": _COPY,
    },
    "collector": {
        "answer_total": "sums of the answers",
        "answered_link": "whose link was answered when, which would tell of anonymous answers",
        "case_copy": _COPY,
        "closed_company": _WORK,
        "device_count": "what looks like one device, until the day ends",
        "device_salt": "what looks like one device, until the day ends",
        "invitation": _COPY,
        "retention": _COPY,
        "survey": _COPY,
        "tenant": _COPY,
    },
    "scorer": {
        "answer": _COPY,
        "bi_role": _WORK,
        "audit_doubt": _WORK,
        "asked_change": "what is not in the counts yet",
        "case_copy": _COPY,
        "changed": _WORK,
        "closed_company": _WORK,
        "collector_total": _COPY,
        "improvement_mail": _COPY,
        "invitation": _COPY,
        "published_day": _WORK,
        "retention": _COPY,
        "sending_copy": _COPY,
        "survey": _COPY,
        "tenant": _COPY,
        "theme_change": "what is not in the counts yet",
        "waiting_answer": "anonymous answers that are not counted yet",
    },
    "alerts": {
        "answer": _COPY,
        "answer_before": _COPY,
        "case_viewer": _WORK,
        "clock": _WORK,
        "closed_company": _WORK,
        "delivery": _WORK,
        "invitation": _COPY,
        "recovery_code": _SECRET,
        "retention": _COPY,
        "second_factor": _SECRET,
        "segment_fall": _COPY,
        "segment_score": _COPY,
        "sending_copy": _COPY,
        "session": _SECRET,
        "sign_in_link": _SECRET,
        "survey": _COPY,
        "tenant": _COPY,
        "view_mail": "a mail that waits, made of the scorer's counts",
        "view_mail_result": _WORK,
        "view_mail_week": _WORK,
    },
}
"""The tables of a company that are in no export, by service, each with the reason."""
COMPANY_TABLE = "tenant"
"""The company itself, at the trigger; its keys are listed without what would recognise one."""
SECRET_COLUMNS = frozenset({"sealed", "sealed_before", "password_hash", "claim"})
COPIED_COLUMNS = frozenset({"words"})
"""What is made of other rows, for searches alone."""
_LEFT_OUT_COLUMNS = SECRET_COLUMNS | COPIED_COLUMNS
BASE64_COLUMNS = frozenset({"dispatcher.import_job.digest"})
"""Bytes that are no JSON. All other columns of bytes hold JSON, and are exported as that."""
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
    of_companies.append(COMPANY_TABLE)
    return sorted(name for name in of_companies if name not in LEFT_OUT_BY_SERVICE[service])


async def read_page(uow: UnitOfWork, service: str, table: Table, tenant: str, after: str | None) -> RowsPage:
    """The next rows of a table.

    :param after: ``next`` of the page before.
    :raises ValueError: when it is none.
    """
    own = table.name == COMPANY_TABLE
    key = [] if own else [c.name for c in table.primary_key.columns if c.name != "tenant"]
    place = _place(after, len(key))
    sql = _statement(service, table, key, begins=place is None)
    values = {f"k{number}": each for number, each in enumerate(place or [])}
    names = [column.name for column in table.columns if column.name not in _LEFT_OUT_COLUMNS]
    in_base64 = {name for name in names if f"{service}.{table.name}.{name}" in BASE64_COLUMNS}
    rows: list[bytes] = []
    size, last = 0, None
    # By a cursor: nobody knows how large the rows are before they are read.
    found = await uow.connection.stream(
        statement(sql),
        {**values, "tenant": tenant, "limit": ROWS_PER_PAGE},
        execution_options={"max_row_buffer": ROWS_AHEAD},
    )
    try:
        async for row in found:
            named = dict(zip(names, row[len(key) :], strict=True))
            rows.append(_encoded(_company(named) if own else named, in_base64))
            size, last = size + len(rows[-1]), row
            if size >= BYTES_PER_PAGE:
                break
    finally:
        await found.close()
    more = bool(key) and last is not None and (len(rows) == ROWS_PER_PAGE or size >= BYTES_PER_PAGE)
    return RowsPage(rows, msgspec.json.encode(list(last[: len(key)])).decode() if more and last else None)


def _statement(service: str, table: Table, key: list[str], *, begins: bool) -> str:
    columns = [f"CAST(t.{name} AS text)" for name in key]
    columns += [f"t.{column.name}" for column in table.columns if column.name not in _LEFT_OUT_COLUMNS]
    conditions = [f"t.{'id' if table.name == COMPANY_TABLE else 'tenant'} = :tenant"]
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


def _company(row: Mapping[str, Any]) -> dict[str, Any]:
    """The company's row, with its keys but not their digests."""
    body = msgspec.to_builtins(read_tenant(row["body"]))
    keys = [{name: value for name, value in key.items() if name != "digest"} for key in body["keys"]]
    return {**row, "body": {**body, "keys": keys}}


def _encoded(row: Mapping[str, Any], in_base64: Collection[str]) -> bytes:
    plain = {name: _plain(value, in_base64=name in in_base64) for name, value in row.items()}
    return msgspec.json.encode(plain, enc_hook=str)


def _plain(value: Any, *, in_base64: bool) -> Any:
    if not isinstance(value, bytes | memoryview):
        return value
    return base64.b64encode(value).decode() if in_base64 else msgspec.json.decode(bytes(value))
