"""While the version before this one still runs, no message is sent by both, and none by neither."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from integration.test_one_form_migrations import before, rows
from sqlalchemy import Row
from support.stack import Postgres

from services.alerts.notices.repository.notifications import CLAIM as CLAIM_NOTICE
from shared.db.database import Database, UnitOfWork
from shared.db.migrations import migrate
from shared.outbound import Delivery, MailResult, claim_sql, deliveries

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
LEASE = NOW + timedelta(minutes=30)
STATES = ("waiting", "sending", "sent", "withheld")

CLAIM_INVITATION = claim_sql(
    columns="i.state",
    joined="JOIN invitation i ON i.tenant = w.tenant AND i.id = w.about_id",
    locked="i",
    may_leave="i.state = 'waiting'",
)
"""Without what an invitation waits for besides."""
OLD_INVITATIONS = """
    INSERT INTO invitation (
        tenant, id, version, event_id, customer_id, survey_id, state, test, next_at, lease_until, changed_at, body
    )
    SELECT 'acme', gen_random_uuid(), 1, gen_random_uuid(), state || :suffix, gen_random_uuid(), state, false, :now,
        CASE state WHEN 'sending' THEN CAST(:lease AS timestamptz) END, :now, ''
    FROM unnest(CAST(:states AS text[])) AS n (state)
"""
OLD_CLAIM_OF_INVITATION = """
    SELECT id FROM invitation i WHERE i.state = 'waiting' AND i.next_at <= :now LIMIT 1
    FOR UPDATE OF i SKIP LOCKED
"""
OLD_MOVE = """
    UPDATE invitation
    SET state = :state, version = version + 1, reason = NULL,
        next_at = coalesce(CAST(:next_at AS timestamptz), next_at), lease_until = :lease_until,
        sent_at = NULL, attempts = attempts + CAST(:tried AS integer),
        refusals = refusals + CAST(:refused AS integer), changed_at = :now
    WHERE tenant = 'acme' AND id = :id AND version = :version
"""
NEW_MOVE = "UPDATE invitation SET state = :state, version = version + 1 WHERE id = :id"
OLD_NOTICE = """
    INSERT INTO notification (tenant, id, kind, staff_id, state, attempts, due_at, created_at)
    SELECT 'acme', gen_random_uuid(), 'invite', id, :state, 0, :now, :now FROM staff
"""
OLD_CLAIM_OF_NOTICE = """
    UPDATE notification n SET state = 'sending', lease_until = :lease
    FROM (
        SELECT tenant, id FROM notification
        WHERE state = 'waiting' AND due_at <= :now
        ORDER BY due_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) due, staff s
    WHERE n.tenant = due.tenant AND n.id = due.id AND s.tenant = n.tenant AND s.id = n.staff_id
    RETURNING n.id
"""
OLD_SETTLE_OF_NOTICE = """
    UPDATE notification SET
        state = :state, reason = NULL, lease_until = NULL, due_at = coalesce(CAST(:due AS timestamptz), due_at),
        attempts = attempts + 1, refusals = refusals + 0
    WHERE tenant = 'acme' AND id = :id AND state = 'sending'
