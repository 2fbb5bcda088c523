"""Answers of ``/v1/surveys/{id}/rehearsal``."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.dispatcher.rehearsals.finding import CASES_DAYS, RehearsalFound
from services.dispatcher.rehearsals.results import RateSource


class RehearsedDay(BaseModel):
    """The events of one day of the company."""

    day: date
    outcomes: dict[str, int]


class RehearsedEventAnswer(BaseModel):
    """An event, and what would have become of it."""

    event_id: UUID
    at: datetime
    outcome: str
    see: str


class ExpectationAnswer(BaseModel):
    """What would come on a day, about, were the survey live."""

    mails_a_day: float = Field(description="First mails, about events and by its programme.")
    reminders_a_day: float = Field(description="At most.")
    answers_a_day: float
    cases_a_day: float
    response_percent: int
    response_of: RateSource = Field(
        description="Whose response rate of the last 90 days that is: the `survey`, the `company` where "
        "it sent fewer than 100 mails, or `assumed` where both did."
    )
    detractor_percent: int
    detractors_of: RateSource = Field(description="The same of the share of detractors, of 100 answers.")
    programme_a_day: float | None = Field(
        description="Customers who may be asked whom its programme comes to on a day, about. They are not "
        "rehearsed: all of them count in the mails, answers and cases. null: it has none."
    )


class CaseWorkAnswer(BaseModel):
    """The work on cases so far."""

    open: int
    closed_a_day: float = Field(description="Over the last 30 days.")
    people: int = Field(
        description="How many have one that is open, or had one that was closed in these days."
    )


class RehearsalAnswer(BaseModel):
    """What a survey's last rehearsal has found."""

    since: datetime | None = Field(description="null: it has had none.")
    ended_at: datetime | None = Field(description="null: it goes on, or it is not known.")
    rehearses: bool = Field(description="Whether it goes on.")
    events: int = Field(description="Those of its type that came, in the last 31 days.")
    outcomes: dict[str, int] = Field(
        description="`invited`: a customer would have been asked; else why not, as `why` in a decision."
    )
    days: list[RehearsedDay]
    newest: list[RehearsedEventAnswer] = Field(description="The newest 100 events, newest first.")
    expected: ExpectationAnswer
    cases: CaseWorkAnswer

    @classmethod
    def of(cls, one: RehearsalFound, staff_url: str) -> Self:
        """A rehearsal as the API answers it."""
        expected = one.expected
        return cls(
            since=one.since,
            ended_at=one.ended_at,
            rehearses=one.goes_on,
            events=one.found.events,
            outcomes=one.found.outcomes,
            days=[RehearsedDay(day=day, outcomes=counts) for day, counts in one.found.days.items()],
            newest=[
                RehearsedEventAnswer(
                    event_id=each.event_id,
                    at=each.at,
                    outcome=each.outcome,
                    see=f"{staff_url}/events/{each.event_id}",
                )
                for each in one.found.examples
            ],
            expected=ExpectationAnswer(
                mails_a_day=round(expected.mails_a_day, 1),
                reminders_a_day=round(expected.reminders_a_day, 1),
                answers_a_day=round(expected.answers_a_day, 1),
                cases_a_day=round(expected.cases_a_day, 1),
                response_percent=expected.response_percent,
                response_of=expected.response_of,
                detractor_percent=expected.detractor_percent,
                detractors_of=expected.detractors_of,
                programme_a_day=round(one.programme_a_day, 1) if one.programme_a_day is not None else None,
            ),
            cases=CaseWorkAnswer(
                open=one.cases.open_now,
                closed_a_day=round(one.cases.closed / CASES_DAYS, 1),
                people=one.cases.owners,
            ),
        )
