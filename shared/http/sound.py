"""JSON and forms can carry what PostgreSQL refuses: caught at the door, named by its field."""

import math
from typing import Any

from fastapi import Request
from fastapi.params import Form
from fastapi.routing import APIRoute

from shared.http.faults import MOST, Fault, pointer
from shared.http.problems import Problem


def unsound(value: Any) -> list[Fault]:
    """Every place in decoded JSON that no table can keep: NUL, half a character, NaN, an infinite number."""
    faults: list[Fault] = []
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting and len(faults) < MOST:
        place, part = waiting.pop()
        if isinstance(part, dict):
            for key, inner in part.items():
                if (fault := _of_text(str(key))) is not None:
                    faults.append(Fault(field=pointer(*place), detail=f"The name of a field: {fault}"))
                waiting.append(((*place, str(key)), inner))
        elif isinstance(part, list):
            waiting.extend(((*place, index), inner) for index, inner in enumerate(part))
        elif isinstance(part, str):
            if (fault := _of_text(part)) is not None:
                faults.append(Fault(field=pointer(*place), detail=fault))
        elif isinstance(part, float) and not math.isfinite(part):
            faults.append(
                Fault(field=pointer(*place), detail="NaN, Infinity and numbers beyond 1e308 are refused.")
            )
    return faults


def _of_text(text: str) -> str | None:
    if "\0" in text:
        return "Take out the NUL character (\\u0000)."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "Take out the lone surrogate (\\ud800 to \\udfff): it is half a character."
    return None


async def sound_request(request: Request) -> None:
    """Refuse path, query and any body that the framework decodes, if a part of it cannot be kept.

    A route that reads its body itself (a batch whose good items go on) answers for the body itself.
    """
    faults = [
        Fault(field=f"{where}/{name}"[:MOST], detail=fault)
        for where, pairs in (
            ("path", request.path_params.items()),
            ("query", request.query_params.multi_items()),
        )
        for name, value in pairs
        if (fault := _of_text(str(value)) or _of_text(name)) is not None
    ]
    field = route.body_field if isinstance(route := request.scope.get("route"), APIRoute) else None
    if field is not None:
        if isinstance(field.field_info, Form):
            form = await request.form()
            faults += unsound({name: form.getlist(name) for name in form})
        elif (await request.body()) and "json" in request.headers.get("content-type", ""):
            faults += unsound(await request.json())
    if faults:
        raise Problem(400, errors=faults)
