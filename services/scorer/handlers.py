"""The scorer's handlers, one for each topic that it consumes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.scorer.auditing.handlers import keep_totals
from services.scorer.counted_scores import score_that_counts
from services.scorer.counting_anonymous import keep_anonymous
from services.scorer.improvements.update_repository import keep_update_mails
from services.scorer.pair_names import SegmentPair, is_pair, with_pairs
from services.scorer.repository import counting, replicas
from services.scorer.repository.counting import CountedAnswer
from services.scorer.repository.pairs import declared_pairs
from services.scorer.themes.keeping import with_themes
from shared.db.database import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import (
    ANSWER_TOTALS,
    ANSWERS,
    CASE_MAILS,
    CASES,
    CUSTOMERS,
    INVITATIONS,
    RETENTION,
    SENDING,
    SURVEYS,
    TENANTS,
    Answer,
    Case,
    Event,
    Invitation,
    Survey,
)
from shared.events.dedupe import newest
from shared.events.segments import dimension_of, named_segments
from shared.kafka.kernel import Subscription
from shared.privacy.erased import keep_erased
from shared.service import Context
from shared.tenancy import keep_tenants
from shared.tenancy.retention import keep_retention
from shared.tenancy.sending import keep_sending

MAX_DIMENSION_VALUES = 10_000
"""Values of one dimension; an answer with a further value counts in its other segments only."""

SegmentKey = tuple[str, str]
"""Tenant and segment."""


async def count_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Count each answer once: add its newest version, subtract what it counted as before.

    Anonymous ones wait until there are enough of them.
    """
    if anonymous := [event for event in events if event.data.anonymous]:
        await keep_anonymous(uow, anonymous)
        events = [event for event in events if not event.data.anonymous]
    if events:
        answers = [_counted(event) for event in newest(events, lambda answer: answer.id)]
        await count(uow, answers)
        notify_changes(uow, [event.tenant for event in events])


async def count(uow: UnitOfWork, answers: Sequence[CountedAnswer]) -> None:
    """Count answers, each of them once."""
    answers = await with_themes(uow, answers)
    pairs = await declared_pairs(uow, [answer.event.tenant for answer in answers])
    full = await add_new_segments(uow, _used(answers))
    countable = [_without(answer, full) for answer in answers] if full else answers
    sides = [(answers, full)]
    if pairs:
        # Of the segments that are left: a value without room is in no pair either.
        paired = [_with_pairs(answer, pairs) for answer in countable]
        no_room = await add_new_segments(uow, _used(paired, pairs_only=True))
        countable = [_without(answer, no_room) for answer in paired] if no_room else paired
        sides.append((paired, no_room))
    fresh = await counting.keep_and_count(uow, countable, return_new=any(none for _, none in sides))
    # Only those that counted as nothing before: one that is consumed again, or amended, is noted already.
    left_out = Counter[tuple[str, str]]()
    for counted, none in sides:
        left_out += _left_out((answer for answer in counted if answer.identity in fresh), none)
    for (tenant, dimension), number in sorted(left_out.items()):
        await counting.add_left_out(uow, tenant, dimension, number)


def _counted(event: Event[Answer]) -> CountedAnswer:
    return CountedAnswer(event, score_that_counts(event.data), named_segments(event.data))


def _used(answers: Iterable[CountedAnswer], *, pairs_only: bool = False) -> set[SegmentKey]:
    """The segments in which these answers count."""
    return {
        (answer.event.tenant, segment)
        for answer in answers
        if answer.score is not None
        for segment in answer.segments
        if not pairs_only or is_pair(segment)
    }


async def add_new_segments(uow: UnitOfWork, used: set[SegmentKey]) -> set[SegmentKey]:
    """Keep the segments that are new; return those for which their dimension has no room."""
    full: set[SegmentKey] = set()
    if used:
        by_dimension: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for tenant, segment in await counting.unknown_segments(uow, used):
            by_dimension[tenant, dimension_of(segment)].append(segment)
        for (tenant, dimension), segments in sorted(by_dimension.items()):
            room = max(0, MAX_DIMENSION_VALUES - await counting.lock_dimension(uow, tenant, dimension))
            await counting.add_segments(uow, tenant, dimension, segments[:room])
            full |= {(tenant, segment) for segment in segments[room:]}
    return full


def _left_out(answers: Iterable[CountedAnswer], full: set[SegmentKey]) -> Counter[tuple[str, str]]:
    """How many segments of these answers have no room, by tenant and dimension."""
    return Counter(
        (answer.event.tenant, dimension_of(segment))
        for answer in answers
        if answer.score is not None
        for segment in answer.segments
        if (answer.event.tenant, segment) in full
    )


def _without(answer: CountedAnswer, full: set[SegmentKey]) -> CountedAnswer:
    tenant = answer.event.tenant
    return answer._replace(segments=tuple(s for s in answer.segments if (tenant, s) not in full))


def _with_pairs(answer: CountedAnswer, pairs: Mapping[str, Sequence[SegmentPair]]) -> CountedAnswer:
    declared = pairs.get(answer.event.tenant, ())
    return answer._replace(segments=with_pairs(answer.segments, declared)) if declared else answer


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Keep the invitations, so that the pages can show how many customers were asked."""
    fresh = newest(events, lambda invitation: invitation.id)
    await replicas.keep_invitations(uow, fresh, MAX_DIMENSION_VALUES)


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep the surveys, which show how far the company has come with its first steps."""
    await replicas.keep_surveys(uow, newest(events, lambda survey: (survey.id, survey.survey_version)))


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Keep the cases, which the pages show beside the scores."""
    await replicas.keep_cases(uow, newest(events, lambda case: case.id))
    notify_changes(uow, [event.tenant for event in events])


def subscriptions(context: Context) -> Sequence[Subscription[Any]]:  # noqa: ARG001  (one signature for all services)
    """The handler of each topic that the scorer consumes."""
    return (
        Subscription(CUSTOMERS, keep_erased),
        Subscription(TENANTS, keep_tenants),
        Subscription(ANSWERS, count_answers),  # not prompt: a score may be a third of a second late
        Subscription(ANSWER_TOTALS, keep_totals),
        Subscription(INVITATIONS, keep_invitations),
        Subscription(SURVEYS, keep_surveys),
        Subscription(SENDING, keep_sending),
        Subscription(CASES, keep_cases),
        Subscription(CASE_MAILS, keep_update_mails),
        Subscription(RETENTION, keep_retention),
    )
