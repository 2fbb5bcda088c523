"""The page of a survey's rehearsal: what its template sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.dispatcher.rehearsals.finding import CASES_DAYS, RehearsalFound
from services.dispatcher.rehearsals.results import CaseWork, Expectation, Rehearsal, RehearsedEvent
from services.dispatcher.story.labels import SURVEY_OUTCOMES
from services.dispatcher.surveys.domain import StoredSurvey
from shared.pages.filters import decimal, thousands
from shared.pages.language import spoken, translated
from shared.pages.page import Page

MAX_LINKS = 10
"""Of the events of each outcome."""
MIN_WHOLE = 10
"""Figures a day from here on have no decimal."""


@dataclass(frozen=True)
class RehearsedOutcome:
    """An outcome, with how many events had it."""

    words: str
    events: int
    newest: Sequence[RehearsedEvent]


@dataclass(frozen=True, kw_only=True)
class RehearsalPage(Page):
    """What a survey's rehearsal has found, and the button that begins or ends it."""

    template: ClassVar[str] = "rehearsal.html"
    survey: StoredSurvey
    since: datetime | None
    ended_at: datetime | None
    goes_on: bool
    found: Rehearsal
    outcomes: Sequence[RehearsedOutcome]
    expected: Expectation
    mails: str
    """A day, as are the next four."""
    reminders: str
    answers: str
    new_cases: str
    closed_cases: str
    programme: str
    """Empty: it has none."""
    cases: CaseWork
    cases_days: int
    done: str
    stale: bool
    """The survey has changed since the form was rendered, so nothing was done."""

    @classmethod
    def of(
        cls, survey: StoredSurvey, one: RehearsalFound, *, done: str = "", stale: bool = False
    ) -> "RehearsalPage":
        """A survey with its last rehearsal."""
        return cls(
            survey=survey,
            since=one.since,
            ended_at=one.ended_at,
            goes_on=one.goes_on,
            found=one.found,
            outcomes=outcome_lines(one.found),
            expected=one.expected,
            mails=a_day(one.expected.mails_a_day),
            reminders=a_day(one.expected.reminders_a_day),
            answers=a_day(one.expected.answers_a_day),
            new_cases=a_day(one.expected.cases_a_day),
            closed_cases=a_day(one.cases.closed / CASES_DAYS),
            programme=a_day(one.programme_a_day) if one.programme_a_day is not None else "",
            cases=one.cases,
            cases_days=CASES_DAYS,
            done=done,
            stale=stale,
        )


def outcome_lines(found: Rehearsal) -> list[RehearsedOutcome]:
    """Each outcome in words, with the newest of its events that are still kept."""
    return [
        RehearsedOutcome(
            translated("A customer would have been asked")
            if outcome == "invited"
            else translated("Not asked: %(reason)s")
            % {"reason": spoken(SURVEY_OUTCOMES.get(outcome, outcome))},
            events,
            [each for each in found.examples if each.outcome == outcome][:MAX_LINKS],
        )
        for outcome, events in found.outcomes.items()
    ]


def a_day(number: float) -> str:
    """A number a day, with one decimal below ten."""
    return decimal(f"{number:.1f}") if number < MIN_WHOLE else thousands(round(number))
