"""Deciding in bulk is deciding one by one."""

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.dispatcher_builders import (
    NOON,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    rows,
)
from support.examples import examples

from shared.db.database import Database
from shared.events import Transaction

_companies = count()

events = st.lists(
    st.tuples(
        st.integers(0, 8),  # the event's id: some come twice
        st.integers(0, 3),  # whose
        st.integers(-9 * 1440, 0),  # minutes ago
        st.sampled_from(["order.delivered", "order.lost", "contact.closed"]),
        st.sampled_from(["one", "other"]),  # the content
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=events, live=st.booleans())
async def test_a_batch_decides_as_its_events_would_one_after_the_other(
    database: Database, events: list[tuple[int, int, int, str, str]], live: bool
) -> None:
    bulk, single = (f"company-{next(_companies)}" for _ in range(2))
    for tenant in (bulk, single):
        await keep_tenant(database, tenant)
        await make_survey(database, tenant, name="first", quarantine_days=3, delay_minutes=0)
        await make_survey(
            database, tenant, name="second", trigger="order.*", quarantine_days=1, max_age_days=3
        )
        if live:
            await go_live(database, tenant)
    batch = [_transaction(*event) for event in events]
    await decide(database, *batch, tenant=bulk)
    # One identity has one first event: which of two contents that is, the order of arrival says.
    firsts: dict[UUID, Transaction] = {}
    for each in batch:
        firsts.setdefault(each.event_id, each)
    ordered = sorted(firsts.values(), key=lambda one: (one.occurred_at, one.event_id))
    for each in ordered:
        await decide(database, each, tenant=single)
    assert await _outcome(database, bulk) == await _outcome(database, single)
    again = list(reversed(batch))
    await decide(database, *again, tenant=bulk)
    assert await _outcome(database, bulk) == await _outcome(database, single)


def _transaction(number: int, customer: int, ago: int, kind: str, content: str) -> Transaction:
    happened = NOON + timedelta(minutes=ago)
    return a_transaction(
        f"event-{number}", a_customer(f"c-{customer}"), occurred_at=happened, type=kind, digest=content
    )


async def _outcome(database: Database, tenant: str) -> list[Any]:
    found = await rows(
        database,
        "SELECT d.source_id, d.digest, d.reason, i.state, i.next_at, c.invited_at FROM decision d "
        "LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id "
        "LEFT JOIN customer c ON c.tenant = d.tenant AND c.id = d.customer_id "
        "WHERE d.tenant = :tenant ORDER BY 1",
        tenant=tenant,
    )
    return [tuple(row) for row in found]
