"""``adaptive_share``: the shares that were computed last; and what they are computed and drawn by."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.adaptive_sampling.shares import ComputedShare, SegmentHistory
from services.dispatcher.models import adaptive_share
from shared.db import UnitOfWork
from shared.db.bulk import insert as insert_rows
from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE
from shared.events.segments import encoded
from shared.events.surveys import AdaptiveSampling
from shared.privacy.persons import NOBODY

MAX_SEGMENTS = 10_000
"""Of a survey, those in which most are asked; in further ones everybody is asked."""
MAX_AGE = timedelta(days=1)
"""Older shares draw nobody out: nothing has computed them anew, as after a restore."""
DETRACTOR_FOR = timedelta(days=365)
"""After an answer its customer is known for a detractor."""

LIST_ADAPTIVE = """
    SELECT s.tenant, s.id, s.adaptive_sampling, coalesce(s.first_live_at, s.created_at) AS asks_since,
        w.computed_at, w.dimension, w.margin, w.window_days
    FROM survey s
    LEFT JOIN adaptive_share w ON w.tenant = s.tenant AND w.survey_id = s.id AND w.segment = ''
    WHERE s.adaptive_sampling IS NOT NULL AND (s.state = 'live' OR s.stage = 'rehearsal')
    ORDER BY s.tenant, s.id
"""


async def list_adaptive(uow: UnitOfWork) -> Sequence[Row[Any]]:
    """The surveys of all tenants that draw so, each with when and for what its shares were computed."""
    return (await uow.execute(LIST_ADAPTIVE)).all()


# The newest decisions of the survey, by an index; their invitations and answers by their keys. A decision has
# at most one segment of a dimension.
COUNT_HISTORY = f"""
    SELECT coalesce(u.segment, '') AS segment, count(*) AS asked,
        CAST(sum(100.0 / coalesce(i.drawn_percent, 100)) AS double precision) AS eligible,
        count(*) FILTER (WHERE a.score <= {HIGHEST_DETRACTOR}) AS detractors,
        count(*) FILTER (WHERE a.score > {HIGHEST_DETRACTOR} AND a.score <= {HIGHEST_PASSIVE}) AS passives,
        count(*) FILTER (WHERE a.score > {HIGHEST_PASSIVE}) AS promoters
    FROM decision d
    JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id
    LEFT JOIN answer_heard a ON a.tenant = i.tenant AND a.id = i.id
    LEFT JOIN LATERAL unnest(d.segments) AS u(segment) ON starts_with(u.segment, CAST(:prefix AS text))
    WHERE d.tenant = :tenant AND d.survey_id = :survey_id AND d.decided_at >= :since
        AND i.state = 'sent' AND NOT i.test AND NOT i.anonymous AND NOT i.beyond_draw
    GROUP BY 1
    ORDER BY eligible DESC, segment
    LIMIT :limit
"""


async def count_history(
    uow: UnitOfWork, tenant: str, survey_id: UUID, adaptive: AdaptiveSampling
) -> list[SegmentHistory]:
    """What became of the mails about events that were decided in the window, by segment of the dimension.

    Who was asked beyond the draw is left out, with the answer. What has no such segment has the empty one.
    """
    values = {
        "tenant": tenant,
        "survey_id": survey_id,
        "prefix": f"{encoded(adaptive.dimension)}:",
        "since": uow.now - timedelta(days=adaptive.window_days),
        "limit": MAX_SEGMENTS,
    }
    return [SegmentHistory(**row) for row in (await uow.execute(COUNT_HISTORY, values)).mappings()]


LOCK_ADAPTIVE = """
    SELECT adaptive_sampling FROM survey
    WHERE tenant = :tenant AND id = :id AND adaptive_sampling IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED
"""


async def lock_adaptive(uow: UnitOfWork, tenant: str, survey_id: UUID) -> bytes | None:
    """How a survey draws, as its row has it, locked; None: not so by now, or another transaction has it."""
    row = await uow.execute(LOCK_ADAPTIVE, {"tenant": tenant, "id": survey_id})
    stored = row.scalar_one_or_none()
    return bytes(stored) if stored is not None else None


DELETE_SHARES = """
    DELETE FROM adaptive_share WHERE tenant = :tenant AND survey_id = :survey_id
"""


async def replace_shares(
    uow: UnitOfWork,
    tenant: str,
    survey_id: UUID,
    adaptive: AdaptiveSampling,
    shares: Sequence[ComputedShare],
) -> None:
    """Store the shares of a locked survey in place of those before."""
    await uow.execute(DELETE_SHARES, {"tenant": tenant, "survey_id": survey_id})
    await insert_rows(
        uow,
        adaptive_share,
        shares,
        tenant=tenant,
        survey_id=survey_id,
        dimension=adaptive.dimension,
        margin=adaptive.margin,
        window_days=adaptive.window_days,
        computed_at=uow.now,
    )


DELETE_UNUSED = """
    DELETE FROM adaptive_share w
    WHERE NOT EXISTS (
        SELECT FROM survey s
        WHERE s.tenant = w.tenant AND s.id = w.survey_id AND s.adaptive_sampling IS NOT NULL
    )
