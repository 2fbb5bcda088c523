"""Statements of the audit: the weeks to recount, own totals, the collector's, results and doubts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from services.scorer.auditing.domain import NOTHING, AuditResult, Doubt, OwnTotal, OwnTotals
from services.scorer.models import audit_doubt, audit_result, collector_total
from services.scorer.repository.count_columns import ANSWERS_PER_SCORE
from shared.db.bulk import insert, keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import ANSWERS, AnswerTotal, Event
from shared.events.answer_totals import Offsets, total_name
from shared.events.nps import SCALE
from shared.kafka.kernel import positions
from shared.tenancy.closed import HAS_NOT_LEFT

_encode = msgspec.json.Encoder().encode
_decode_total = msgspec.json.Decoder(AnswerTotal).decode
_decode_doubt = msgspec.json.Decoder(Doubt).decode
_WAITING_SCORE = "CAST(CAST(convert_from(body, 'UTF8') AS jsonb) ->> 'score' AS smallint)"
_HASH = "bit_xor(hashtextextended(CAST(id AS text) || ':' || CAST(version AS text), 0))"

LIST_WEEKS = """
    SELECT CAST(date_trunc('week', day) AS date) AS week, CAST(sum(n) AS bigint) AS n FROM (
        SELECT day, count(*) AS n FROM answer WHERE tenant = :tenant AND score IS NOT NULL GROUP BY 1
        UNION ALL
        SELECT CAST(sent_local AS date), count(*) FROM invitation
            WHERE tenant = :tenant AND sent_local IS NOT NULL GROUP BY 1
        UNION ALL (
            SELECT DISTINCT day, 0 FROM day_count WHERE tenant = :tenant
            UNION SELECT DISTINCT week, 0 FROM week_count WHERE tenant = :tenant
            UNION SELECT DISTINCT day, 0 FROM asked_count WHERE tenant = :tenant AND segment = ''
            UNION SELECT DISTINCT day, 0 FROM theme_count WHERE tenant = :tenant AND segment = ''
        )
    ) AS days
    GROUP BY 1
    ORDER BY 1
"""
COUNT_ROWS = """
    SELECT (SELECT count(*) FROM day_count WHERE tenant = :tenant)
        + (SELECT count(*) FROM week_count WHERE tenant = :tenant)
        + (SELECT count(*) FROM asked_count WHERE tenant = :tenant)
        + (SELECT count(*) FROM asked_hour WHERE tenant = :tenant)
        + (SELECT count(*) FROM theme_count WHERE tenant = :tenant)
"""


async def list_weeks(uow: UnitOfWork, tenant: str) -> list[tuple[date, int]]:
    """The Mondays of the weeks that have an answer that counts, an invitation, or a count, each with how many
    answers and invitations it has.
    """
    return [(row.week, row.n) for row in await uow.execute(LIST_WEEKS, {"tenant": tenant})]


async def count_rows(uow: UnitOfWork, tenant: str) -> int:
    """How many counts are kept, of answers, invitations and themes."""
    return int((await uow.execute(COUNT_ROWS, {"tenant": tenant})).scalar_one())


# An anonymous answer that waits has the day on which it was given, and one in a bundle that of the bundle.
OWN_TOTALS = f"""
    SELECT measurement, day, {ANSWERS_PER_SCORE}, {_HASH} AS versions_hash, bool_or(unknown) AS unknown
    FROM (
        SELECT measurement, CASE WHEN anonymous THEN NULL ELSE day END AS day, score, id, version,
            anonymous IS NULL AS unknown
        FROM answer
        WHERE tenant = :tenant AND score IS NOT NULL
        UNION ALL
        SELECT measurement, NULL, {_WAITING_SCORE}, id, version, false
        FROM waiting_answer
        WHERE tenant = :tenant
    ) AS counted
    GROUP BY 1, 2
"""


async def own_totals(uow: UnitOfWork, tenant: str) -> OwnTotals:
    """What is counted of a company, and what waits to be, by the names of the collector's totals."""
    totals: dict[str, OwnTotal] = {}
    unknown: set[str] = set()
    for row in await uow.execute(OWN_TOTALS, {"tenant": tenant}):
        anonymous = AnswerTotal(kind="anonymous", version=0, measurement=row.measurement)
        of_day = AnswerTotal(kind="day", version=0, measurement=row.measurement, day=row.day)
        name = total_name(anonymous if row.day is None else of_day)
        totals[name] = OwnTotal(tuple(getattr(row, f"c{score}") for score in SCALE), row.versions_hash)
        if row.unknown:  # one of them may be anonymous
            unknown |= {name, total_name(anonymous)}
    for name in unknown:
        totals.setdefault(name, NOTHING)
    return OwnTotals(totals, frozenset(unknown), await read_offsets(uow))


async def read_offsets(uow: UnitOfWork) -> Offsets:
    """Up to which records of ``answers`` the scorer has read."""
    stored = await positions.stored(uow, [ANSWERS.name])
    places = {tp.partition: next_offset for tp, (next_offset, _) in stored.items()}
    return tuple(places.get(part, 0) for part in range(max(places, default=-1) + 1))


async def keep_totals(uow: UnitOfWork, events: Sequence[Event[AnswerTotal]]) -> None:
    """Keep the newest of each of the collector's totals."""
    await keep_newest_events(
        uow,
        collector_total,
        events,
        name=[total_name(event.data) for event in events],
        body=[_encode(event.data) for event in events],
    )


