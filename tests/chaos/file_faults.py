"""The columns of a company's files, and each fault that a cell of each of them can have."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

COLUMNS = {
    "events": (
        "id", "type", "at", "source", "customer", "email", "phone", "name", "locale", "country", "zone", "account",
        "agent", "department", "delay", "shop", "color", "total",
    ),
    "customers": (
        "id", "email", "phone", "locale", "country", "zone", "basis", "basis at", "basis source", "wording", "plan",
    ),
    "answers": (
        "id", "score", "at", "comment", "invited", "customer", "email", "phone", "measurement", "department", "shop",
    ),
    "suppressions": ("email", "customer", "hash", "reason", "since"),
}  # fmt: skip
MAPPINGS: Mapping[str, dict[str, Any]] = {
    "events": {
        "fields": {
            "id": "id", "type": "type", "occurred_at": "at", "source": "source", "customer.id": "customer",
            "customer.email": "email", "customer.phone": "phone", "customer.name": "name",
            "customer.locale": "locale", "customer.country": "country", "customer.time_zone": "zone",
            "account.id": "account", "handled_by": "agent", "organisation": "department", "delay_minutes": "delay",
            "segments.shop": "shop", "attributes.color": "color", "numbers.total": "total",
        },
    },
    "customers": {
        "fields": {
            "id": "id", "email": "email", "phone": "phone", "locale": "locale", "country": "country",
            "time_zone": "zone", "basis.kind": "basis", "basis.at": "basis at", "basis.source": "basis source",
            "basis.wording": "wording", "segments.plan": "plan",
        },
    },
    "answers": {
        "fields": {
            "id": "id", "score": "score", "answered_at": "at", "comment": "comment", "invited_at": "invited",
            "customer.id": "customer", "customer.email": "email", "customer.phone": "phone",
            "measurement": "measurement", "organisation": "department", "segments.shop": "shop",
        },
    },
    "suppressions": {
        "fields": {
            "email": "email", "customer_id": "customer", "address_hash": "hash", "reason": "reason", "since": "since",
        },
    },
}  # fmt: skip
ALL_COLUMNS = ""
"""In place of a column: the fault is in the whole row."""
NUL, NO_UTF8 = "a\0b", "a\udcffb"
"""A character that no text has, and a byte that is none of UTF-8."""
LONG = "y" * 2_000
_UNREADABLE, _TOO_LONG, _CODE = (
    "Has a character that cannot be read",
    "Must have at most",
    "Has more than 200 characters",
)
_TIME, _EMPTY, _FUTURE = "Write the time like", "Is empty", "Lies in the future"


class CellFault(NamedTuple):
    """What stands in a cell, and how the remedy begins that is told."""

    column: str
    cell: str
    remedy: str
    told: str | None = None
    """The column that is named, where it is another one."""
    is_taken: bool = False
    """Whether the row is taken without the cell, since another one names somebody."""


def _left_out(column: str, cells: Sequence[str], remedy: str) -> list[CellFault]:
    return [CellFault(column, cell, remedy, is_taken=True) for cell in cells]


def _faults(kind: str, *own: tuple[str, Sequence[str], str]) -> list[CellFault]:
    """Those that every column may have, and its own."""
    everywhere = [CellFault(column, cell, _UNREADABLE) for column in COLUMNS[kind] for cell in (NUL, NO_UTF8)]
    found = [CellFault(column, cell, remedy) for column, cells, remedy in own for cell in cells]
    return [*everywhere, *found, CellFault(ALL_COLUMNS, "more", "This row has more cells")]


_NO_TIMES = ("yesterday", "31/31/2026", "2026-02-30", "-1")
_NO_NUMBERS = ("twelve", "1e400", "1.2.3", "31/31/2026")
FAULTS: Mapping[str, Sequence[CellFault]] = {
    "events": _faults(
        "events",
        *(
            (column, (LONG,), _TOO_LONG)
            for column in ("id", "type", "source", "customer", "email", "account")
        ),
        *((column, (LONG,), _CODE) for column in ("department", "shop")),
        ("type", ("", "  "), _EMPTY),
        ("at", ("",), _EMPTY),
        ("at", _NO_TIMES, _TIME),
        ("at", ("2999-01-01",), _FUTURE),
        ("at", ("2020-01-01",), "Is older than 30 days"),
        ("email", ("nobody", "=1+1"), "Cannot be an address"),
        ("delay", _NO_NUMBERS, "Is no number"),
        ("delay", ("-1",), "Write minutes from 0"),
        ("total", _NO_NUMBERS, "Is no number"),
    ),
    "customers": _faults(
        "customers",
        *(
            (column, (LONG,), _TOO_LONG)
            for column in COLUMNS["customers"]
            if column not in {"basis", "basis at", "plan"}
        ),
        ("plan", (LONG,), _CODE),
        ("id", ("", "  "), _EMPTY),
        ("email", ("nobody", "=1+1"), "Is no address that mail can reach"),
        ("phone", ("none",), "Is no phone number"),
        ("locale", ("x",), "Is no locale"),
        ("country", ("x",), "Is no country"),
        ("zone", ("x",), "Is no time zone"),
        ("basis", ("",), "Required"),
        ("basis", ("perhaps", LONG), "Must be one of"),
        ("basis at", ("",), "Required"),
        ("basis at", _NO_TIMES, _TIME),
        ("basis at", ("2999-01-01",), _FUTURE),
    ),
    "answers": _faults(
        "answers",
        ("score", ("", "  "), _EMPTY),
        ("score", ("11", "-1", "9.5", "nine"), "Must be a whole number"),
        ("at", ("",), _EMPTY),
        ("at", _NO_TIMES, _TIME),
        ("invited", _NO_TIMES, _TIME),
        # The collector's words:
        ("email", (LONG,), "Must have at most 320"),
    ),
    "suppressions": [
        *_faults(
            "suppressions",
            ("customer", (LONG,), _CODE),
            ("customer", ("-1",), "This id stands for nobody"),
            ("reason", ("perhaps", LONG), "Write unsubscribed"),
            ("since", _NO_TIMES, _TIME),
            ("since", ("2999-01-01",), _FUTURE),
        ),
        *_left_out("email", ("nobody", "=1+1", LONG), "Is no address that mail can reach"),
        *_left_out("hash", ("x", LONG), "Is no hash of an address"),
        CellFault("customer", "", "Give email, phone, customer_id or address_hash", told=ALL_COLUMNS),
    ],
}
"""Of each kind every fault in every column that it can be in."""
