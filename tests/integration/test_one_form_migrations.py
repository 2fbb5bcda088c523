"""What was stored before text was kept in one form is found by its one form afterwards; scorer's counts are tested
beside the scorer.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import alembic.command
from sqlalchemy import Connection
from support.renames import logged_renames
from support.stack import Postgres

from shared.db.database import Database
from shared.db.migrations import configuration, migrate

NFD, NFC = "A\u030arhus", "Århus"
RAW = [f"store:{NFD}", f"store:{NFC}", "touchpoint:shop "]
IN_FORM = [f"store:{NFC}", "touchpoint:shop"]


def upgrade(service: str, revision: str) -> Callable[[Connection], None]:
    def run(connection: Connection) -> None:
        config = configuration(service)
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)

    return run


@asynccontextmanager
async def before(postgres: Postgres, service: str, revision: str) -> AsyncIterator[Database]:
    """The service's database as it stood before the migration."""
    database = Database(await postgres.create_database(service), name=f"{service}-test")
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(upgrade(service, revision))
        yield database
    finally:
        await database.close()
        await postgres.drop_database(database.url)


async def rows(database: Database, sql: str) -> list[Any]:
    async with database.reading() as uow:
        return [tuple(row) for row in await uow.execute(sql)]


async def test_a_decision_is_seen_by_who_is_limited_to_the_one_form(postgres: Postgres) -> None:
    async with before(postgres, "dispatcher", "0006") as database:
        async with database.transaction() as uow:
            await uow.execute(
                "INSERT INTO decision (tenant, event_id, decided_at, source, source_id, customer_id, digest, reason, "
                "segments, facts, grounds) SELECT t, gen_random_uuid(), now(), 's', t, 'c', 'd', 'paused', "
                "CASE t WHEN 'none' THEN '{}' ELSE CAST(:raw AS text[]) END, '', '' "
                "FROM unnest(ARRAY['acme', 'none']) AS n(t)",
                {"raw": RAW},
            )
        with logged_renames() as told:
            await migrate("dispatcher", database.url)
        assert await rows(database, "SELECT tenant, segments FROM decision ORDER BY 1") == [
            ("acme", IN_FORM), ("none", []),
        ]  # fmt: skip
        assert {each["old"] for each in told if each["event"] == "segment_renamed"} == {RAW[0], RAW[2]}


async def test_a_case_and_the_limits_of_its_readers_meet_in_the_one_form(postgres: Postgres) -> None:
    async with before(postgres, "alerts", "0003") as database:
        async with database.transaction() as uow:
            await uow.execute(
                "INSERT INTO cases (tenant, id, number, version, decided_version, decided_by, state, answer_id, score, touchpoint, "
                "segments, organisation, belongs, opened_at, contact_due_at, close_due_at, due_at, changed_at) "
                "VALUES ('acme', gen_random_uuid(), 1, 1, 1, '', 'open', gen_random_uuid(), 2, 'shop ', '{}', "
                "'{}', CAST(:raw AS text[]), now(), now(), now(), now(), now())",
                {"raw": ["", *RAW]},
            )
            await uow.execute(
                "INSERT INTO staff (tenant, id, address, name, role, segments, created_at) VALUES "
                "('acme', gen_random_uuid(), 'a@example.com', 'A', 'leader', CAST(:raw AS text[]), now())",
                {"raw": RAW[:1]},
            )
            await uow.execute(
                "INSERT INTO case_answer (tenant, answer_id, case_id, belongs) SELECT tenant, answer_id, id, belongs "
                "FROM cases"
            )
        await migrate("alerts", database.url)
        assert await rows(database, "SELECT belongs FROM case_answer") == [(["", *IN_FORM],)]
        assert await rows(database, "SELECT belongs, touchpoint FROM cases") == [(["", *IN_FORM], "shop")]
        assert await rows(database, "SELECT segments FROM staff") == [([IN_FORM[0]],)]


async def test_an_answer_carries_its_dimensions_and_values_in_the_one_form(postgres: Postgres) -> None:
    async with before(postgres, "collector", "0002") as database:
        async with database.transaction() as uow:
            await uow.execute(
                "INSERT INTO answer (tenant, id, version, state, origin, test, measurement, touchpoint, segments, "
                "organisation, changed_at, within) VALUES ('acme', gen_random_uuid(), 1, 'clicked', 'survey', false, "
                "'transactional', 'shop ', jsonb_build_object('store', CAST(:nfd AS text), 'touchpoint', 'shop '), "
                "jsonb_build_array('north ', CAST(:nfd AS text)), now(), to_jsonb(CAST(:within AS text[])))",
                {
                    "nfd": NFD,
                    "within": [
                        "",
                        f"store:{NFD}",
                        "touchpoint:shop ",
                        "organisation:north ",
                        f"organisation:north /{NFD}",
                    ],
                },
            )
        await migrate("collector", database.url)
        assert await rows(database, "SELECT touchpoint, segments, organisation, within FROM answer") == [
            (
                "shop",
                {"store": NFC, "touchpoint": "shop"},
                ["north", NFC],
                ["", *IN_FORM, "organisation:north", f"organisation:north/{NFC}"],
            )
        ]
