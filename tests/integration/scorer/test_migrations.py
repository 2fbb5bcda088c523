from datetime import UTC, date, datetime
from uuid import UUID

import alembic.command
import msgspec
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from support.renames import logged_renames
from support.stack import Postgres

from services.scorer.handlers import count_answers
from services.scorer.models import metadata
from services.scorer.repository import counting
from services.scorer.repository.counting import CountedAnswer
from shared.db.database import Database, UnitOfWork
from shared.db.migrations import configuration, migrate
from shared.events import ANSWERS, Answer

AN_OLD_COUNT = (
    "INSERT INTO day_count AS t SELECT 'acme', 'transactional', 'store:a', day, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3 "
    "FROM (VALUES (date '2026-11-15'), ('2026-11-16'), ('2026-11-22'), ('2026-11-23')) AS d(day) "
    "ON CONFLICT (tenant, measurement, segment, day) DO UPDATE SET c0 = t.c0 + EXCLUDED.c0, "
    "c8 = t.c8 - EXCLUDED.c8, c10 = t.c10 + EXCLUDED.c10"
)
"""As the version before this one counts: it knows nothing of weeks."""


async def test_a_migrated_database_equals_the_metadata(database: Database) -> None:
    async with database.engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_server_default": False}), metadata
            )
        )
    assert [difference for difference in found if "alembic_version" not in str(difference)] == []


async def test_weeks_hold_what_was_counted_before_and_what_the_version_before_counts_meanwhile(
    postgres: Postgres,
) -> None:
    database = Database(await postgres.create_database("scorer"), name="scorer-test")
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_upgrade_to_first)
        async with database.transaction() as uow:
            await uow.execute(AN_OLD_COUNT)
        await migrate("scorer", database.url)
        assert await _weeks(database) == {
            "2026-11-09": (1, 2, 3),
            "2026-11-16": (2, 4, 6),
            "2026-11-23": (1, 2, 3),
        }
        async with database.transaction() as uow:
            await uow.execute(AN_OLD_COUNT)
        assert await _weeks(database) == {
            "2026-11-09": (2, 0, 6),
            "2026-11-16": (4, 0, 12),
            "2026-11-23": (2, 0, 6),
        }
    finally:
        await database.close()
        await postgres.drop_database(database.url)


def _upgrade_to_first(connection: Connection) -> None:
    _upgrade(connection, "0001")


def _upgrade(connection: Connection, revision: str) -> None:
    config = configuration("scorer")
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


async def _weeks(database: Database) -> dict[str, tuple[int, ...]]:
    async with database.reading() as uow:
        rows = await uow.execute("SELECT week, detractors, passives, promoters FROM week_count")
        return {str(row[0]): tuple(row[1:]) for row in rows}


NFD = "store:A\u030arhus"
NFC = "store:Århus"
BEFORE_ONE_FORM: list[tuple[int, tuple[str, ...]]] = [
    (10, (NFD, "touchpoint:shop")),
    (10, (NFD,)),
    (9, (NFC, "touchpoint: shop")),
    (7, ("store:Århus ", "store\u00a0:Århus")),
    (0, (NFC, NFD)),
    (3, ("organisation:north", "organisation:north/sales\u200b")),
    (5, ("store:Odense", "100%25: x%2Fy ")),
]
"""Score and segments of answers as the version before counted them."""


