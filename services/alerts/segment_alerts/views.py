"""What pages show of alerts on segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple
from urllib.parse import urlencode

from services.alerts.segment_alerts import repository
from services.alerts.segment_alerts.domain import SegmentAlert
from services.alerts.segment_alerts.words import END_LABELS, fall_sentence, heading, name_of_segment
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.pages.filters import day
from shared.pages.language import spoken, translated
from shared.pages.page import Page

MAX_SHOWN_ALERTS = 20
"""Above the list of cases."""


class SegmentAlertLine(NamedTuple):
    """An alert in a list."""

    alert: SegmentAlert
    heading: str
    about: str


@dataclass(frozen=True, kw_only=True)
class SegmentAlertsPage(Page):
    """Alerts that are open, or those that are closed."""

    template: ClassVar[str] = "segment_alerts.html"
    alerts: Sequence[SegmentAlertLine]
    are_closed: bool
    is_first: bool
    """Whether the newest are shown."""
    more: str | None
    """Behind which place the next page begins."""


@dataclass(frozen=True, kw_only=True)
class SegmentAlertPage(Page):
    """One alert, and what can be done to it."""

    template: ClassVar[str] = "segment_alert.html"
    alert: SegmentAlert
    name: str
    heading: str
    sentence: str
    state: str
    scores_href: str
    note: str
    """As it was typed."""
    fault: str
    refused: str
    done: str


def lines_of(alerts: Sequence[SegmentAlert], company: str) -> list[SegmentAlertLine]:
    """The alerts as a list shows them."""
    return [SegmentAlertLine(each, heading(each, company), state_sentence(each)) for each in alerts]


async def open_alert_lines(uow: UnitOfWork, staff: Staff, company: str) -> list[SegmentAlertLine]:
    """The alerts that are not closed and that this person may see, the newest first."""
    alerts = await repository.list_alerts(
        uow, staff.tenant, staff.segments, states=("open", "acknowledged"), limit=MAX_SHOWN_ALERTS
    )
    return lines_of(alerts, company)


def state_sentence(alert: SegmentAlert) -> str:
    """How an alert stands."""
    if alert.state == "closed" and alert.ended is not None:
        if alert.closed_by is not None and alert.closed_at is not None:
            return _by(translated("%(name)s closed it on %(day)s."), alert.closed_by, alert.closed_at)
        return spoken(END_LABELS[alert.ended])
    if alert.acknowledged_by is not None and alert.acknowledged_at is not None:
        text = translated("%(name)s has been looking into it since %(day)s.")
        return _by(text, alert.acknowledged_by, alert.acknowledged_at)
    return translated("Nobody looks into it yet.")


def _by(text: str, name: str, at: datetime) -> str:
    return text % {"name": name, "day": day(at)}


def page_of(
    alert: SegmentAlert, company: str, *, note: str = "", fault: str = "", refused: str = "", done: str = ""
) -> SegmentAlertPage:
    """The page of an alert."""
    asked = {"segment": alert.segment, "measurement": alert.measurement}
    return SegmentAlertPage(
        alert=alert,
        name=name_of_segment(alert, company),
        heading=heading(alert, company),
        sentence=fall_sentence(alert),
        state=state_sentence(alert),
        scores_href=f"/segments?{urlencode(asked)}",
        note=note,
        fault=fault,
        refused=refused,
        done=done,
    )
