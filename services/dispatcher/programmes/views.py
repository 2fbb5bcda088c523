"""What the page of waves shows of standing programmes."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.dispatcher.programmes import repository
from services.dispatcher.programmes.turns import Progress
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.labels import STATE_LABELS
from services.dispatcher.waves.population_repository import Reach, count_eligible, reach_of
from shared.db import UnitOfWork
from shared.pages.language import spoken


@dataclass(frozen=True)
class ProgrammeLine:
    """A survey that has a programme."""

    survey: StoredSurvey
    state: str
    """Of the survey, in words."""
    every_days: int
    a_day: int
    """How many customers it comes to on a day, about; 0: fewer than one."""
    progress: Progress | None
    """None: it has not begun."""
    asked: int
    """How many in this period."""


async def programme_lines(
    uow: UnitOfWork, tenant: str, surveys: Sequence[StoredSurvey]
) -> list[ProgrammeLine]:
    """Those of the tenant's surveys that have a programme, in their order."""
    lines: list[ProgrammeLine] = []
    known: dict[Reach, int] = {}
    for survey in surveys:
        if (programme := survey.draft.programme) is None:
            continue
        progress = await repository.find(uow, tenant, survey.id)
        decided = await repository.count_outcomes(uow, progress) if progress is not None else {}
        reach = reach_of(survey.draft.channels)
        if reach not in known:
            known[reach] = await count_eligible(uow, tenant, {}, survey.draft.channels)
        a_day = round(known[reach] / programme.every_days)
        state, asked = spoken(STATE_LABELS[survey.draft.state]), decided.get("invited", 0)
        lines.append(ProgrammeLine(survey, state, programme.every_days, a_day, progress, asked))
    return lines
