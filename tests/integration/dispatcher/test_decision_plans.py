"""A batch of decisions looks at each mail that may give way once, however little the planner knows of the tables.

Of new tables PostgreSQL believes that hardly any row is in a state, and would search all that are for each row.
"""

import pytest
from support.dispatcher_builders import (
    TENANT,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    rows,
)
from support.plans import explain, rows_handled, use_new_copies

from services.dispatcher.decisions.repository.asked import FIND_ASKED
from services.dispatcher.decisions.repository.replaced import LOCK_FIRST_MAILS
from shared.db.database import Database

TABLES = ("decision", "invitation", "delivery", "customer", "asked")
CUSTOMERS = 400
ANALYZED_AT = 50
"""Rows from which on autovacuum looks at a table."""
MOST_HANDLED = 20
"""Rows for each customer."""


async def ask(database: Database, customers: range) -> None:
    await decide(database, *(a_transaction(f"{n}", a_customer(f"c-{n}")) for n in customers))


async def ask_customers(database: Database) -> None:
    """Let a mail to each customer wait; the tables are analysed when there are few."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=60, holding_minutes=60)
    await go_live(database)
    await ask(database, range(ANALYZED_AT))
    async with database.transaction() as uow:
        await uow.execute(f"ANALYZE {', '.join(TABLES)}")
    await ask(database, range(ANALYZED_AT, CUSTOMERS))


@pytest.mark.parametrize("analyzed", [False, True], ids=["no statistics", "statistics of the first rows"])
async def test_locking_the_mails_of_a_batch_handles_few_rows_for_each_of_them(
    database: Database, analyzed: bool
) -> None:
    await ask_customers(database)
    waiting = await rows(database, "SELECT event_id FROM invitation WHERE state = 'waiting'")
    assert len(waiting) == CUSTOMERS
    values = {"tenants": [TENANT] * CUSTOMERS, "event_ids": [row.event_id for row in waiting]}
    async with database.transaction() as uow:
        if not analyzed:
            await use_new_copies(uow, *TABLES)
        plan = await explain(uow, LOCK_FIRST_MAILS, values)
    assert CUSTOMERS < rows_handled(plan) < MOST_HANDLED * CUSTOMERS, plan


@pytest.mark.parametrize("analyzed", [False, True], ids=["no statistics", "statistics of the first rows"])
async def test_finding_what_the_contacts_of_a_batch_were_asked_handles_few_rows_for_each_of_them(
    database: Database, analyzed: bool
) -> None:
    await ask_customers(database)
    asked = [row.contact for row in await rows(database, "SELECT DISTINCT contact FROM asked")]
    assert len(asked) == 2 * CUSTOMERS  # under the address and under the id
    values = {
        "tenants": [TENANT] * len(asked),
        "contacts": asked,
        "ours": [True] * len(asked),
        "backfills": [],
    }
    async with database.transaction() as uow:
        if not analyzed:
            await use_new_copies(uow, *TABLES)
        plan = await explain(uow, FIND_ASKED, values)
    assert len(asked) < rows_handled(plan) < MOST_HANDLED * len(asked), plan