"""


async def delete_unused(uow: UnitOfWork) -> None:
    """Delete the shares of surveys that do not draw so any more."""
    await uow.execute(DELETE_UNUSED)


_SHARES = """
    w.segment, w.percent, w.asked, w.eligible, w.answers, w.variance, w.response_rate, w.needed
"""
LIST_SHARES = f"""
    SELECT {_SHARES} FROM adaptive_share w
    WHERE w.tenant = :tenant AND w.survey_id = :survey_id
        AND w.dimension = :dimension AND w.margin = :margin AND w.window_days = :window_days
    ORDER BY w.eligible DESC, w.segment
"""


async def list_shares(
    uow: UnitOfWork, tenant: str, survey_id: UUID, adaptive: AdaptiveSampling
) -> list[ComputedShare]:
    """The shares of a survey, as they were computed for what it wants; those of most customers first."""
    values = {
        "tenant": tenant,
        "survey_id": survey_id,
        "dimension": adaptive.dimension,
        "margin": adaptive.margin,
        "window_days": adaptive.window_days,
    }
    return [ComputedShare(**row) for row in (await uow.execute(LIST_SHARES, values)).mappings()]


class WantedShare(NamedTuple):
    """The segment of an event, for a survey that draws by its share."""

    tenant: str
    survey_id: UUID
    segment: str
    margin: int
    window_days: int


FIND_SHARES = """
    SELECT w.tenant, w.survey_id, w.segment, w.percent, w.margin, w.answers
    FROM adaptive_share w
    JOIN unnest(
        CAST(:tenants AS text[]), CAST(:surveys AS uuid[]), CAST(:segments AS text[]),
        CAST(:margins AS integer[]), CAST(:windows AS integer[])
    ) AS n(tenant, survey_id, segment, margin, window_days) USING (tenant, survey_id, segment)
    WHERE w.margin = n.margin AND w.window_days = n.window_days AND w.percent < 100
        AND w.computed_at >= :since
"""


async def find_shares(uow: UnitOfWork, wanted: Collection[WantedShare]) -> Sequence[Row[Any]]:
    """Those of the shares that draw somebody out: computed for what the survey wants, and not long ago."""
    tenants, surveys, segments, margins, windows = map(list, zip(*sorted(wanted), strict=True))
    values = {
        "tenants": tenants,
        "surveys": surveys,
        "segments": segments,
        "margins": margins,
        "windows": windows,
        "since": uow.now - MAX_AGE,
    }
    return (await uow.execute(FIND_SHARES, values)).all()


class KnownAs(NamedTuple):
    """By what a contact's answers are found."""

    tenant: str
    key: str
    """The contact's."""
    asked_as: str
    """One name under which the contact was asked: the keyed hash of an address, or a customer's id."""
    person: str


# An answer has the id of its invitation. Held ones have no score, anonymous ones are not here.
FIND_DETRACTORS = f"""
    WITH n AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:tenants AS text[]), CAST(:keys AS text[]), CAST(:names AS text[]), CAST(:persons AS text[])
        ) AS u(tenant, key, asked_as, person)
    ), invited AS (
        SELECT n.tenant, n.key, q.id
        FROM n JOIN asked q ON q.tenant = n.tenant AND q.contact = n.asked_as AND NOT q.elsewhere
        UNION
        SELECT n.tenant, n.key, i.id
        FROM n JOIN invitation i ON i.tenant = n.tenant AND i.person = n.person
        WHERE n.person <> '{NOBODY}'
    ), last AS (
        SELECT DISTINCT ON (k.tenant, k.key) k.tenant, k.key, a.score
        FROM invited k JOIN answer_heard a ON a.tenant = k.tenant AND a.id = k.id
        WHERE a.score IS NOT NULL AND NOT a.test AND a.saved_at >= :since
        ORDER BY k.tenant, k.key, a.saved_at DESC, a.id DESC
    )
    SELECT tenant, key FROM last WHERE score <= {HIGHEST_DETRACTOR}
"""


async def find_detractors(uow: UnitOfWork, wanted: Collection[KnownAs]) -> set[tuple[str, str]]:
    """The (tenant, key) whose newest answer of a year to the company, to any survey, was 0 to 6."""
    tenants, keys, names, persons = map(list, zip(*sorted(wanted), strict=True))
    values = {
        "tenants": tenants,
        "keys": keys,
        "names": names,
        "persons": persons,
        "since": uow.now - DETRACTOR_FOR,
    }
    return {(row.tenant, row.key) for row in await uow.execute(FIND_DETRACTORS, values)}
