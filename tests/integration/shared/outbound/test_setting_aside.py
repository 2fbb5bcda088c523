"""A company that may send nothing costs the others nothing, whatever waits of it, in any service that sends."""

from datetime import timedelta

from support.dispatcher_builders import TENANT, relay_all, rows
from support.plans import explain, rows_read
from support.smtp import ScriptedServer

from services.alerts.notices.repository.notifications import MAY_BE_NOTIFIED
from services.dispatcher.invitations.repository import NOT_STOPPED
from shared.outbound.setting_aside import set_aside

from .conftest import Mails

WAITING = 10_000
FILL = """
    INSERT INTO delivery (tenant, about_id, kind, due_at)
    SELECT 'closed', gen_random_uuid(), 'notice', CAST(:since AS timestamptz) + n * interval '1 millisecond'
    FROM generate_series(1, CAST(:waiting AS integer)) AS n
"""
ABOUT = """
    INSERT INTO {table}
    SELECT (jsonb_populate_record(o, jsonb_build_object(
        'tenant', 'closed', 'id', d.about_id, 'event_id', d.about_id
    ))).*
    FROM {table} o
    JOIN delivery d ON d.tenant = 'closed'
    WHERE o.tenant <> 'closed'
"""
STAFF = """
    INSERT INTO staff SELECT (jsonb_populate_record(s, '{"tenant": "closed"}')).* FROM staff s
"""
CLOSE = """
    INSERT INTO closed_company (tenant, version, state) VALUES ('closed', 1, 'leaving')
"""


async def do(mails: Mails, sql: str, **values: object) -> None:
    async with mails.database.transaction() as uow:
        await uow.execute(sql, values)


async def claim_reads(mails: Mails) -> int:
    """How many rows a claim reads; it is undone."""
    now = mails.clock.now
    values = {"now": now, "lease_until": now, "channel": "mail", "untried": False}
    async with mails.database.transaction() as uow:
        plan = await explain(uow, mails.queue.claim_sql, values)
        await uow.connection.rollback()
    return rows_read(plan)


async def passes(mails: Mails) -> int:
    """Work until there is none; how many rows changed."""
    may_leave = NOT_STOPPED if mails.queue.service == "dispatcher" else MAY_BE_NOTIFIED
    total = 0
    while True:
        async with mails.database.transaction() as uow:
            changed = await set_aside(uow, may_leave)
        if not changed:
            return total
        total += changed


async def test_a_claim_reads_past_nothing_of_a_closed_company_and_all_of_it_comes_back(
    mails: Mails, server: ScriptedServer
) -> None:
    since = mails.clock.now - timedelta(days=1)
    await do(mails, CLOSE)
    await do(mails, FILL, since=since, waiting=WAITING)
    await mails.due("open")
    if mails.queue.service == "dispatcher":
        await do(mails, ABOUT.format(table="invitation"))
    else:
        await do(mails, STAFF)
        await do(mails, ABOUT.format(table="notification"))
    await do(mails, "ANALYZE")
    before = await claim_reads(mails)
    assert before >= WAITING
    assert await passes(mails) == WAITING
    await do(mails, "ANALYZE delivery")
    assert await claim_reads(mails) < 50
    (count,) = await rows(mails.database, "SELECT count(*) AS n FROM delivery WHERE set_aside")
    assert count.n == WAITING
    await mails.step(mails.sender(server))
    others = await rows(mails.database, "SELECT state FROM delivery WHERE tenant <> 'closed'")
    assert [row.state for row in others] == ["sent"]

    await do(mails, "DELETE FROM closed_company")
    assert await passes(mails) == WAITING
    assert await rows(mails.database, "SELECT 1 FROM delivery WHERE set_aside LIMIT 1") == []


async def test_a_company_that_goes_on_sends_what_was_set_aside(mails: Mails, server: ScriptedServer) -> None:
    address = await mails.due("waits")
    await do(mails, CLOSE.replace("'closed'", f"'{TENANT}'"))
    assert await passes(mails) == 1
    sender = mails.sender(server)
    await mails.step(sender)
    assert (await mails.stand())[address] == ("waiting", 0)
    await do(mails, "DELETE FROM closed_company")
    assert await passes(mails) == 1
    await mails.step(sender)
    assert (await mails.stand())[address] == ("sent", 1)
    await relay_all(mails.database)
