"""Contacts whom earlier versions knew by their id alone become known by their address."""

import asyncio

import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    decided,
    rows,
    say_no,
    share_ids,
)
from support.eventually import eventually
from support.http_clients import SECRET, context_on

from services.dispatcher import backfill
from services.dispatcher.app import SERVICE
from services.dispatcher.sending import sending_commands
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.events.surveys import QuarantineScope

pytestmark = pytest.mark.usefixtures("survey")


async def as_an_earlier_version_left_it(database: Database, invited: int) -> None:
    """Invitations whose customers are known by id alone, as migration 0003 finds them."""
    for number in range(0, invited, 100):
        batch = range(number, min(number + 100, invited))
        await decide(database, *(a_transaction(f"before-{n}", a_customer(f"g-{n}")) for n in batch))
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM customer WHERE id NOT LIKE 'g-%'")
        await uow.execute(
            "UPDATE customer SET address = NULL, several = false, invited_at = :now", {"now": NOON}
        )
        await uow.execute("INSERT INTO backfill (name) VALUES ('contacts')")


class TestBackfill:
    @pytest.mark.parametrize(
        "invited", [1, backfill.INVITATIONS_PER_BATCH, backfill.INVITATIONS_PER_BATCH + 3]
    )
    async def test_makes_whom_earlier_versions_invited_known_by_their_address(
        self, database: Database, invited: int
    ) -> None:
        await as_an_earlier_version_left_it(database, invited)
        stopping, context = asyncio.Event(), context_on(SERVICE, database)
        running = [
            asyncio.ensure_future(backfill.backfill_loop(context)(stopping)) for _ in range(2)
        ]  # two workers at once
        await eventually(lambda: nothing_left(database))
        stopping.set()
        await asyncio.gather(*running)
        last = a_customer("new", email=f"G-{invited - 1}@example.com")
        first = a_customer("newer", email="g-0@example.com")
        assert await decided(database, first, last) == ["quarantine", "quarantine"]
        (known,) = await rows(
            database, "SELECT count(*) AS n FROM customer WHERE id LIKE 'g-%' AND address IS NOT NULL"
        )
        assert known.n == invited

    async def test_knows_who_shares_an_id_so_that_one_no_silences_nobody_else(
        self, database: Database, clock: Clock
    ) -> None:
        await share_ids(database)
        anna, bo = (a_customer("account", email=f"{name}@example.com") for name in ("anna", "bo"))
        await decided(database, anna, bo)
        async with database.transaction() as uow:
            await uow.execute("UPDATE customer SET address = NULL, several = false")
            await uow.execute("INSERT INTO backfill (name) VALUES ('contacts')")
        await backfill.backfill_batch(database, SECRET)
        await say_no(database, anna)
        clock.on(days=91)
        assert await decided(database, bo) == ["invited"]

    @pytest.mark.parametrize("scope", ["any", "survey"])
    async def test_lets_a_person_whom_versions_before_0040_asked_rest_under_every_address(
        self, database: Database, survey: StoredSurvey, scope: QuarantineScope
    ) -> None:
        async with database.transaction() as uow:
            await change_survey(uow, TENANT, survey.id, replace(survey.draft, quarantine_scope=scope))
        await decided(database, a_customer("kim"))
        async with database.transaction() as uow:
            await uow.execute("DELETE FROM asked WHERE contact = 'kim'")
            await uow.execute("UPDATE customer SET invited_at = NULL WHERE id = 'kim'")
            await uow.execute("INSERT INTO backfill (name) VALUES ('contacts')")
        await backfill.backfill_batch(database, SECRET)
        assert await decided(database, a_customer("kim", email="kim@work.example")) == ["quarantine"]

    async def test_takes_no_test_for_an_invitation_and_has_nothing_to_do_in_a_new_database(
        self, database: Database
    ) -> None:
        async with database.transaction() as uow:
            await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "test")
        await decided(database, a_customer("c-1"))
        assert await rows(database, "SELECT 1 FROM backfill") == []
        async with database.transaction() as uow:
            await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "live")
            await uow.execute("INSERT INTO backfill (name) VALUES ('contacts')")
        await backfill.backfill_batch(database, SECRET)
        assert await decided(database, a_customer("c-1")) == ["invited"]


async def nothing_left(database: Database) -> bool:
    return not await rows(database, "SELECT 1 FROM backfill")
