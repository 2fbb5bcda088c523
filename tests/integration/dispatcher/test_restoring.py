"""Invitations restored from their topic after the database came from a backup: none is ever sent twice."""

import asyncio

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from support.dispatcher_builders import (
    NOON,
    a_customer,
    a_transaction,
    decide,
    event_of,
    invitations,
    invite_customer,
    rows,
    the_state,
    waits_for_a_lock,
)
from support.eventually import eventually
from support.http_clients import context_on

from services.dispatcher.app import SERVICE
from services.dispatcher.recovery import restore_invitations, settle
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import INVITATIONS, Invitation, InvitationState
from shared.outbound import Sender


async def restore(database: Database, invitation: Invitation) -> None:
    async with database.transaction() as uow:
        await restore_invitations(context_on(SERVICE, database), uow, [event_of(INVITATIONS, invitation)])


async def settled(database: Database) -> int:
    async with database.transaction() as uow:
        return await settle(uow, 10)


@pytest.mark.parametrize("state", ["withheld", "dropped", "failed", "bounced", "sent"])
async def test_a_restored_invitation_that_has_ended_keeps_its_end(
    database: Database, survey: StoredSurvey, state: InvitationState
) -> None:
    await decide(database, a_transaction("order-restored", a_customer("restored")))
    (waiting,) = await invitations(database)
    await restore(database, replace(waiting, version=2, state=state))
    assert await settled(database) == 0
    assert (await the_state(database))[0] == state


async def test_a_restored_invitation_that_may_have_been_sent_is_unknown_and_published(
    database: Database, survey: StoredSurvey
) -> None:
    await decide(database, a_transaction("order-restored", a_customer("restored")))
    assert await settled(database) == 1
    assert [(one.version, one.state) for one in await invitations(database)] == [
        (1, "waiting"),
        (2, "unknown"),
    ]


async def test_a_restored_invitation_is_due_when_its_event_says_whatever_the_backup_had_planned(
    database: Database, sender: Sender, survey: StoredSurvey
) -> None:
    await invite_customer(database, "defer-451-x", email="defer-451-x@example.com")
    await sender.step()
    due = "SELECT i.next_at, d.due_at FROM invitation i JOIN delivery d ON d.about_id = i.id"
    ((planned, _),) = await rows(database, due)
    assert planned > NOON
    *_, waiting = await invitations(database)
    await restore(database, replace(waiting, version=waiting.version + 2))
    assert [tuple(row) for row in await rows(database, due)] == [(NOON, NOON)]
    assert await settled(database) == 1


async def test_a_recovery_waits_for_a_delivery_that_another_transaction_has_locked(
    database: Database, survey: StoredSurvey
) -> None:
    await decide(database, a_transaction("order-locked", a_customer("locked")))
    async with database.engine.begin() as other:
        await other.execute(text("SELECT 1 FROM delivery FOR UPDATE"))
        settling = asyncio.create_task(settled(database))
        await eventually(lambda: waits_for_a_lock(database))
    assert await settling == 1
    assert (await the_state(database))[0] == "unknown"