def an_old_answer(number: int, score: int, segments: tuple[str, ...], version: int = 1) -> CountedAnswer:
    day = date(2026, 11, 14 + number)
    answer = Answer(
        id=UUID(int=number), version=version, state="sent", origin="import", score=score, day=day,
        answered_at=datetime(2026, 11, 22, tzinfo=UTC), changed_at=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip
    return CountedAnswer(ANSWERS.event("acme", answer, answer.changed_at), score, segments)


async def test_segments_that_only_looked_different_are_one_and_count_what_a_recount_counts(
    postgres: Postgres,
) -> None:
    database = Database(await postgres.create_database("scorer"), name="scorer-test")
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_upgrade, "0003")
        answers = [an_old_answer(n, score, names) for n, (score, names) in enumerate(BEFORE_ONE_FORM)]
        async with database.transaction() as uow:
            for dimension, names in _by_dimension(answers).items():
                await counting.lock_dimension(uow, "acme", dimension)
                await counting.add_segments(uow, "acme", dimension, sorted(names))
            await _count_as_before_persons(uow, answers)
            assert await counting.recount(uow, "acme") == []
            company = await _count(uow, "")
        with logged_renames() as logged:
            await migrate("scorer", database.url)
        assert {(each["old"], each["new"]) for each in logged if each["event"] == "segment_renamed"} == {
            (NFD, NFC), ("touchpoint: shop", "touchpoint:shop"), ("store:Århus ", NFC), ("store\u00a0:Århus", NFC),
            ("organisation:north/sales\u200b", "organisation:north/sales"), ("100%25: x%2Fy ", "100%25:x%2Fy"),
        }  # fmt: skip
        async with database.transaction() as uow:
            assert await counting.recount(uow, "acme") == []
            assert await _count(uow, "") == company
            assert await _count(uow, NFC) == {10: 2, 9: 1, 7: 1, 0: 1}
            assert await _count(uow, "touchpoint:shop") == {10: 1, 9: 1}
            assert await _count(uow, NFD) == {}
            known = await uow.execute(
                "SELECT dimension, array_agg(segment ORDER BY segment) AS s FROM segment GROUP BY 1"
            )
            sizes = await uow.execute("SELECT dimension, size FROM dimension")
            values = {row.dimension: row.s for row in known}
            assert values == {
                "store": ["store:Odense", NFC],
                "touchpoint": ["touchpoint:shop"],
                "organisation": ["organisation:north", "organisation:north/sales"],
                "100%25": ["100%25:x%2Fy"],
            }
            assert {row.dimension: row.size for row in sizes} == {k: len(v) for k, v in values.items()}
        # An answer that is amended later, by a sender who still writes the old form, is taken back from the new.
        event = an_old_answer(0, 2, (), version=2).event
        again = msgspec.structs.replace(
            event, data=msgspec.structs.replace(event.data, segments={"store": "A\u030arhus"})
        )
        async with database.transaction() as uow:
            await count_answers(uow, [again])
            assert await counting.recount(uow, "acme") == []
            assert await _count(uow, NFC) == {10: 1, 9: 1, 7: 1, 0: 1, 2: 1}
            marked = await uow.execute("SELECT segment FROM changed")
            assert {NFC, NFD} <= {row.segment for row in marked}
    finally:
        await database.close()
        await postgres.drop_database(database.url)


async def test_names_that_are_in_their_form_stay_untouched_and_a_second_time_changes_nothing(
    postgres: Postgres,
) -> None:
    database = Database(await postgres.create_database("scorer"), name="scorer-test")
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_upgrade, "0004")
        async with database.transaction() as uow:
            await _count_as_before_persons(uow, [an_old_answer(1, 9, (NFC, "organisation:a b/c%3Ad"))])
        async with database.engine.connect() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
            await connection.commit()
        with logged_renames() as logged:
            async with database.engine.connect() as connection:
                await connection.run_sync(_upgrade, "0004")
        assert not [each for each in logged if each["event"] == "segment_renamed"]
        async with database.transaction() as uow:
            assert await counting.recount(uow, "acme") == []
            assert await _count(uow, "organisation:a b/c%3Ad") == {9: 1}
    finally:
        await database.close()
        await postgres.drop_database(database.url)


async def _count_as_before_persons(uow: UnitOfWork, answers: list[CountedAnswer]) -> None:
    """Count by today's code in a table that lacks what migrations from 0006 on add."""
    later = {
        "person": "text",
        "contact_key": "text",
        "replies": "jsonb",
        "themes": "text[]",
        "theme_version": "bigint",
        "model_themes": "text[]",
        "model_waits": "boolean",
        "earlier_scores": "smallint[]",
        "earlier_until": "timestamptz[]",
        "anonymous": "boolean",
        "staff_network": "boolean",
        "device_ordinal": "smallint",
    }
    added = ", ".join(f"ADD COLUMN {name} {kind}" for name, kind in later.items())
    await uow.execute(f"ALTER TABLE answer {added}")
    await counting.keep_and_count(uow, answers)
    await uow.execute(f"ALTER TABLE answer {', '.join(f'DROP COLUMN {name}' for name in later)}")


def _by_dimension(answers: list[CountedAnswer]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for answer in answers:
        for segment in answer.segments:
            found.setdefault(segment.partition(":")[0], set()).add(segment)
    return found


async def _count(uow: UnitOfWork, segment: str) -> dict[int, int]:
    sums = ", ".join(f"coalesce(sum(c{score}), 0) AS c{score}" for score in range(11))
    found = await uow.execute(f"SELECT {sums} FROM day_count WHERE segment = :segment", {"segment": segment})
    row = found.one()
    return {score: int(row[score]) for score in range(11) if row[score]}
