"""The form of what one is told: what is typed, as the API would get it, and how choices fill the form."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.alerts.calendars.domain import WEEKDAYS
from services.alerts.calendars.schemas import clock
from services.alerts.notices.choices import NoticeChoices
from services.alerts.notices.topics import NOTICE_TOPICS
from shared.http.validation_errors import faults_of_body
from shared.pages.language import spoken

EVENING, MORNING = "18:00", "08:00"
"""What the form offers to who has no quiet hours yet."""


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The body that the API would get."""
    topics = {}
    for topic in NOTICE_TOPICS:
        typed = {channel: form.get(f"{topic}_{channel}", "") for channel in ("mail", "push")}
        topics[topic] = {channel: when for channel, when in typed.items() if when}
    quiet = {
        "from": form.get("quiet_from", ""),
        "to": form.get("quiet_to", ""),
        "days": [day for day in WEEKDAYS if form.get(f"begins_{day}")],
        "whole_days": [day for day in WEEKDAYS if form.get(f"whole_{day}")],
        "but_escalations": bool(form.get("but_escalations")),
    }
    return {
        "mail": bool(form.get("mail")),
        "topics": topics,
        "digest_at": form.get("digest_at", ""),
        "time_zone": form.get("time_zone", ""),
        "quiet": quiet if form.get("quiet") else None,
    }


def form_of(choices: NoticeChoices, *, mail: bool) -> dict[str, str]:
    """What the form of these choices shows; a box is ticked when it has a text."""
    found = {"mail": "on"} if mail else {}
    for topic in NOTICE_TOPICS:
        found[f"{topic}_mail"] = choices.of(topic).mail
        found[f"{topic}_push"] = choices.of(topic).push
    found |= {"digest_at": clock(choices.digest_at), "time_zone": choices.time_zone}
    quiet = choices.quiet
    found |= {"quiet": "on"} if quiet is not None else {}
    found["quiet_from"] = clock(quiet.since) if quiet is not None else EVENING
    found["quiet_to"] = clock(quiet.until) if quiet is not None else MORNING
    begins = [WEEKDAYS[day] for day in quiet.days] if quiet is not None else WEEKDAYS
    whole = [WEEKDAYS[day] for day in quiet.whole_days] if quiet is not None else []
    found |= {f"begins_{day}": "on" for day in begins}
    found |= {f"whole_{day}": "on" for day in whole}
    if quiet is not None and quiet.but_escalations:
        found["but_escalations"] = "on"
    return found


def faults_by_field(error: ValidationError) -> dict[str, str]:
    """The faults by the fields of the form."""
    described = faults_of_body(error)
    found: dict[str, str] = {}
    for each in described:
        parts = each["field"].strip("/").split("/")
        field = parts[0]
        if field == "topics":
            field = "weekly_mail" if parts[1:] == ["weekly"] else "_".join(parts[1:])
        elif field == "quiet":
            field = {"from": "quiet_from", "to": "quiet_to"}.get("".join(parts[1:2]), "quiet")
        found.setdefault(field, spoken(each["detail"]))
    return found
