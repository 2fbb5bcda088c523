"""What a rehearsal has found, and what would come of it on a day: pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from services.dispatcher.statistics import ASSUMED_RESPONSE_PERCENT, MIN_RELIED_ON, PastAnswers

MAX_DAYS = 31
"""So many days are kept, the last of which is the one on which the newest event was rehearsed."""
MAX_EXAMPLES = 100
"""The newest events are kept."""
ASSUMED_DETRACTOR_PERCENT = 15
"""Of the answers, while there are too few to tell."""
RATES_DAYS = 90
"""The answers of these days tell how many there will be."""

RateSource = Literal["survey", "company", "assumed"]


class RehearsedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event, and what became of it in the rehearsal."""

    event_id: UUID
    at: datetime
    outcome: str


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What a rehearsal has found so far. Nobody is named: events are, whose pages are erased with them."""

    days: dict[date, dict[str, int]] = {}
    """On each day of the company: how many events had which outcome."""
    examples: tuple[RehearsedEvent, ...] = ()
    """The newest events, the newest first."""

    def with_events(self, day: date, events: Iterable[RehearsedEvent]) -> "Rehearsal":
        """The same with events that were decided on a day, oldest first."""
        new = list(events)
        counts = dict(self.days.get(day, {}))
        for event in new:
            counts[event.outcome] = counts.get(event.outcome, 0) + 1
        oldest = day - timedelta(days=MAX_DAYS - 1)
        days = {each: n for each, n in sorted({**self.days, day: counts}.items()) if each >= oldest}
        return Rehearsal(days=days, examples=(*reversed(new), *self.examples)[:MAX_EXAMPLES])

    @property
    def outcomes(self) -> dict[str, int]:
        """Events by outcome, those that would have been asked about first, then the most frequent."""
        totals: dict[str, int] = {}
        for counts in self.days.values():
            for outcome, n in counts.items():
                totals[outcome] = totals.get(outcome, 0) + n
        return dict(sorted(totals.items(), key=lambda one: (one[0] != "invited", -one[1], one[0])))

    @property
    def events(self) -> int:
        """How many were looked at in the days that are kept."""
        return sum(sum(counts.values()) for counts in self.days.values())

    @property
    def asked(self) -> int:
        """About how many of them a customer would have been asked."""
        return self.outcomes.get("invited", 0)

    def length(self, since: datetime, until: datetime | None) -> timedelta:
        """How long these events took to come: at least a day, so that the first hour foretells no day.

        :param since: when the rehearsal began.
        :param until: when it ended, or now; None: nobody knows, and its newest event is the end.
        """
        if until is None:
            until = self.examples[0].at if self.examples else since
        return max(timedelta(days=1), min(until - since, timedelta(days=MAX_DAYS)))


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What would come on a day, were the survey live."""

    mails_a_day: float
    """First mails, without reminders; those of its programme, too."""
    reminders_a_day: float
    """At most: who has not answered gets each of them."""
    answers_a_day: float
    cases_a_day: float
    response_percent: int
    response_of: RateSource
    detractor_percent: int
    detractors_of: RateSource


def expect(
    rehearsal: Rehearsal,
    length: timedelta,
    reminders: int,
    own: PastAnswers,
    company: PastAnswers,
    *,
    programme_a_day: float = 0,
) -> Expectation:
    """What would come on a day, by what was rehearsed and by how customers answered before.

    :param length: of the rehearsal.
    :param reminders: how many the survey sends.
    :param own: of this survey.
    :param company: of all of the company's surveys.
    :param programme_a_day: the customers whom its programme asks on a day, who are not rehearsed.
    """
    mails = rehearsal.asked / (length / timedelta(days=1)) + programme_a_day
    response_percent, detractor_percent = ASSUMED_RESPONSE_PERCENT, ASSUMED_DETRACTOR_PERCENT
    sources: Mapping[RateSource, PastAnswers] = {"company": company, "survey": own}
    response_of: RateSource = "assumed"
    detractors_of: RateSource = "assumed"
    for source, past in sources.items():
        if past.delivered >= MIN_RELIED_ON:
            response_percent, response_of = round(100 * past.answered / past.delivered), source
        if past.answered >= MIN_RELIED_ON:
            detractor_percent, detractors_of = round(100 * past.detractors / past.answered), source
    answers = mails * response_percent / 100
    return Expectation(
        mails_a_day=mails,
        reminders_a_day=reminders * (mails - answers),
        answers_a_day=answers,
        cases_a_day=answers * detractor_percent / 100,
        response_percent=response_percent,
        response_of=response_of,
        detractor_percent=detractor_percent,
        detractors_of=detractors_of,
    )


class CaseWork(msgspec.Struct, frozen=True, kw_only=True):
    """What is known here of the work on cases."""

    open_now: int = 0
    closed: int = 0
    """Within the last days."""
    owners: int = 0
    """How many people have or had one of these cases."""
