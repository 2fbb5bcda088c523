"""The form of a calendar: what is typed, as the API would get it, and how a calendar fills the form."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.alerts.calendars.domain import WEEKDAYS, Calendar, Opening
from services.alerts.calendars.schemas import MAX_OPENINGS, clock
from shared.http.validation_errors import faults_of_body
from shared.pages.language import spoken
from shared.values.messages import Message, message

MIN_SLOTS = 2
"""Hours that the form offers for each day at least: a break lies between two of them."""
END_OF_DAY, MIDNIGHT = "24:00", "00:00"
NO_NAME = message("Write a name by which colleagues know it.")
WORKING_DAY = Opening(start=9 * 60, end=17 * 60)


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The body that the API would get."""
    return {
        "name": form.get("name", "").strip(),
        "zone": form.get("zone", ""),
        "week": {day: _openings(form, day) for day in WEEKDAYS},
        "country": form.get("country", ""),
        "closed": _lines(form),
    }


def form_of(calendar: Calendar) -> dict[str, str]:
    """What the form of a calendar shows."""
    found = {
        "name": calendar.name,
        "zone": calendar.zone,
        "country": calendar.country,
        "closed": "\n".join(each.isoformat() for each in calendar.closed),
    }
    for day, openings in zip(WEEKDAYS, calendar.week, strict=True):
        for slot, opening in enumerate(openings):
            found[f"{day}_{slot}_from"] = clock(opening.start)
            # A field for times knows no 24:00.
            found[f"{day}_{slot}_to"] = clock(opening.end).replace(END_OF_DAY, MIDNIGHT)
    return found


def new_form(zone: str, country: str) -> dict[str, str]:
    """What the form of a new calendar shows: five working days."""
    week = tuple((WORKING_DAY,) if number < 5 else () for number in range(len(WEEKDAYS)))  # noqa: PLR2004
    return {**form_of(Calendar(name="-", zone=zone, week=week, country=country)), "name": ""}


def slots_of(form: Mapping[str, str], day: str) -> range:
    """The hours that the form offers for a day: one more than are written, as far as there may be more."""
    written = [n for n in range(MAX_OPENINGS) if any(_slot(form, day, n))]
    return range(min(MAX_OPENINGS, max(MIN_SLOTS, max(written, default=-1) + 2)))


def faults_by_field(error: ValidationError, form: Mapping[str, str]) -> dict[str, str]:
    """The faults by the fields of the form: those of a day's hours have its name."""
    described = faults_of_body(error)
    found: dict[str, str] = {}
    for each in described:
        field, _, rest = each["field"].strip("/").partition("/")
        words: Message | str = each["detail"]
        if field == "name" and not form.get("name", "").strip():
            words = NO_NAME
        elif field == "closed" and rest.isdecimal():
            words = message(
                "Line %(line)s has something that is no day. Write days such as 2026-12-24.",
                line=_line_number(form, int(rest)),
            )
        elif field == "week" and rest:
            field = rest.partition("/")[0]
        found.setdefault(field, spoken(words))
    return found


def _openings(form: Mapping[str, str], day: str) -> list[dict[str, str]]:
    found = []
    for number in range(MAX_OPENINGS):
        since, until = _slot(form, day, number)
        if since or until:
            found.append({"from": since, "to": END_OF_DAY if until == MIDNIGHT else until})
    return found


def _slot(form: Mapping[str, str], day: str, number: int) -> tuple[str, str]:
    since, until = form.get(f"{day}_{number}_from", ""), form.get(f"{day}_{number}_to", "")
    return since.strip(), until.strip()


def _lines(form: Mapping[str, str]) -> list[str]:
    return re.findall(r"\S+", form.get("closed", ""))


def _line_number(form: Mapping[str, str], nth: int) -> int:
    """The line on which the nth word of the closed days stands, from 1."""
    word = list(re.finditer(r"\S+", form.get("closed", "")))[nth]
    return form.get("closed", "")[: word.start()].count("\n") + 1
