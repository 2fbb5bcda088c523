"""A batch of decisions looks at each mail that may give way once, also in tables of which the planner knows nothing.

PostgreSQL then believes that hardly any row is in a state, and would search all that are for each row.
"""

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
from support.plans import explain, rows_handled

from services.dispatcher.decisions.repository.replaced import LOCK_FIRST_MAILS
from shared.db.database import Database

CUSTOMERS = 400
MOST_HANDLED = 20
"""Rows for each customer."""


async def test_locking_the_mails_of_a_batch_handles_few_rows_for_each_of_them(database: Database) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=60, holding_minutes=60)
    await go_live(database)
    await decide(database, *(a_transaction(f"{n}", a_customer(f"c-{n}")) for n in range(CUSTOMERS)))
    waiting = await rows(database, "SELECT event_id FROM invitation WHERE state = 'waiting'")
    assert len(waiting) == CUSTOMERS
    values = {"tenants": [TENANT] * CUSTOMERS, "event_ids": [row.event_id for row in waiting]}
    async with database.transaction() as uow:
        plan = await explain(uow, LOCK_FIRST_MAILS, values)
    assert CUSTOMERS < rows_handled(plan) < MOST_HANDLED * CUSTOMERS, plan
