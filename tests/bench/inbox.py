"""The inbox and its search, at as many cases as a large company has after some years."""

import math
import time
from collections.abc import Mapping
from datetime import timedelta

from bench.results import Result
from bench.servers import Servers
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import TENANT, a_tenant, an_answer, deliver
from support.http_clients import context_on

from services.alerts.app import SERVICE
from services.alerts.cases.forms import CASES_PER_PAGE
from services.alerts.cases.indexing import write_missing_words
from shared.db.database import Database
from shared.tenancy.tenants import keep_tenants

OPEN_CASES, CLOSED_CASES = 100_000, 1_000_000
STORED_AT_ONCE = 5_000
REQUESTS = 40
MAX_P95_MS = 200
P95 = 0.95
NUMBER = 1_000_300
WORDS, RARE = 20_000, 777
"""So many words with a number there are, and the one that is looked for."""
OPENED_WITHIN = timedelta(days=1_000)
# Each is a copy of one case under ids of its own: every third answer says “delivery”, one in 20,000 each word with a
# number, and open ones alone “parcel”.
COPY_CASES = """
    WITH n AS MATERIALIZED (
        SELECT n, CAST(md5('case' || n) AS uuid) AS case_id, CAST(md5('answer' || n) AS uuid) AS answer_id,
            now() - make_interval(secs => CAST(:within AS float) * n / :all_cases) AS at, n <= :open_cases AS open
        FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n
    ),
    copied_cases AS (
        INSERT INTO cases
        SELECT r.* FROM cases c, n, LATERAL jsonb_populate_record(c, jsonb_build_object(
            'id', n.case_id, 'answer_id', n.answer_id, 'number', 1000000 + n.n, 'customer_id', 'c-' || n.n,
            'state', CASE WHEN n.open THEN 'open' ELSE 'closed' END,
            'closed_at', CASE WHEN NOT n.open THEN n.at END,
            'opened_at', n.at, 'due_at', n.at + interval '7 days', 'changed_at', n.at
        )) r
        WHERE c.tenant = :tenant AND c.id = :case
    ),
    copied_answers AS (
        INSERT INTO answer
        SELECT r.* FROM answer a, n, LATERAL jsonb_populate_record(a, jsonb_build_object(
            'id', n.answer_id, 'customer_id', 'c-' || n.n, 'answered_at', n.at,
            'body', convert_to(replace(convert_from(a.body, 'UTF8'), CAST(CAST(:answer AS uuid) AS text), CAST(n.answer_id AS text)),
                'UTF8')
        )) r
        WHERE a.tenant = :tenant AND a.id = :answer
    )
    INSERT INTO case_answer (tenant, answer_id, case_id, belongs, words)
    SELECT ca.tenant, n.answer_id, n.case_id, ca.belongs, array_to_tsvector(array_remove(ARRAY[
        '@' || ca.tenant, 'the', 'leg', 'is', 'split', 'karen', 'whitfield', 'c', CAST(n.n AS text),
        'word' || n.n % :words, CASE WHEN n.n % 3 = 0 THEN 'delivery' END, CASE WHEN n.open THEN 'parcel' END
    ], NULL))
    FROM case_answer ca, n WHERE ca.tenant = :tenant AND ca.answer_id = :answer
"""
INDEX_OF_WORDS = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_case_answer_words'"
READS: Mapping[str, str] = {
    "the first list": "",
    "nobody’s": "owner=nobody",
    "closed cases": "state=closed",
    "one case’s number": f"state=all&sort=new&q={NUMBER}",
    "a rare word": f"state=all&sort=new&q=word{RARE}",
    "two words": f"state=all&sort=new&q=delivery+word{RARE}",
    "a word of every third case": "state=all&sort=new&q=delivery",
    "a word of open cases among closed ones": "state=closed&q=parcel",
    "a name of everybody": "q=karen+whitfield",
    "no such word": "state=all&q=nothing",
}


