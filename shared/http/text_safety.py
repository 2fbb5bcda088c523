"""Values in JSON, forms and addresses that PostgreSQL cannot store: refused with the name of the field."""

import math
from collections.abc import Iterator
from typing import Any

from fastapi import Request

from shared.http.numbers import MAX_INTEGER
from shared.http.problems import Problem
from shared.http.validation_errors import MAX_FAULTS, MAX_FIELD_LENGTH, FieldFault
from shared.values.json_pointers import pointer
from shared.values.messages import Message, message

_Parts = Iterator[tuple[str | int, Any]]


def text_faults(value: Any) -> list[FieldFault]:
    """The values in decoded JSON that PostgreSQL cannot store: NUL, half characters, NaN, beyond 64 bits."""
    faults: list[FieldFault] = []
    # The path to the current part, one entry for each level; a pointer is built only for a fault.
    path: list[str | int] = []
    levels: list[_Parts] = [iter([("", value)])]
    while levels and len(faults) < MAX_FAULTS:
        name, part = next(levels[-1], (None, None))
        if name is None:
            levels.pop()
            continue
        path[len(levels) - 1 :] = [name]
        if isinstance(name, str) and (fault := text_fault(name)) is not None:
            faults.append(
                FieldFault(
                    field=pointer(*path[1:-1]), detail=message("The name of a field: %(fault)s", fault=fault)
                )
            )
        if (fault := _fault_of(part)) is not None:
            faults.append(FieldFault(field=pointer(*path[1:]), detail=fault))
        if isinstance(part, dict):
            levels.append((str(key), inner) for key, inner in part.items())
        elif isinstance(part, list):
            levels.append(iter(enumerate(part)))
    return faults


def text_fault(text: str) -> Message | None:
    """What keeps a text from being stored; None when nothing does."""
    if "\0" in text:
        return message("Take out the NUL character (\\u0000).")
    try:
        text.encode()
    except UnicodeEncodeError:
        return message("Take out the lone surrogate (\\ud800 to \\udfff): it is half a character.")
    return None


def _fault_of(part: Any) -> Message | None:
    if isinstance(part, str):
        return text_fault(part)
    if isinstance(part, float) and not math.isfinite(part):
        return message("NaN, Infinity and numbers beyond 1e308 are refused.")
    if isinstance(part, int) and not -MAX_INTEGER <= part <= MAX_INTEGER:
        return message("Whole numbers beyond 64 bits are refused.")
    return None


def check_address_text(request: Request) -> None:
    """Refuse a path or a query with a part that cannot be stored.

    :raises Problem: 400, naming each of them.
    """
    if not request.scope["query_string"] and not request.path_params:
        return
    faults = [
        FieldFault(field=f"{where}/{name}"[:MAX_FIELD_LENGTH], detail=fault)
        for where, pairs in (
            ("path", request.path_params.items()),
            ("query", request.query_params.multi_items()),
        )
        for name, value in pairs
        if (fault := text_fault(str(value)) or text_fault(name)) is not None
    ]
    if faults:
        raise Problem(400, errors=faults)


async def check_form_text(request: Request) -> None:
    """Refuse a form with a field that cannot be stored.

    A handler that reads (and repairs) its form itself does not use this.

    :raises Problem: 400, naming each field.
    """
    form = await request.form()
    if faults := text_faults({name: form.getlist(name) for name in form}):
        raise Problem(400, errors=faults)