FIND_TOTALS = "SELECT body FROM collector_total WHERE tenant = :tenant ORDER BY name"
FIND_DOUBTS = "SELECT body FROM audit_doubt WHERE tenant = :tenant ORDER BY name"
DELETE_DOUBTS = "DELETE FROM audit_doubt WHERE tenant = :tenant"


async def published_totals(uow: UnitOfWork, tenant: str) -> list[AnswerTotal]:
    """The collector's totals of a company, and its round."""
    return [_decode_total(row.body) for row in await uow.execute(FIND_TOTALS, {"tenant": tenant})]


async def find_doubts(uow: UnitOfWork, tenant: str) -> list[Doubt]:
    """The doubts of the last audit."""
    return [_decode_doubt(row.body) for row in await uow.execute(FIND_DOUBTS, {"tenant": tenant})]


async def replace_doubts(uow: UnitOfWork, tenant: str, doubts: Sequence[Doubt]) -> None:
    """Keep these in place of those before."""
    await uow.execute(DELETE_DOUBTS, {"tenant": tenant})
    if doubts:
        await insert(uow, audit_doubt, doubts, tenant=tenant, body=[_encode(each) for each in doubts])


_RESULT = "at, day, counts, counts_differing, totals, totals_differing, totals_waiting"
LIST_RESULTS = f"""
    SELECT {_RESULT} FROM audit_result WHERE tenant = :tenant ORDER BY at DESC LIMIT :limit
"""
FIND_DIFFERS_SINCE = """
    SELECT min(at) FROM audit_result
    WHERE tenant = :tenant AND at > coalesce(
        (SELECT max(at) FROM audit_result
         WHERE tenant = :tenant AND counts_differing = 0 AND totals_differing = 0),
        '-infinity')
"""
DELETE_OLD_RESULTS = "DELETE FROM audit_result WHERE tenant = :tenant AND at < :before"


async def keep_result(uow: UnitOfWork, tenant: str, result: AuditResult, keep_for: timedelta) -> None:
    """Keep a result, and forget those that are older than ``keep_for``."""
    await insert(uow, audit_result, [result], tenant=tenant)
    await uow.execute(DELETE_OLD_RESULTS, {"tenant": tenant, "before": result.at - keep_for})


async def list_results(uow: UnitOfWork, tenant: str, limit: int) -> list[AuditResult]:
    """The latest results of a company, the newest first."""
    rows = await uow.execute(LIST_RESULTS, {"tenant": tenant, "limit": limit})
    return [AuditResult(**row._mapping) for row in rows]  # noqa: SLF001  (its documented name)


async def differs_since(uow: UnitOfWork, tenant: str) -> datetime | None:
    """The first audit since the last one in which all was equal; None: all is equal."""
    found: datetime | None = (await uow.execute(FIND_DIFFERS_SINCE, {"tenant": tenant})).scalar_one()
    return found


TRY_TURN = """
    INSERT INTO pace AS t (name, at)
    VALUES ('audit', :now)
    ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at WHERE t.at <= :latest
    RETURNING 1
"""
RENEW_TURN = "UPDATE pace SET at = :now WHERE name = 'audit' AND at = :at"
END_TURN = "DELETE FROM pace WHERE name = 'audit' AND at = :at"


async def try_turn(uow: UnitOfWork, lease: timedelta) -> bool:
    """Whether nobody audits now; true for only one of several workers, until it ends its turn or dies."""
    row = await uow.execute(TRY_TURN, {"now": uow.now, "latest": uow.now - lease})
    return row.one_or_none() is not None


async def renew_turn(uow: UnitOfWork, begun: datetime) -> datetime:
    """Begin a turn anew that goes on; when it began now. One that was taken for dead meanwhile stays over."""
    await uow.execute(RENEW_TURN, {"at": begun, "now": uow.now})
    return uow.now


async def end_turn(uow: UnitOfWork, begun: datetime) -> None:
    """End the turn that began then."""
    await uow.execute(END_TURN, {"at": begun})


FIND_DUE = """
    SELECT n.tenant, n.day
    FROM unnest(CAST(:tenants AS text[]), CAST(:days AS date[])) AS n (tenant, day)
    WHERE NOT EXISTS (SELECT FROM audit_result r WHERE r.tenant = n.tenant AND r.day >= n.day)
    ORDER BY n.tenant
    LIMIT 1
"""


async def find_due(uow: UnitOfWork, days: Mapping[str, date]) -> tuple[str, date] | None:
    """A company that was not audited on this day of its own, and the day."""
    values = {"tenants": list(days), "days": list(days.values())}
    row = (await uow.execute(FIND_DUE, values)).one_or_none()
    return None if row is None else (row.tenant, row.day)


MEASURE_RESULTS = f"""
    SELECT coalesce(sum(counts_differing + totals_differing), 0) AS differing, min(at) AS at
    FROM (
        SELECT DISTINCT ON (r.tenant) r.at, r.counts_differing, r.totals_differing
        FROM audit_result r
        WHERE r.tenant {HAS_NOT_LEFT}
        ORDER BY r.tenant, r.at DESC
    ) AS latest
"""


async def measure_results(uow: UnitOfWork) -> tuple[int, datetime | None]:
    """How much differs by the last audit of each company, and when the one was audited that waits longest."""
    row = (await uow.execute(MEASURE_RESULTS)).one()
    return int(row.differing), row.at