"""


async def do(database: Database, statement: str, **values: object) -> list[Row[Any]]:
    async with database.transaction() as uow:
        done = await uow.execute(statement, values)
        return list(done) if done.returns_rows else []


async def claim(database: Database, statement: str) -> Delivery | None:
    async with database.transaction() as uow:
        found = await deliveries.claim(uow, statement, "mail")
        return found[0] if found else None


async def settle(uow: UnitOfWork, delivery: Delivery, result: MailResult) -> None:
    assert await deliveries.settle(uow, delivery, result)


async def test_invitations_of_both_versions_are_sent_by_one_of_them(postgres: Postgres) -> None:
    async with before(postgres, "dispatcher", "0010") as database:
        database.clock = lambda: NOW
        await do(database, OLD_INVITATIONS, now=NOW, lease=LEASE, states=list(STATES), suffix="-before")
        await migrate("dispatcher", database.url)
        await do(database, OLD_INVITATIONS, now=NOW, lease=LEASE, states=list(STATES), suffix="-meanwhile")
        # What is sent from the start is a link, which no delivery brings; no version before made one.
        found = await rows(
            database,
            "SELECT i.customer_id, d.state, d.lease_until IS NOT NULL FROM delivery d JOIN invitation i ON "
            "i.tenant = d.tenant AND i.id = d.about_id ORDER BY 1",
        )
        assert found == [
            ("sending-before", "sending", True),
            ("sending-meanwhile", "sending", True),
            ("waiting-before", "waiting", False),
            ("waiting-meanwhile", "waiting", False),
        ]

        ours = await claim(database, CLAIM_INVITATION)
        assert ours is not None
        await do(database, NEW_MOVE, state="sending", id=ours.about_id)
        ((theirs,),) = await do(database, OLD_CLAIM_OF_INVITATION, now=NOW)
        assert theirs != ours.about_id
        move = {"id": theirs, "now": NOW, "tried": 0, "refused": 0, "next_at": None}
        await do(database, OLD_MOVE, state="sending", lease_until=LEASE, version=1, **move)
        assert await claim(database, CLAIM_INVITATION) is None
        assert await do(database, OLD_CLAIM_OF_INVITATION, now=NOW) == []

        later = NOW + timedelta(hours=1)
        move |= {"tried": 1, "next_at": later}
        await do(database, OLD_MOVE, state="waiting", lease_until=None, version=2, **move)
        assert await claim(database, CLAIM_INVITATION) is None  # not before it is due again
        database.clock = lambda: later
        taken = await claim(database, CLAIM_INVITATION)
        assert taken is not None
        assert (taken.about_id, taken.attempts) == (theirs, 1)


@pytest.mark.parametrize(
    ("state", "of_delivery"), [("withheld", "dropped"), ("failed", "failed"), ("sent", "sent")]
)
async def test_what_the_version_before_ends_is_ended_here(
    postgres: Postgres, state: str, of_delivery: str
) -> None:
    async with before(postgres, "dispatcher", "0010") as database:
        await migrate("dispatcher", database.url)
        await do(database, OLD_INVITATIONS, now=NOW, lease=LEASE, states=["waiting"], suffix="")
        ((invitation,),) = await do(database, OLD_CLAIM_OF_INVITATION, now=NOW)
        move = {"id": invitation, "now": NOW, "tried": 0, "refused": 0, "next_at": None, "lease_until": None}
        await do(database, OLD_MOVE, state=state, version=1, **move)
        assert await rows(database, "SELECT state FROM delivery") == [(of_delivery,)]


async def test_an_open_claim_of_the_version_before_is_left_alone(postgres: Postgres) -> None:
    async with before(postgres, "dispatcher", "0010") as database:
        database.clock = lambda: NOW
        await migrate("dispatcher", database.url)
        await do(database, OLD_INVITATIONS, now=NOW, lease=LEASE, states=["waiting"] * 2, suffix="")
        async with database.transaction() as theirs:
            ((held,),) = await theirs.execute(OLD_CLAIM_OF_INVITATION, {"now": NOW})
            ours = await claim(database, CLAIM_INVITATION)
            assert ours is not None
            assert ours.about_id != held
            assert await claim(database, CLAIM_INVITATION) is None
            move = {"id": held, "now": NOW, "tried": 0, "refused": 0, "next_at": None, "version": 1}
            await theirs.execute(OLD_MOVE, {"state": "sending", "lease_until": LEASE, **move})
        assert await claim(database, CLAIM_INVITATION) is None


async def test_a_claim_takes_one_delivery_whatever_the_planner_expects(postgres: Postgres) -> None:
    async with before(postgres, "dispatcher", "0010") as database:
        database.clock = lambda: NOW
        await migrate("dispatcher", database.url)
        await do(database, OLD_INVITATIONS, now=NOW, lease=LEASE, states=["waiting"], suffix="")
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql("VACUUM ANALYZE delivery")
        await do(database, OLD_INVITATIONS, now=NOW, lease=LEASE, states=["waiting"] * 15, suffix="")
        assert await claim(database, CLAIM_INVITATION) is not None
        states = "SELECT state, count(*) FROM delivery GROUP BY 1 ORDER BY 1"
        assert await rows(database, states) == [("sending", 1), ("waiting", 15)]


async def test_a_sender_of_the_version_before_that_dies_leaves_an_unknown_delivery(
    postgres: Postgres,
) -> None:
    async with before(postgres, "dispatcher", "0010") as database:
        await migrate("dispatcher", database.url)
        await do(database, OLD_INVITATIONS, now=NOW, lease=LEASE, states=["sending"], suffix="")
        database.clock = lambda: LEASE + timedelta(seconds=1)
        async with database.transaction() as uow:
            assert len(await deliveries.end_expired(uow, 10)) == 1


async def test_notices_of_both_versions_are_sent_by_one_of_them(postgres: Postgres) -> None:
    async with before(postgres, "alerts", "0009") as database:
        database.clock = lambda: NOW
        await do(
            database,
            "INSERT INTO staff (tenant, id, address, name, role, created_at) "
            "VALUES ('acme', gen_random_uuid(), 'a@example.com', 'Sara', 'agent', :now)",
            now=NOW,
        )
        for state in ("waiting", "sent"):
            await do(database, OLD_NOTICE, state=state, now=NOW)
        await migrate("alerts", database.url)
        for state in ("waiting", "sent"):
            await do(database, OLD_NOTICE, state=state, now=NOW)
        states = "SELECT state, count(*) FROM delivery GROUP BY 1 ORDER BY 1"
        assert await rows(database, states) == [("sent", 2), ("waiting", 2)]

        ours = await claim(database, CLAIM_NOTICE)
        assert ours is not None
        ((theirs,),) = await do(database, OLD_CLAIM_OF_NOTICE, now=NOW, lease=LEASE)
        assert theirs != ours.about_id
        assert await claim(database, CLAIM_NOTICE) is None
        assert await do(database, OLD_CLAIM_OF_NOTICE, now=NOW, lease=LEASE) == []
        later = NOW + timedelta(hours=1)
        async with database.transaction() as uow:
            await settle(uow, ours, MailResult("waiting", "busy", later, tried=True))
        await do(database, OLD_SETTLE_OF_NOTICE, state="waiting", due=later, id=theirs)
        assert await claim(database, CLAIM_NOTICE) is None
        assert await do(database, OLD_CLAIM_OF_NOTICE, now=NOW, lease=LEASE) == []
        database.clock = lambda: later
        taken = await claim(database, CLAIM_NOTICE)
        ((left,),) = await do(database, OLD_CLAIM_OF_NOTICE, now=later, lease=later + timedelta(minutes=30))
        assert taken is not None
        assert {taken.about_id, left} == {ours.about_id, theirs}
        assert taken.attempts == 1
