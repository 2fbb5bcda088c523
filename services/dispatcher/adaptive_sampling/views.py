"""What a survey's page shows of its shares."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.dispatcher.adaptive_sampling import repository
from services.dispatcher.adaptive_sampling.shares import MIN_ANSWERS, ComputedShare
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db import UnitOfWork
from shared.events import Tenant
from shared.events.people import names_people
from shared.events.segments import encoded, may_see
from shared.events.surveys import AdaptiveSampling
from shared.values.score_estimates import margin_of

MAX_LINES = 100
"""Of the segments with most customers."""


@dataclass(frozen=True, kw_only=True)
class ShareLine:
    """One segment of a survey with adaptive sampling."""

    segment: str
    reached: float | None
    """The margin of its score in points; None: too few answers to tell."""
    answers: int
    needed: int
    """Answers for the wanted margin."""
    percent: int
    """Of its contacts, whom the survey asks."""
    saved: int
    """Who would have been asked in the window beside those who were."""


@dataclass(frozen=True, kw_only=True)
class SharesPart:
    """The shares of a survey, as they were computed last."""

    wanted: AdaptiveSampling
    is_computed: bool
    names_people: bool
    """The segments are single employees by the company's own list: nothing of them is shown."""
    lines: Sequence[ShareLine]
    all_shown: bool
    saved: int
    """In all segments that the reader may see."""


async def shares_part(
    uow: UnitOfWork, tenant: Tenant, survey: StoredSurvey | None, allowed: Sequence[str]
) -> SharesPart | None:
    """The shares of a survey, for a reader of ``allowed`` segments (none: of all); None: it draws by none."""
    if survey is None or survey.draft.adaptive_sampling is None:
        return None
    wanted = survey.draft.adaptive_sampling
    shares = await repository.list_shares(uow, tenant.id, survey.id, wanted)
    is_of_people = names_people(tenant.people, encoded(wanted.dimension))
    lines = [
        _line(share, survey.draft.sampling_percent)
        for share in shares
        if share.segment and not is_of_people and may_see(allowed, [share.segment])
    ]
    return SharesPart(
        wanted=wanted,
        is_computed=bool(shares),
        names_people=is_of_people,
        lines=lines[:MAX_LINES],
        all_shown=len(lines) <= MAX_LINES,
        saved=sum(line.saved for line in lines),
    )


def _line(share: ComputedShare, sampling_percent: int) -> ShareLine:
    return ShareLine(
        segment=share.segment,
        reached=margin_of(share.variance, share.answers) if share.answers >= MIN_ANSWERS else None,
        answers=share.answers,
        needed=share.needed,
        percent=min(share.percent, sampling_percent),
        saved=max(0, share.eligible * sampling_percent // 100 - share.asked),
    )
