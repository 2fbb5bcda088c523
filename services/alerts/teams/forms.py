"""The forms of a team and of an absence: what is typed, as the API would get it, and what they show."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from services.alerts.calendars.schemas import is_clock
from services.alerts.teams.domain import Absence, CaseTeam
from shared.http.instants import begin_of_day, end_of_day
from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault, faults_of_body
from shared.pages.language import spoken
from shared.values.messages import message

NO_NAME = message("Write a name by which colleagues know it.")
WRONG_DAY = message("Write a day like 2026-11-28.")
WRONG_TIME = message("Write a time of day such as 08:00, or leave it empty.")
_MIDNIGHT = time()


class TeamForm(BaseModel):
    """What an administrator writes about a team."""

    act: Literal["save", "delete"] = "save"
    new_id: str = ""
    """Of a team that is to be made: the form has it, so that it is made once."""
    name: str = ""
    member: list[str] = []
    leader: str = ""
    segment: list[str] = []
    """Those that were ticked."""
    segments: str = ""
    """Others, one on each line."""
    calendar: str = ""
    drawn: str = ""
    """The fingerprint of what the form was rendered from."""

    def body(self) -> dict[str, Any]:
        """The body that the API would get."""
        others = [line.strip() for line in self.segments.splitlines() if line.strip()]
        return {
            "name": self.name.strip(),
            "members": self.member,
            "leader": self.leader or None,
            "segments": [*self.segment, *others],
            "calendar": self.calendar or None,
        }

    @classmethod
    def of(cls, team: CaseTeam, drawn: str) -> "TeamForm":
        """The form of a team as it stands: all its segments are ticked."""
        return cls(
            name=team.name,
            member=[str(one) for one in team.members],
            leader=str(team.leader or ""),
            segment=list(team.segments),
            calendar=str(team.calendar or ""),
            drawn=drawn,
        )


def body_faults(error: ValidationError) -> list[FieldFault]:
    """The faults of a body, as the API words them."""
    return faults_of_body(error)


def faults_by_field(faults: Sequence[FieldFault], form: TeamForm) -> dict[str, str]:
    """The faults by the fields of the form."""
    found: dict[str, str] = {}
    for fault in faults:
        field = fault["field"].strip("/").partition("/")[0]
        words = NO_NAME if field == "name" and not form.name.strip() else fault["detail"]
        found.setdefault(field, spoken(words))
    return found


def absence_fields(absence: Absence | None, zone: ZoneInfo) -> dict[str, str]:
    """What the form of an absence shows: days, and times where it is not whole days."""
    if absence is None:
        return {}
    since, until = absence.since.astimezone(zone), absence.until.astimezone(zone)
    whole = until.time() == _MIDNIGHT
    return {
        "from": (since.date()).isoformat(),
        "from_time": "" if since.time() == _MIDNIGHT else f"{since:%H:%M}",
        "until": (until.date() - timedelta(days=1) if whole else until.date()).isoformat(),
        "until_time": "" if whole else f"{until:%H:%M}",
        "deputy": str(absence.deputy or ""),
    }


def absence_body(form: Mapping[str, str], zone: ZoneInfo) -> tuple[dict[str, Any], dict[str, str]]:
    """The body that the API would get, and what is wrong with the days and times by field."""
    faults: dict[str, str] = {}
    since = _instant(form, "from", zone, faults, ends=False)
    until = _instant(form, "until", zone, faults, ends=True)
    return {"from": since, "to": until, "deputy": form.get("deputy") or None}, faults


def absence_faults_by_field(faults: Sequence[FieldFault]) -> dict[str, str]:
    """The faults by the fields of the form: what concerns no field of the API is about the end."""
    found: dict[str, str] = {}
    for fault in faults:
        field = fault["field"].strip("/")
        found.setdefault(field if field == "deputy" else "until", spoken(fault["detail"]))
    return found


def _instant(
    form: Mapping[str, str], field: str, zone: ZoneInfo, faults: dict[str, str], *, ends: bool
) -> datetime | None:
    """A day with a time, or else the day's beginning or end."""
    day, clock = form.get(field, "").strip(), form.get(f"{field}_time", "").strip()
    try:
        begin, end = begin_of_day(day, field, zone), end_of_day(day, field, zone)
    except Problem:
        begin = end = None
    if begin is None:
        faults[field] = spoken(WRONG_DAY)
        return None
    if not clock:
        return end if ends else begin
    if not is_clock(clock):
        faults[f"{field}_time"] = spoken(WRONG_TIME)
        return None
    local = datetime.combine(begin.astimezone(zone).date(), time.fromisoformat(clock), zone)
    return local.astimezone(UTC)
