"""B10: the quarantine on the real purchases of CDNOW, decided day by day by the handler on a real database."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from itertools import groupby

from support.cdnow import all_purchases, count_asked
from support.dispatcher_builders import (
    Clock,
    a_customer,
    a_transaction,
    decide_for,
    go_live,
    keep_tenant,
    make_survey,
    rows,
)

from deploy.demo.purchases import Purchase
from shared.db.database import Database
from shared.events.surveys import QuarantineScope

Quarantine = tuple[int, QuarantineScope]


async def asked_about(
    database: Database, clock: Clock, purchases: Sequence[Purchase], *quarantines: Quarantine
) -> dict[Quarantine, int]:
    """How many of the purchases a company with each of these quarantines asks about; each day is one batch."""
    companies = {f"{scope}-{days}": (days, scope) for days, scope in quarantines}
    for company, (days, scope) in companies.items():
        await keep_tenant(database, company)
        await make_survey(
            database,
            company,
            trigger="purchase",
            delay_minutes=0,
            quarantine_days=days,
            quarantine_scope=scope,
        )
        await go_live(database, company)
    for day, of_day in groupby(purchases, key=lambda purchase: purchase.day):
        clock.now = datetime.combine(day, time(12), UTC)
        transactions = [
            a_transaction(
                f"purchase-{each.number}",
                a_customer(each.customer),
                type="purchase",
                occurred_at=clock.now,
                accepted_at=clock.now,
            )
            for each in of_day
        ]
        await decide_for(database, dict.fromkeys(companies, transactions))
    found = await rows(
        database,
        """
        SELECT tenant, count(*) AS n, count(*) FILTER (WHERE reason = 'quarantine') AS quarantined
        FROM decision GROUP BY tenant
        """,
    )
    asked = await rows(database, "SELECT tenant, count(*) AS n FROM invitation GROUP BY tenant")
    counts = {companies[each.tenant]: int(each.n) for each in asked}
    assert {companies[each.tenant]: each.n - each.quarantined for each in found} == counts
    assert {each.n for each in found} == {len(purchases)}
    return counts


async def test_of_the_purchases_of_two_customers_in_a_hundred_as_many_are_asked_about_as_are_counted(
    database: Database, clock: Clock
) -> None:
    """As many as a pass over them counts, which for the whole file are the published numbers."""
    purchases = [each for each in all_purchases() if each.customer.endswith(("07", "67"))]
    assert len(purchases) > 1_200
    quarantines: list[Quarantine] = [(30, "any"), (90, "any"), (90, "touchpoint")]
    counted = {each: count_asked(purchases, each[0]) for each in quarantines}
    assert await asked_about(database, clock, purchases, *counted) == counted
