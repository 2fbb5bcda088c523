"""The search reads few rows for the first page of each filter, however many decisions there are."""

import json
import re
from datetime import timedelta

import pytest
from support.dispatcher_builders import NOON, TENANT
from support.plans import explain, rows_read

from services.dispatcher.decisions.repository.search import (
    SEARCH_DECISIONS,
    DecisionFilter,
    page_sql,
    page_values,
)
from shared.db.database import Database
from shared.ids import derived

DECISIONS = 20_000
LIMIT = 51
MOST_READ = 2_000
"""Of rows, the joined ones included: nothing near the number that is stored."""
SURVEY, RARE_SURVEY = derived("survey"), derived("rare survey")
FILL = (
    """
    INSERT INTO decision (
        tenant, event_id, decided_at, source, source_id, customer_id, person, contact_key, digest, reason,
        survey_id, invitation_id, segments, facts, grounds, fallen
    )
    SELECT :tenant, CAST(md5(:tenant || n) AS uuid), CAST(:noon AS timestamptz) + n * interval '1 minute',
        'webshop', 'order-' || n, 'c-' || n % 5000, 'person ' || n % 5000, 'contact ' || n % 5000, '',
        CASE WHEN n < 2000 AND n % 500 = 0 THEN 'bad_address' WHEN n % 2 = 0 THEN 'invited'
            ELSE 'quarantine' END,
        CASE WHEN n < 2000 AND n % 500 = 0 OR n % 2 = 1 THEN NULL WHEN n < 500 THEN CAST(:rare AS uuid)
            ELSE CAST(:survey AS uuid) END,
        CASE WHEN n < 2000 AND n % 500 = 0 OR n % 2 = 1 THEN NULL ELSE CAST(md5('i' || n) AS uuid) END,
        ARRAY['touchpoint:' || n % 3, CASE WHEN n < 20 THEN 'store:gone' ELSE 'store:' || n % 20 END],
        '{}', '{}',
        CASE WHEN n < 2000 AND n % 500 = 0 THEN ARRAY[CAST(:rare AS uuid) || '/bad_address']
            WHEN n % 2 = 1 THEN ARRAY[CAST(:survey AS uuid) || '/quarantine'] END
    FROM generate_series(1, :n) AS n
    """,
    """
    INSERT INTO invitation (
        tenant, id, version, event_id, customer_id, survey_id, state, test, next_at, changed_at, body, decided_at,
        reason
    )
    SELECT tenant, invitation_id, 1, event_id, customer_id, survey_id,
        CASE WHEN decided_at < CAST(:noon AS timestamptz) + interval '400 minutes'
                OR source_id LIKE '%00' THEN 'dropped'
            WHEN decided_at < CAST(:noon AS timestamptz) + interval '4000 minutes' THEN 'withheld'
            WHEN source_id LIKE '%8888' THEN 'unknown' ELSE 'sent' END,
        false, decided_at, decided_at, '{}', decided_at,
        CASE WHEN source_id LIKE '%00' THEN 'quarantine' ELSE 'opted_out' END
    FROM decision WHERE invitation_id IS NOT NULL
    """,
    """
    INSERT INTO known_customer (tenant, person, contact, phone, customer_id, known_at)
    SELECT :tenant, 'person ' || n, 'contact ' || n, 'number ' || n, 'c-' || n, now() FROM generate_series(0, 4999) AS n
    """,
    "ANALYZE decision, invitation, known_customer",
)
FILTERS = {
    "none": DecisionFilter(),
    "event": DecisionFilter(source_id="order-77"),
    "customer": DecisionFilter(customer_id="c-77"),
    "an address with few events": DecisionFilter(contact="contact 77"),
    "a number with few events": DecisionFilter(number="number 77"),
    "event, customer or number": DecisionFilter(named="x", named_number="number 77"),
    "event or customer": DecisionFilter(named="c-77"),
    "event, customer or address": DecisionFilter(named="x@y", named_contact="contact 77"),
    "common reason": DecisionFilter(reason="quarantine"),
    "rare reason of long ago": DecisionFilter(reason="bad_address"),
    "rare reason, wide period": DecisionFilter(
        reason="bad_address", since=NOON, until=NOON + timedelta(days=300)
    ),
    "no such reason": DecisionFilter(reason="no_survey"),
    "rare reason of drops of long ago": DecisionFilter(reason="opted_out"),
    "reason of drops, wide period": DecisionFilter(
        reason="opted_out", since=NOON, until=NOON + timedelta(days=300)
    ),
    "reason and segment": DecisionFilter(reason="quarantine", allowed=("store:9",)),
    "reason and state": DecisionFilter(reason="quarantine", state="dropped"),
    "reason that no drop of the state has": DecisionFilter(reason="opted_out", state="waiting"),
    "common survey": DecisionFilter(survey_id=SURVEY),
    "survey of long ago": DecisionFilter(survey_id=RARE_SURVEY),
    "survey and why it did not ask": DecisionFilter(survey_id=SURVEY, reason="quarantine"),
    "survey and rare rule of long ago": DecisionFilter(survey_id=RARE_SURVEY, reason="bad_address"),
    "survey and rule that it never fell by": DecisionFilter(survey_id=SURVEY, reason="no_basis"),
    "channel": DecisionFilter(channel="mail"),
    "common state": DecisionFilter(state="sent"),
    "state of long ago": DecisionFilter(state="withheld"),
    "rare state": DecisionFilter(state="unknown"),
    "no such state": DecisionFilter(state="bounced"),
    "period of long ago": DecisionFilter(since=NOON, until=NOON + timedelta(days=1)),
    "common segment": DecisionFilter(allowed=("touchpoint:1",)),
    "segment of long ago": DecisionFilter(allowed=("store:gone",)),
    "segment and state": DecisionFilter(allowed=("store:8",), state="sent"),
    "survey, state and period": DecisionFilter(
        survey_id=SURVEY, state="withheld", since=NOON, until=NOON + timedelta(hours=16)
    ),
}


@pytest.fixture
async def filled(database: Database) -> Database:
    async with database.transaction() as uow:
        for sql in FILL:
            values = {
                "tenant": TENANT,
                "noon": NOON,
                "n": DECISIONS,
                "rare": RARE_SURVEY,
                "survey": SURVEY,
            }
            await uow.execute(
                sql, {name: value for name, value in values.items() if re.search(rf":{name}\b", sql)}
            )
    return database


async def test_no_filter_reads_more_than_its_page(filled: Database) -> None:
    slow = {}
    async with filled.reading() as uow:
        for name, wanted in FILTERS.items():
            sql = SEARCH_DECISIONS.format(page=page_sql(wanted, "d.event_id", before=False))
            values = {**page_values(wanted), "tenant": TENANT, "limit": LIMIT}
            plan = await explain(uow, sql, values)
            if (read := rows_read(plan)) > MOST_READ:
                slow[name] = f"{read} rows: {json.dumps(plan, indent=1)}"
    assert slow == {}, "\n".join(f"{name} reads {plan}" for name, plan in slow.items())
