"""What is said of incidents."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.alerts.cases.times import moment
from services.alerts.incidents.domain import IncidentPolicy
from services.alerts.incidents.repository import IncidentCases
from services.alerts.notices.kinds import NoticeText
from shared.events.segments import ORGANISATION, TOUCHPOINT, dimension_of
from shared.pages.filters import dimension_name, segment_name
from shared.pages.language import translated


def segment_words(segment: str) -> str:
    """A segment as people call it: ``Copenhagen / Strøget``, ``Checkout``, ``country: DK``."""
    dimension = dimension_of(segment)
    if dimension in {ORGANISATION, TOUCHPOINT}:
        return segment_name(segment)
    return f"{dimension_name(dimension)}: {segment_name(segment)}"


def began_text(found: IncidentCases, policy: IncidentPolicy, now: datetime, zone: ZoneInfo) -> NoticeText:
    """An incident that is going on."""
    facts = {
        "n": found.at_first,
        "segment": segment_words(found.incident.segment),
        "minutes": _minutes(policy.within),
        "quiet": _minutes(policy.ends_after),
        "since": moment(found.incident.began_at, now, zone),
        "total": found.cases,
    }
    paragraphs = [
        translated("More cases than usual come from %(segment)s since %(since)s.") % facts,
        translated(
            "Further ones are not told one by one, until %(quiet)s minutes have passed without another. "
            "Each is a case of its own."
        )
        % facts,
    ]
    if found.cases > found.at_first:
        paragraphs.insert(1, translated("By now there are %(total)s cases.") % facts)
    subject = translated("%(n)s cases from %(segment)s in %(minutes)s minutes") % facts
    return _about(found, subject, paragraphs)


def ended_text(found: IncidentCases, policy: IncidentPolicy, now: datetime, zone: ZoneInfo) -> NoticeText:
    """An incident that is over."""
    facts = {
        "total": found.cases,
        "segment": segment_words(found.incident.segment),
        "quiet": _minutes(policy.ends_after),
        "since": moment(found.incident.began_at, now, zone),
        "last": moment(found.last_at, now, zone),
    }
    subject = translated("No more cases from %(segment)s for now: %(total)s in all") % facts
    paragraphs = [
        translated("The first came %(since)s, the last %(last)s. For %(quiet)s minutes there was no other.")
        % facts,
        translated("From now on each new case is told again."),
    ]
    return _about(found, subject, paragraphs)


def _about(found: IncidentCases, subject: str, paragraphs: list[str]) -> NoticeText:
    return NoticeText(
        subject=subject,
        paragraphs=paragraphs,
        call=translated("Its cases:"),
        path=address_of_cases(found),
    )


def address_of_cases(found: IncidentCases) -> str:
    """The list of its cases."""
    return f"/inbox?state=all&incident={found.incident.id}"


def _minutes(length: timedelta) -> int:
    return int(length / timedelta(minutes=1))