async def lists_and_searches(servers: Servers) -> list[Result]:
    """Pages of the inbox as a browser asks for them, one after the other; of each kind the 95th percentile."""
    open_cases, closed_cases = servers.size(OPEN_CASES), servers.size(CLOSED_CASES)
    lists: list[float] = []
    searches: list[float] = []
    told: list[str] = []
    async with servers.database("alerts") as database:
        alerts = await _stored(database, open_cases, closed_cases)
        reader = await alerts.signed_in()
        for _ in range(servers.rounds):
            found = {
                name: await _p95_ms(reader, query, _wanted(name, open_cases, closed_cases))
                for name, query in READS.items()
            }
            searches.append(max(value for name, value in found.items() if "q=" in READS[name]))
            lists.append(max(value for name, value in found.items() if "q=" not in READS[name]))
            told = [f"{name} {value:.0f} ms" for name, value in found.items()]
        alerts.context.stopping.set()
    size = f"{open_cases:,} open and {closed_cases:,} closed cases"
    note = "; ".join(told)
    return [
        Result("inbox", "a page of the inbox, 95th percentile of the slowest list", "ms", lists, max_value=MAX_P95_MS, size=size),
        Result("inbox_search", "a search, 95th percentile of the slowest", "ms", searches, max_value=MAX_P95_MS, size=size, note=note),
    ]  # fmt: skip


async def _stored(database: Database, open_cases: int, closed_cases: int) -> AlertsApi:
    await deliver(database, keep_tenants, a_tenant())
    context = context_on(SERVICE, database)
    app, _ = SERVICE.api(context)
    alerts = AlertsApi(context, app)
    answer = an_answer()
    case = await alerts.open_case(id=answer.id, customer_id="c-0")
    await write_missing_words(database)
    count = open_cases + closed_cases
    async with database.transaction() as uow:
        # Built when all rows are there, in a fraction of the time.
        index = (await uow.execute(INDEX_OF_WORDS)).scalar_one()
        await uow.execute("DROP INDEX ix_case_answer_words")
    for first in range(1, count + 1, STORED_AT_ONCE):
        async with database.transaction() as uow:
            await uow.execute(
                COPY_CASES,
                {
                    "tenant": TENANT,
                    "case": case,
                    "answer": answer.id,
                    "first": first,
                    "last": min(count, first + STORED_AT_ONCE - 1),
                    "open_cases": open_cases,
                    "all_cases": count,
                    "words": WORDS,
                    "within": OPENED_WITHIN.total_seconds(),
                },
            )
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("SET statement_timeout = 0")
        await connection.exec_driver_sql(index)
        await connection.exec_driver_sql("VACUUM ANALYZE")
    return alerts


def _wanted(name: str, open_cases: int, closed_cases: int) -> int:
    """How many cases a page shows: so many of the copies have words that begin so."""
    count = open_cases + closed_cases
    begin = [word for word in range(1, WORDS) if str(word).startswith(str(RARE))]
    rare = [n for word in begin for n in range(word, count + 1, WORDS)]
    some: Mapping[str, int] = {
        "one case’s number": 1 + (count >= NUMBER),  # and the customer of this number
        "a rare word": len(rare),
        "two words": sum(n % 3 == 0 for n in rare),
        "a word of open cases among closed ones": 0,
        "no such word": 0,
    }
    return min(CASES_PER_PAGE, some.get(name, CASES_PER_PAGE))


async def _p95_ms(reader: Browser, query: str, wanted: int) -> float:
    taken = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        answer = await reader.get(f"/inbox?{query}")
        taken.append((time.perf_counter() - began) * 1_000)
        answer.raise_for_status()
        shown = answer.text.count('<li class="case')
        assert shown == wanted, f"{query}: {shown} cases, not {wanted}"
    return sorted(taken)[math.ceil(P95 * len(taken)) - 1]
