"""B10: the quarantine on the real purchases of CDNOW, decided day by day by the handler on a real database."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from itertools import groupby

import pytest
from support.cdnow import ASKED, all_purchases, count_asked
from support.dispatcher_builders import (
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    rows,
)

from deploy.demo.purchases import Purchase
from shared.db.database import Database
from shared.events.surveys import QuarantineScope


async def asked_about(
    database: Database, clock: Clock, purchases: Sequence[Purchase], days: int, scope: QuarantineScope
) -> int:
    """How many of the purchases the dispatcher asks about; each day is one batch."""
    await keep_tenant(database)
    await make_survey(
        database, trigger="purchase", delay_minutes=0, quarantine_days=days, quarantine_scope=scope
    )
    await go_live(database)
    for day, of_day in groupby(purchases, key=lambda purchase: purchase.day):
        clock.now = datetime.combine(day, time(12), UTC)
        events = [
            a_transaction(
                f"purchase-{each.number}",
                a_customer(each.customer),
                type="purchase",
                occurred_at=clock.now,
                accepted_at=clock.now,
            )
            for each in of_day
        ]
        await decide(database, *events)
    (found,) = await rows(
        database,
        "SELECT count(*) AS n, count(*) FILTER (WHERE reason = 'quarantine') AS quarantined FROM decision",
    )
    (asked,) = await rows(database, "SELECT count(*) AS n FROM invitation")
    assert found.n == len(purchases) == asked.n + found.quarantined
    return int(asked.n)


@pytest.mark.parametrize("scope", ["any", "touchpoint"])
@pytest.mark.parametrize("days", ASKED)
async def test_of_the_purchases_of_every_tenth_customer_as_many_are_asked_about_as_are_counted(
    database: Database, clock: Clock, days: int, scope: QuarantineScope
) -> None:
    purchases = [each for each in all_purchases() if each.customer.endswith("7")]
    assert len(purchases) > 6_000
    assert await asked_about(database, clock, purchases, days, scope) == count_asked(purchases, days)


async def test_of_all_purchases_39677_are_asked_about_in_a_quarantine_of_90_days(
    database: Database, clock: Clock
) -> None:
    assert await asked_about(database, clock, all_purchases(), 90, "any") == ASKED[90]
