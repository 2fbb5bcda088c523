"""The texts of a form that a page posts."""

from fastapi import Request

from shared.http.problems import Problem
from shared.http.text_safety import text_faults


async def read_texts(request: Request) -> dict[str, str]:
    """What was typed, by field; what is no text is left out.

    :raises Problem: 400 when PostgreSQL could not store a part of it.
    """
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    if faults := text_faults(dict(typed)):
        raise Problem(400, errors=faults)
    return typed
