"""Fills the tables of collector, scorer and alerts as if those services had handled many answers.

The database writes a whole table at a time: ids grow as the real ones do, and an answer is the same one in
every service. A sixth of the customers are detractors; their cases are closed.
"""

import asyncio
import importlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
from bench.invitations import an_invitation
from bench.product import RunningProduct
from bench.results import print_progress
from bench.scorer import SCORE_MIX
from bench.servers import Servers

from deploy.local import postgres
from services.collector.domain import InvitationReplica
from services.scorer.pair_names import SegmentPair
from services.scorer.themes.shipped import SHIPPED_VERSION
from shared.db.database import Database
from shared.events import Answer
from shared.events.nps import HIGHEST_DETRACTOR, SCALE

STORED_DAYS = 800
FIRST_ID = UUID("01900000-0000-7000-8000-000000000000")
"""The first id; the others count up from it. The ids of new invitations are greater."""
PLACEHOLDER_CUSTOMER, PLACEHOLDER_SCORE = "c-of-the-answer", 10
TOUCHPOINTS = ("checkout", "delivery", "support", "return")
STORE_COUNT, PRODUCT_COUNT = 40, 60
TEAM_COUNT = 9
MORE_DIMENSIONS, MORE_VALUES = 16, 620
"""Further dimensions of a large company, and the values of each: counted by day, and in no row of an answer."""
ANSWERS_PER_VALUE = 100


async def fill_databases(product: RunningProduct, count: int) -> None:
    """Fill three empty databases with so many answers, spread evenly over the last ``STORED_DAYS``."""
    now = datetime.now(UTC)
    numbers = _numbers(count, now)
    invitation = an_invitation(FIRST_ID, now)
    invitation = msgspec.structs.replace(
        invitation, customer=msgspec.structs.replace(invitation.customer, id=PLACEHOLDER_CUSTOMER)
    )
    answer = _answer(InvitationReplica.of(invitation), now)
    tables = {
        "collector": _collector(InvitationReplica.of(invitation)),
        "alerts": _alerts(answer, msgspec.json.encode(invitation).decode()),
    }

    await asyncio.gather(
        *(_fill(product.databases[service], numbers, tables[service]) for service in tables),
        _fill_scorer(product.databases["scorer"], numbers, _scorer(count)),
    )
    await _on_disk(product.servers)


