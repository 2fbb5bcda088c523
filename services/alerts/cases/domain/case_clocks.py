"""The clocks of a case, for its first contact and for closing it: when each is due, and what happens by it.

By each clock there is a warning when most of the time has passed, and then one step for each level of
escalation. Their times are fixed when the clock starts, in the working time of the case's team.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from services.alerts.calendars.domain import Calendar
from services.alerts.calendars.working_time import Pause, TimeLimit, after
from services.alerts.rules.clocks import Clocks, Recipient
from shared.events.envelope import Data

ClockName = Literal["contact", "closing"]


class ClockStep(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody is told of a deadline: at a level of escalation, or (0) by a warning before it."""

    at: datetime
    level: int = 0
    to: Recipient | None = None
    """None: whoever has the case."""


class StartedClock(NamedTuple):
    """When something is due, and what happens until and after then."""

    due: datetime
    steps: list[ClockStep]


def started(limit: TimeLimit, clocks: Clocks, since: datetime, calendar: Calendar | None) -> StartedClock:
    """A clock that starts then."""
    length = limit.length(calendar)
    due = after(calendar, since, length)
    steps = []
    if clocks.warn_percent:
        steps.append(ClockStep(at=after(calendar, since, length * clocks.warn_percent / 100)))
    steps += [
        ClockStep(at=after(calendar, due, escalation.after.length(calendar)), level=level, to=escalation.to)
        for level, escalation in enumerate(clocks.escalations, 1)
    ]
    return StartedClock(due, steps)


def due_steps(
    pending: Sequence[tuple[ClockName, ClockStep]], now: datetime
) -> list[tuple[ClockName, ClockStep]]:
    """Those that are due, without the warnings of clocks that have come to an escalation."""
    due = [(clock, step) for clock, step in pending if step.at <= now]
    escalated = {clock for clock, step in due if step.level}
    return [(clock, step) for clock, step in due if step.level or clock not in escalated]


def resumed_steps(steps: Sequence[ClockStep], pause: Pause) -> list[ClockStep]:
    """The steps of a clock that was paused and runs on."""
    return [ClockStep(at=pause.resumed(step.at), level=step.level, to=step.to) for step in steps]
