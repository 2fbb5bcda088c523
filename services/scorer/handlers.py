"""What the scorer does when it hears something."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from services.scorer.domain import SCORES
from services.scorer.repository import copies, counting
from services.scorer.repository.counting import Before, Cell, Counted
from shared.db.database import UnitOfWork
from shared.events import (
    ANSWERS,
    CASES,
    COMPANY,
    INVITATIONS,
    SURVEYS,
    TENANTS,
    Answer,
    Case,
    Event,
    Invitation,
    Survey,
    segments_of,
)
from shared.events.newest import newest
from shared.events.segments import Segmented
from shared.kafka import Subscription
from shared.tenancy import keep_tenants

MOST_VALUES = 10_000
"""Values of one dimension that are counted by themselves; beyond them an answer counts for the rest only."""


async def count_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Count each answer once: what its newest version says, minus what it counted as until now."""
    answers = {
        (event.tenant, event.data.id): _counted(event) for event in newest(events, lambda answer: answer.id)
    }
    full = await _full(uow, answers.values())
    whole, answers = answers, {key: _without(answer, full) for key, answer in answers.items()}
    before = await counting.keep_answers(uow, list(answers.values()))
    # An answer that is read again, or amended, has been left out once.
    fresh = [whole[was.tenant, was.id] for was in before if was.score is None]
    for (tenant, dimension), left_out in sorted(_left_out(fresh, full).items()):
        await counting.warn_of_full(uow, tenant, dimension, left_out)
    differences = differences_of((was, answers[was.tenant, was.id]) for was in before)
    if differences:
        await counting.add_counts(uow, differences)


def differences_of(pairs: Iterable[tuple[Before, Counted]]) -> dict[Cell, list[int]]:
    """What a batch changes: old scores taken back, new ones added; what cancels out is left out."""
    found: defaultdict[Cell, list[int]] = defaultdict(lambda: [0] * SCORES)
    for was, now in pairs:
        if (was.score, was.day, was.measurement) == (now.score, now.day, now.measurement) and tuple(
            was.segments or ()
        ) == now.segments:
            continue
        if was.score is not None and was.day is not None and was.measurement is not None:
            for segment in (COMPANY, *(was.segments or ())):
                found[Cell(was.tenant, was.measurement, segment, was.day)][was.score] -= 1
        if now.score is not None and now.day is not None:
            for segment in (COMPANY, *now.segments):
                found[Cell(now.tenant, now.measurement, segment, now.day)][now.score] += 1
    return {cell: difference for cell, difference in found.items() if any(difference)}


def _counted(event: Event[Answer]) -> Counted:
    answer = event.data
    counts = answer.state != "clicked" and not answer.test and answer.day is not None
    return Counted(
        tenant=event.tenant,
        id=answer.id,
        version=answer.version,
        score=answer.score if counts else None,
        measurement=answer.measurement,
        day=answer.day,
        segments=_segments(answer),
        touchpoint=answer.touchpoint,
        customer_id=answer.customer_id,
        comment=answer.comment,
        language=answer.language,
        origin=answer.origin,
        answered_at=answer.answered_at,
        changed_at=answer.changed_at,
    )


def _segments(thing: Segmented) -> tuple[str, ...]:
    """Those beside the company, each once."""
    return tuple(dict.fromkeys(segments_of(thing)[1:]))


def dimension_of(segment: str) -> str:
    """``touchpoint:checkout`` is a touchpoint."""
    return segment.partition(":")[0]


async def _full(uow: UnitOfWork, answers: Iterable[Counted]) -> set[tuple[str, str]]:
    """Learn new segments; those for which a dimension has no room."""
    used = {
        (answer.tenant, segment)
        for answer in answers
        if answer.score is not None
        for segment in answer.segments
    }
    full: set[tuple[str, str]] = set()
    if used:
        by_dimension: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for tenant, segment in await counting.unknown_segments(uow, used):
            by_dimension[tenant, dimension_of(segment)].append(segment)
        for (tenant, dimension), segments in sorted(by_dimension.items()):
            room = max(0, MOST_VALUES - await counting.lock_dimension(uow, tenant, dimension))
            await counting.add_segments(uow, tenant, dimension, segments[:room])
            full |= {(tenant, segment) for segment in segments[room:]}
    return full


def _left_out(answers: Iterable[Counted], full: set[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """How many segments of these answers have no room, by tenant and dimension."""
    return Counter(
        (answer.tenant, dimension_of(segment))
        for answer in answers
        if answer.score is not None
        for segment in answer.segments
        if (answer.tenant, segment) in full
    )


def _without(answer: Counted, full: set[tuple[str, str]]) -> Counted:
    if not any((answer.tenant, segment) in full for segment in answer.segments):
        return answer
    room = tuple(segment for segment in answer.segments if (answer.tenant, segment) not in full)
    return replace(answer, segments=room)


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Keep who was asked when, so that the pages can say how many."""
    await copies.keep_invitations(
        uow,
        [
            (event.tenant, event.data, _segments(event.data))
            for event in newest(events, lambda invitation: invitation.id)
        ],
    )


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep whether sending is a test or stopped."""
    kept = newest(events, lambda survey: (survey.id, survey.survey_version))
    await copies.keep_surveys(uow, [(event.tenant, event.data) for event in kept])


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Keep what is being done."""
    await copies.keep_cases(
        uow,
        [(event.tenant, event.data, _segments(event.data)) for event in newest(events, lambda case: case.id)],
    )


SUBSCRIPTIONS: tuple[Subscription[Any], ...] = (
    Subscription(TENANTS, keep_tenants),
    Subscription(ANSWERS, count_answers),
    Subscription(INVITATIONS, keep_invitations),
    Subscription(SURVEYS, keep_surveys),
    Subscription(CASES, keep_cases),
)
