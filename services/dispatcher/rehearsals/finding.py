"""What a survey's rehearsal has found and what would come of it, as API and page show it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.dispatcher.rehearsals import repository
from services.dispatcher.rehearsals.results import (
    RATES_DAYS,
    CaseWork,
    Expectation,
    Rehearsal,
    expect,
)
from services.dispatcher.repository.survey_figures import count_answers
from services.dispatcher.statistics import PastAnswers
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.waves.population_repository import count_eligible
from shared.db import UnitOfWork

CASES_DAYS = 30
"""The cases that were closed in these days tell what the staff can do."""


@dataclass(frozen=True, kw_only=True)
class RehearsalFound:
    """A survey's last rehearsal."""

    since: datetime | None
    """None: it has had none."""
    ended_at: datetime | None
    """None: it goes on, or it is not known."""
    goes_on: bool
    found: Rehearsal
    expected: Expectation
    programme_a_day: float | None
    """Customers who may be asked whom its programme comes to on a day, about. They are not rehearsed, and
    ``expected`` counts all of them. None: it has none."""
    cases: CaseWork


async def find_rehearsal(uow: UnitOfWork, tenant: str, survey: StoredSurvey) -> RehearsalFound:
    """The last rehearsal of a survey, with how customers answered and how cases were worked on before."""
    stored = await repository.find(uow, tenant, survey.id)
    found = stored.found if stored is not None else Rehearsal()
    since = stored.since if stored is not None else None
    goes_on = survey.draft.state == "rehearsal"
    past = await count_answers(uow, tenant, uow.now - timedelta(days=RATES_DAYS))
    company = PastAnswers(
        delivered=sum(each.delivered for each in past.values()),
        promoters=sum(each.promoters for each in past.values()),
        passives=sum(each.passives for each in past.values()),
        detractors=sum(each.detractors for each in past.values()),
    )
    programme = survey.draft.programme
    programme_a_day = (
        await count_eligible(uow, tenant, {}, survey.draft.channels) / programme.every_days
        if programme is not None
        else None
    )
    ended_at = stored.ended_at if stored is not None and not goes_on else None
    return RehearsalFound(
        since=since,
        ended_at=ended_at,
        goes_on=goes_on,
        found=found,
        expected=expect(
            found,
            found.length(since or uow.now, uow.now if goes_on else ended_at),
            len(survey.draft.reminders),
            past.get(survey.id, PastAnswers()),
            company,
            programme_a_day=programme_a_day or 0,
        ),
        programme_a_day=programme_a_day,
        cases=await repository.count_cases(uow, tenant, uow.now - timedelta(days=CASES_DAYS)),
    )
