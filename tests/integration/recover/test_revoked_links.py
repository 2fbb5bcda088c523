"""Links that were taken back since a backup stay so when a database is restored from it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.eventually import eventually
from support.lent_databases import LentDatabases
from support.restored_service import TENANT, RestoredService
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.screens import made, saved
from support.stack import Mailbox, Postgres

from services.alerts.recovery.handlers import settle as settle_alerts
from services.collector.recovery import restore_states
from services.dispatcher.exports.link_commands import withdraw_again
from services.scorer.app import SERVICE as SCORER
from services.trigger.recovery import settle as settle_trigger
from shared.events import AUDIT, AuditLine, Event
from shared.ids import uuid7
from shared.privacy.audit import AuditAct

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def scorer(postgres: Postgres, broker: str, mailbox: Mailbox) -> RestoredService:
    return await RestoredService.begin(SCORER, postgres, broker, mailbox.smtp_url)


@asynccontextmanager
async def at_work(life: RestoredService) -> AsyncIterator[ScorerClient]:
    """Its API; what it has published is on its topics afterwards."""
    async with life.database() as database, a_scorer_client(database, a_tenant(TENANT)) as client:
        yield client
    async with life.working(consuming=False):
        await eventually(lambda: nothing_waits(life), within=40)


async def nothing_waits(life: RestoredService) -> bool:
    return not await life.rows("SELECT 1 FROM outbox")


async def ids(life: RestoredService, sql: str) -> set[str]:
    return {str(row[0]) for row in await life.rows(sql)}


async def mail(client: ScorerClient, view: str, method: str) -> None:
    answer = await client.send(method, f"/v1/views/{view}/mail", role="leader", tenant=TENANT)
    assert answer.status_code == 200, answer.text


async def test_a_restored_scorer_takes_back_again_what_was_taken_back_since(scorer: RestoredService) -> None:
    life = scorer
    async with at_work(life) as client:
        kept, removed, stopped = [await saved(client, name=name, tenant=TENANT) for name in ("a", "b", "c")]
        stays, revoked = [await made(client, kept, name=name, tenant=TENANT) for name in ("stays", "revoked")]
        await made(client, removed, tenant=TENANT)
        for view in (kept, removed, stopped):
            await mail(client, view, "PUT")
        for method in ("DELETE", "PUT"):  # stopped once, and asked for again before the backup
            await mail(client, kept, method)
    backup = await life.backup()
    async with at_work(life) as client:
        path = f"/v1/views/{kept}/screens/{revoked['id']}"
        assert (await client.send("DELETE", path, role="leader", tenant=TENANT)).status_code == 204
        assert (
            await client.send("DELETE", f"/v1/views/{removed}", role="leader", tenant=TENANT)
        ).status_code == 204
        await mail(client, stopped, "DELETE")
    await life.restore(backup)
    assert len(await ids(life, "SELECT id FROM screen")) == 3
    for _ in range(2):  # a second recovery finds nothing to do
        printed = await life.recover(restored=True)
        assert any(line.startswith("audit.v1: ") for line in printed)
        assert await ids(life, "SELECT id FROM screen") == {stays["id"]}
        assert await ids(life, "SELECT id FROM saved_view") == {kept, stopped}
        assert await ids(life, "SELECT view_id FROM view_mail") == {kept}
    assert await life.is_accepted()


def a_line(act: AuditAct, about: str, at: datetime = AT, **facts: str) -> Event[AuditLine]:
    line = AuditLine(id=uuid7(), at=at, who="Ada Winther", act=act, about=about, facts=dict(facts))
    return AUDIT.event(TENANT, line, at)


async def test_a_share_link_that_was_ended_or_paused_since_is_so_again_and_a_newer_change_stays(
    databases_to_lend: LentDatabases,
) -> None:
    old, ended, paused, newer, foreign = [uuid4() for _ in range(5)]
    async with databases_to_lend.lend("collector") as database:
        async with database.transaction() as uow:
            for number, link in enumerate((old, ended, paused, newer, foreign)):
                values: dict[str, Any] = {
                    "tenant": "other" if link == foreign else TENANT,
                    "id": link,
                    "code": f"code{number}",
                    "survey": uuid4(),
                    "at": AT + timedelta(days=1 if link == newer else -1),
                }
                await uow.execute(
                    "INSERT INTO share_link (tenant, id, code, survey_id, name, segments, state, "
                    "one_per_device, scores, version, created_at, changed_at) "
                    "VALUES (:tenant, :id, :code, :survey, 'Desk', '{}', 'live', true, '[]', 1, :at, :at)",
                    values,
                )
        lines = [
            a_line("share_link_changed", str(ended), state="paused"),
            a_line("share_link_changed", str(ended), AT + timedelta(hours=1), state="ended"),
            a_line("share_link_changed", str(paused), state="paused"),
            a_line("share_link_changed", str(newer), state="ended"),
            a_line("share_link_changed", str(foreign), state="ended"),
            a_line("share_link_made", str(old)),
        ]
        for _ in range(2):
            async with database.transaction() as uow:
                await restore_states(uow, lines)
        async with database.reading() as uow:
            rows = await uow.execute("SELECT id, state, version FROM share_link")
            states = {row.id: (row.state, row.version) for row in rows}
    assert states == {
        old: ("live", 1),
        ended: ("ended", 2),
        paused: ("paused", 2),
        newer: ("live", 1),
        foreign: ("live", 1),
    }


async def test_a_link_to_a_customers_data_that_was_withdrawn_since_is_so_again_even_if_it_was_made_since(
    databases_to_lend: LentDatabases,
) -> None:
    known, other, of_person, later, made_since = [uuid4() for _ in range(5)]
    async with databases_to_lend.lend("dispatcher") as database:
        database.clock = lambda: AT + timedelta(hours=2)
        async with database.transaction() as uow:
            for link, person, days in (
                (known, "p1", -1),
                (other, "p1", -1),
                (of_person, "p2", -1),
                (later, "p2", 1),
            ):
                made_at = AT + timedelta(days=days)
                await uow.execute(
                    "INSERT INTO export_link (tenant, id, person, contacts, who, made_at, expires_at) "
                    "VALUES (:tenant, :id, :person, '{}', 'Ada', :made, :ends)",
                    {
                        "tenant": TENANT,
                        "id": link,
                        "person": person,
                        "made": made_at,
                        "ends": made_at + timedelta(days=7),
                    },
                )
        lines = [
            a_line("export_link_withdrawn", "p1", link=str(known)),
            a_line("export_link_withdrawn", "p3", link=str(made_since)),
            a_line("export_link_withdrawn", "p2"),  # of an earlier version
            a_line("export_link", "p1"),
        ]
        for _ in range(2):
            async with database.transaction() as uow:
                await withdraw_again(uow, lines)
        async with database.reading() as uow:
            rows = await uow.execute("SELECT id, withdrawn_at FROM export_link")
            withdrawn = {row.id: row.withdrawn_at is not None for row in rows}
    assert withdrawn == {known: True, other: False, of_person: True, later: False, made_since: True}


async def test_all_links_to_exports_of_companies_end(databases_to_lend: LentDatabases) -> None:
    async with databases_to_lend.lend("trigger") as database:
        async with database.transaction() as uow:
            for tenant in ("a", "b", "c"):
                await uow.execute(
                    "INSERT INTO company_export (tenant, series) VALUES (:tenant, :series)",
                    {"tenant": tenant, "series": uuid4()},
                )
        found = []
        for _ in range(3):
            async with database.transaction() as uow:
                found.append(await settle_trigger(uow, 2))
    assert found == [2, 1, 0]


async def test_all_sessions_and_links_to_sign_in_end(databases_to_lend: LentDatabases) -> None:
    async with databases_to_lend.lend("alerts") as database:
        async with database.transaction() as uow:
            values = {"tenant": TENANT, "staff": UUID(int=1), "at": AT, "id": uuid4()}
            await uow.execute(
                "INSERT INTO session (tenant, id, staff_id, digest, created_at, expires_at) "
                "VALUES (:tenant, :id, :staff, 'd', :at, :at)",
                values,
            )
            await uow.execute(
                "INSERT INTO sign_in_link (tenant, digest, staff_id, expires_at) "
                "VALUES (:tenant, 'd', :staff, :at)",
                {name: values[name] for name in ("tenant", "staff", "at")},
            )
        async with database.transaction() as uow:
            while await settle_alerts(uow, 100):
                pass
        async with database.reading() as uow:
            left = await uow.execute("SELECT digest FROM session UNION ALL SELECT digest FROM sign_in_link")
            assert left.all() == []
