"""What is said of incidents."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.alerts.cases.times import moment
from services.alerts.incidents.domain import IncidentPolicy
from services.alerts.incidents.repository.lists import IncidentCases
from services.alerts.notices.kinds import NoticeText
from shared.pages.filters import segment_words
from shared.pages.language import translated


def began_text(found: IncidentCases, policy: IncidentPolicy, now: datetime, zone: ZoneInfo) -> NoticeText:
    """An incident that is going on."""
    facts = {
        "n": found.at_first,
        "segment": segment_words(found.incident.segment),
        "minutes": _minutes(policy.within),
        "few": policy.few,
        "quiet": _minutes(policy.few_within),
        "since": moment(found.incident.began_at, now, zone),
        "total": found.cases,
    }
    paragraphs = [
        translated("More cases than usual come from %(segment)s since %(since)s.") % facts,
        translated(
            "Further ones are not told one by one while more than %(few)s come in %(quiet)s minutes. "
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
        "few": policy.few,
        "quiet": _minutes(policy.few_within),
        "hours": int(policy.longest / timedelta(hours=1)),
        "since": moment(found.incident.began_at, now, zone),
        "last": moment(found.last_at, now, zone),
    }
    if found.incident.runs_until < found.incident.began_at + policy.longest:
        subject = translated("Few cases from %(segment)s again: %(total)s in all")
        why = translated("By then no more than %(few)s came in %(quiet)s minutes.")
    else:
        subject = translated("Cases from %(segment)s for %(hours)s hours: %(total)s in all")
        why = translated("They may still be many: then you are told that they have begun again.")
    paragraphs = [
        translated("The first came %(since)s, the last %(last)s.") % facts,
        why % facts,
        translated("From now on each new case is told again."),
    ]
    subject %= facts
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
