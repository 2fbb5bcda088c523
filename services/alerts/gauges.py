"""The gauges of mails to colleagues (due, being sent, since when, whether they leave), of deadlines, of
webhooks, of chats, of alerts on segments, of introductions, and of answers that no search finds yet.
"""

from services.alerts.cases.changes import CASE_DEADLINE
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.cases.repository.lists import MAX_COUNTED
from services.alerts.cases.repository.words import count_without_words
from services.alerts.chats.repository import lanes as chat_lanes
from services.alerts.incidents.counting import INCIDENT_DEADLINE
from services.alerts.introductions.notices import INTRODUCTION_NOTICE
from services.alerts.introductions.opening import INTRODUCTION_DEADLINE
from services.alerts.introductions.repository.introductions import count_open
from services.alerts.notices.repository.push_lanes import WITHOUT_RESTING
from services.alerts.segment_alerts.domain import SEGMENT_ALERT_STATES
from services.alerts.segment_alerts.repository import count_alerts
from services.alerts.view_mails.repository import count_waiting_weeks
from services.alerts.webhooks.repository import lanes
from services.alerts.webhooks.repository.webhooks import MOST_COUNTED, REMOVAL_DEADLINE
from services.alerts.weekly.schedule import WEEKLY_DEADLINE
from shared.db.database import UnitOfWork
from shared.db.deadlines import measure_deadlines
from shared.outbound.gauges import set_gauges
from shared.telemetry import metrics


async def measure(uow: UnitOfWork) -> None:
    """Set all of them."""
    await set_gauges(uow, "alerts", WITHOUT_RESTING)
    kinds = (
        *(CASE_DEADLINE, INCIDENT_DEADLINE, INTRODUCTION_DEADLINE, INTRODUCTION_NOTICE, QUIET_DEADLINE),
        *(REMOVAL_DEADLINE, WEEKLY_DEADLINE),
    )
    await measure_deadlines(uow, "alerts", kinds)
    await measure_webhooks(uow)
    await measure_segment_alerts(uow)
    await measure_chats(uow)
    await measure_introductions(uow)
    metrics.VIEW_MAIL_WEEKS.set(await count_waiting_weeks(uow))
    metrics.UNSEARCHED_ANSWERS.set(await count_without_words(uow, MAX_COUNTED))


async def measure_webhooks(uow: UnitOfWork) -> None:
    """How many fail or are off, and what waits."""
    found = await lanes.measure(uow, MOST_COUNTED)
    metrics.WEBHOOKS.labels("failing").set(found.failing)
    metrics.WEBHOOKS.labels("off").set(found.off)
    metrics.WEBHOOK_MESSAGES.set(found.waiting)
    metrics.WEBHOOK_AGE.set((uow.now - found.oldest).total_seconds() if found.oldest else 0)


async def measure_segment_alerts(uow: UnitOfWork) -> None:
    """How many alerts on segments are not closed."""
    found = await count_alerts(uow)
    for state in SEGMENT_ALERT_STATES:
        if state != "closed":
            metrics.SEGMENT_ALERTS.labels(state).set(found.get(state, 0))


async def measure_chats(uow: UnitOfWork) -> None:
    """How many channels fail or are off, and since when a message waits for one that works."""
    found = await chat_lanes.measure(uow)
    metrics.CHAT_CHANNELS.labels("failing").set(found.failing)
    metrics.CHAT_CHANNELS.labels("off").set(found.off)
    metrics.CHAT_AGE.set((uow.now - found.oldest).total_seconds() if found.oldest else 0)


async def measure_introductions(uow: UnitOfWork) -> None:
    """How many tasks to ask for an introduction are open, and how many of these are late."""
    found = await count_open(uow)
    metrics.OPEN_INTRODUCTIONS.labels("in_time").set(found.get(False, 0))
    metrics.OPEN_INTRODUCTIONS.labels("late").set(found.get(True, 0))