async def fill_scorer(servers: Servers, database: Database, count: int) -> None:
    """Fill a scorer's database with so many answers, and with the segments of a large company; what lies in a
    segment of each dimension of ``PAIR`` is counted, too.
    """
    more = min(MORE_VALUES, count // ANSWERS_PER_VALUE)
    await _fill_scorer(database, _numbers(count, datetime.now(UTC)), _scorer(count, more))
    await _on_disk(servers)


async def _fill(database: Database, numbers: str, tables: Mapping[str, str]) -> None:
    began = time.monotonic()
    connection = await asyncpg.connect(database.url.replace("+asyncpg", ""), server_settings={"jit": "off"})
    try:
        for table, statement in tables.items():
            async with connection.transaction():
                # Emptied in the same transaction, a table needs no write-ahead log (wal_level minimal).
                await connection.execute(f"TRUNCATE {table}")
                await connection.execute(f"WITH n AS ({numbers}) {statement}")
            await connection.execute(f"VACUUM (ANALYZE) {table}")
            print_progress(f"  {table} filled after {time.monotonic() - began:,.0f} s")
    finally:
        await connection.close()


async def _fill_scorer(database: Database, numbers: str, tables: Mapping[str, str]) -> None:
    """What was asked and the themes are counted by the statements of the migration that brought these counts, not
    by triggers at each answer.
    """
    await _triggers(database, "DISABLE")
    await _fill(database, numbers, tables)
    await _count(database)
    await _triggers(database, "ENABLE")


async def _triggers(database: Database, act: str) -> None:
    async with database.transaction() as uow:
        for table in ("answer", "invitation"):
            await uow.execute(f"ALTER TABLE {table} {act} TRIGGER USER")


async def _count(database: Database) -> None:
    """Count who was asked, and the themes."""
    counting = importlib.import_module("services.scorer.migrations.versions.0022_asked_and_theme_counts")
    connection = await asyncpg.connect(
        database.url.replace("+asyncpg", ""), server_settings={"work_mem": "128MB"}
    )
    try:
        for table, statement in counting.COUNT_ALL.items():
            async with connection.transaction():
                await connection.execute(f"TRUNCATE {table}")
                await connection.execute(statement)
            await connection.execute(f"VACUUM (ANALYZE) {table}")
            print_progress(f"  {table} counted")
    finally:
        await connection.close()


async def _on_disk(servers: Servers) -> None:
    """Checkpoint now, so that none begins in the middle of a round."""
    superuser = await postgres.connect(servers.state)
    try:
        await superuser.execute("CHECKPOINT")
    finally:
        await superuser.close()


def _numbers(count: int, now: datetime) -> str:
    """SQL of one row for each answer: its id, customer, time, score, and the segments that it lies in."""
    bounds, below = [], 0
    for score, share in enumerate(SCORE_MIX):
        below += share
        bounds.append(f"WHEN s.roll < {below} THEN {score}")
    prefix = str(FIRST_ID)[:-12]
    first = (now - timedelta(days=STORED_DAYS)).isoformat()
    step = STORED_DAYS * 86_400 / count
    return (
        f"SELECT s.*, CAST('{prefix}' || lpad(to_hex(s.number), 12, '0') AS uuid) AS id, "
        f"'c-' || lpad(CAST(s.number / 2 AS text), 9, '0') AS customer, "
        f"CASE {' '.join(bounds)} END AS score, "
        f"timestamptz '{first}' + s.number * interval '{step:.9f} seconds' AS at, "
        "CASE WHEN s.number % 10 < 3 THEN 'It came a day late, but the table is lovely.' END AS comment, "
        f"(ARRAY{list(TOUCHPOINTS)})[1 + s.number % {len(TOUCHPOINTS)}] AS touchpoint, "
        f"'store-' || s.number % {STORE_COUNT} AS store, 'product-' || s.number % {PRODUCT_COUNT} AS product, "
        f"'team-' || s.number % {TEAM_COUNT} AS team "
        # Seven is prime to a hundred: every score comes as often as SCORE_MIX says.
        f"FROM (SELECT number, number * 7 % 100 AS roll FROM generate_series(0, {count - 1}) AS number) AS s"
    )


_OBJECT = "jsonb_build_object('touchpoint', touchpoint, 'store', store, 'product', product)"
_BELONGS = (
    "ARRAY['touchpoint:' || touchpoint, 'store:' || store, 'product:' || product, 'organisation:north', "
    "'organisation:north/sales', 'organisation:north/sales/' || team]"
)
PAIR = SegmentPair("product", "store")
"""A pair of dimensions that is declared; whether it is ready is the measurement's to say."""
_IN_PAIR = f"array_append({_BELONGS}, '{PAIR.dimension}:' || product || '/' || store)"


def _body(template: str) -> str:
    """A stored body, with each answer's own id and customer."""
    quoted = template.replace("'", "''")
    return f"convert_to(replace(replace('{quoted}', '{FIRST_ID}', CAST(id AS text)), '{PLACEHOLDER_CUSTOMER}', customer), 'UTF8')"


def _collector(asked: InvitationReplica) -> dict[str, str]:
    survey = f"CAST('{asked.survey_id}' AS uuid)"
    return {
        "invitation": "INSERT INTO invitation (tenant, id, version, survey_id, survey_version, body) "
        f"SELECT 'havnbo', id, 3, {survey}, 1, {_body(msgspec.json.encode(asked).decode())} FROM n",
        "answer": "INSERT INTO answer (tenant, id, version, state, origin, test, score, comment, customer_id, "
        "survey_id, survey_version, event_id, measurement, touchpoint, segments, organisation, language, day, "
        "invited_at, answered_at, changed_at, within) SELECT 'havnbo', id, 1, 'sent', 'survey', false, score, "
        f"comment, customer, {survey}, 1, id, 'transactional', touchpoint, {_OBJECT}, "
        "jsonb_build_array('north', 'sales', team), 'en', CAST(at AS date), at - interval '1 hour', at, at, "
        f"to_jsonb(CAST('' AS text) || {_BELONGS}) FROM n",
        "answer_history": "INSERT INTO answer_history (tenant, answer_id, version, state, score, comment, "
        "changed_at) SELECT 'havnbo', id, 0, 'saved', score, comment, at FROM n",
    }


def _scorer(count: int, more: int = 0) -> dict[str, str]:
    names = {
        "touchpoint": [f"touchpoint:{name}" for name in TOUCHPOINTS],
        "store": [f"store:store-{number}" for number in range(STORE_COUNT)],
        "product": [f"product:product-{number}" for number in range(PRODUCT_COUNT)],
        "organisation": [f"organisation:north/sales/team-{number}" for number in range(TEAM_COUNT)],
    }
    belongs = _IN_PAIR if more else _BELONGS
    if more:
        number = range(STORE_COUNT * PRODUCT_COUNT)
        both = {
            PAIR.segment(f"store:store-{n % STORE_COUNT}", f"product:product-{n % PRODUCT_COUNT}")
            for n in number
        }
        names[PAIR.dimension] = sorted(both)
    columns = ", ".join(f"c{score}" for score in SCALE)
    shares = ", ".join(f"least + {count} * {share} / {100 * STORED_DAYS} / among" for share in SCORE_MIX)
    names |= {
        f"more-{number}": [f"more-{number}:value-{value}" for value in range(more)]
        for number in range(MORE_DIMENSIONS if more else 0)
    }
    values = " UNION ALL ".join(
        f"SELECT unnest(CAST('{{{','.join(segments)}}}' AS text[])) AS segment, {len(segments)} AS among, 1 AS least"
        for segments in names.values()
    )
    # The company has no fewer answers than the values of a dimension together.
    most = max(map(len, names.values()))
    return {
        "answer": "INSERT INTO answer (tenant, id, version, score, measurement, day, segments, touchpoint, "
        "customer_id, comment, language, themes, theme_version, origin, answered_at, changed_at, heard_at) SELECT "
        f"'havnbo', id, 1, score, 'transactional', CAST(at AS date), {belongs}, touchpoint, customer, comment, 'en', "
        f"CASE WHEN comment IS NOT NULL THEN '{{delivery}}'::text[] END, {SHIPPED_VERSION}, 'survey', at, at, at FROM n",
        "invitation": "INSERT INTO invitation (tenant, id, version, measurement, test, segments, state, channel, "
        "sent_at, sent_local, expires_at, opened, score) SELECT 'havnbo', id, 3, 'transactional', false, "
        f"{belongs}, 'sent', 'mail', at - interval '1 hour', (at - interval '1 hour') AT TIME ZONE 'UTC', "
        "at + interval '30 days', true, score FROM n",
        "segment": "INSERT INTO segment (tenant, segment, dimension) SELECT 'havnbo', segment, "
        f"split_part(segment, ':', 1) FROM ({values}) AS v",
        "dimension": "INSERT INTO dimension (tenant, dimension, size) SELECT 'havnbo', "
        f"split_part(segment, ':', 1), count(*) FROM ({values}) AS v GROUP BY 2",
        "segment_pair": "INSERT INTO segment_pair (tenant, first, second, id, state, walk, walked, walked_at, "
        f"created_at) SELECT 'havnbo', '{PAIR.first}', '{PAIR.second}', CAST('{FIRST_ID}' AS uuid), 'filling', "
        f"'answers', 0, now(), now() WHERE {more} > 0",
        "day_count": f"INSERT INTO day_count (tenant, measurement, segment, day, {columns}) "
        f"SELECT 'havnbo', 'transactional', segment, current_date - d, {shares} "
        f"FROM ({values} UNION ALL SELECT '', 1, {most}) AS v, generate_series(0, {STORED_DAYS - 1}) AS d ",
    }


def _answer(asked: InvitationReplica, now: datetime) -> str:
    answer = Answer(
        id=asked.id,
        version=1,
        state="sent",
        origin="survey",
        score=PLACEHOLDER_SCORE,
        comment="It came a day late, but the table is lovely.",
        customer_id=asked.customer_id,
        survey_id=asked.survey_id,
        survey_version=1,
        event_id=asked.event_id,
        touchpoint=asked.touchpoint,
        segments=asked.segments,
        organisation=asked.organisation,
        language="en",
        day=now.date(),
        invited_at=asked.invited_at,
        answered_at=now,
        changed_at=now,
    )
    return msgspec.json.encode(answer).decode()


def _alerts(answer: str, invitation: str) -> dict[str, str]:
    detractors = f"FROM n WHERE score <= {HIGHEST_DETRACTOR}"
    return {
        "invitation": "INSERT INTO invitation (tenant, id, version, body) "
        f"SELECT 'havnbo', id, 3, {_body(invitation)} FROM n",
        "answer": "INSERT INTO answer (tenant, id, version, customer_id, score, first_version, first_score, "
        "answered_at, body) SELECT 'havnbo', id, 1, customer, score, 1, score, at, "
        f"{_body(answer)} FROM n",
        "cases": "INSERT INTO cases (tenant, id, number, version, decided_version, decided_by, state, answer_id, "
        "event_id, customer_id, score, touchpoint, segments, organisation, belongs, cause, action, outcome, told, "
        "opened_at, contact_due_at, close_due_at, due_at, first_contact_at, closed_at, changed_at) "
        "SELECT 'havnbo', id, row_number() OVER (ORDER BY number), 3, 3, 'Mette', 'closed', id, id, customer, "
        f"score, touchpoint, {_OBJECT}, ARRAY['north', 'sales', team], {_BELONGS}, 'delivery', 'called', "
        "'solved', true, at, at + interval '1 day', at + interval '3 days', at + interval '3 days', "
        f"at + interval '2 hours', at + interval '1 day', at + interval '1 day' {detractors}",
        "case_counter": f"INSERT INTO case_counter (tenant, last) SELECT 'havnbo', count(*) {detractors}",
        "case_answer": "INSERT INTO case_answer (tenant, answer_id, case_id) "
        f"SELECT 'havnbo', id, id {detractors}",
        "timeline": "INSERT INTO timeline (tenant, case_id, seq, at, kind, by_name, facts) SELECT 'havnbo', id, "
        "seq, at + seq * interval '1 hour', (ARRAY['opened', 'contacted', 'closed'])[seq], 'Mette', "
        "jsonb_build_object('score', score) FROM n, generate_series(1, 3) AS seq "
        f"WHERE score <= {HIGHEST_DETRACTOR}",
    }
