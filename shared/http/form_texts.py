"""The texts of a form that a page posts."""

from datetime import date
from uuid import UUID

from fastapi import Request

from shared.http.instants import MAX_INSTANT, MIN_INSTANT
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


def uuid_of(typed: str) -> UUID:
    """The id that a form carries, or an address.

    :raises Problem: 404 when it is none: there is nothing of this id.
    """
    try:
        return UUID(typed)
    except ValueError:
        raise Problem(404) from None


def day_of(typed: str) -> date | None:
    """The day that a form carries, such as 2026-11-28; None where none is, or its instants cannot be kept."""
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        return None
    return day if MIN_INSTANT.date() < day < MAX_INSTANT.date() else None
