"""What a database of the version before holds, stands in the newest one as if it had been written by it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import alembic.command
import msgspec
from sqlalchemy import Connection
from support.alerts_builders import TENANT, an_answer
from support.stack import Postgres

from shared.db.database import Database, UnitOfWork
from shared.db.migrations import configuration, migrate
from shared.events import Answer, segments_of
from shared.ids import uuid7

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


async def test_old_cases_get_the_consent_the_segments_and_the_answers_of_their_lines(
    postgres: Postgres,
) -> None:
    database = Database(await postgres.create_database("alerts"), name="alerts-test")
    first = an_answer(
        may_contact=True, segments={"a:b": "c/d", "store": "100 %"}, organisation=("north", "sales/x"),
        comment="NUL \x00 and \u202e", answered_at=NOW, changed_at=NOW,
    )  # fmt: skip
    second = an_answer(
        may_contact=False, segments={"store": "south"}, organisation=(), answered_at=NOW,
        changed_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    alone = an_answer(may_contact=None, segments={}, organisation=())
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_upgrade_to_first)
        async with database.transaction() as uow:
            both, other = await _an_old_case(uow, 1, first, second), await _an_old_case(uow, 2, alone)
        await migrate("alerts", database.url)
        async with database.reading() as uow:
            cases = {row.id: row for row in await uow.execute("SELECT * FROM cases")}
            answers = {row.answer_id: row for row in await uow.execute("SELECT * FROM case_answer")}
            lines = list(await uow.execute("SELECT * FROM timeline ORDER BY case_id, seq"))
        for answer in (first, second, alone):
            assert sorted(answers[answer.id].belongs) == sorted(segments_of(answer))
        assert cases[both].belongs == sorted({*segments_of(first), *segments_of(second)})
        assert (cases[both].may_contact, cases[both].due_at) == (False, cases[both].close_due_at)
        assert (cases[other].may_contact, cases[other].due_at) == (None, cases[other].contact_due_at)
        assert [line.answers for line in lines if line.case_id == both] == [[first.id], [second.id], None]
    finally:
        await database.close()
        await postgres.drop_database(database.url)


async def _an_old_case(uow: UnitOfWork, number: int, *answers: Answer) -> UUID:
    """A case as the version before this one writes it."""
    case, first = uuid7(), answers[0]
    values: dict[str, Any] = {
        "t": TENANT,
        "case": case,
        "n": number,
        "answer": first.id,
        "now": NOW,
        "customer": str(number),
    }
    await uow.execute(
        "INSERT INTO cases (tenant, id, number, version, decided_version, decided_by, state, answer_id, customer_id, "
        "score, segments, organisation, belongs, opened_at, contact_due_at, close_due_at, due_at, changed_at) "
        "VALUES (:t, :case, :n, 1, 0, '', 'open', :answer, :customer, 2, '{}', '{}', "
        "CAST(:belongs AS text[]), :now, :soon, :later, :soon, :now)",
        {
            **values,
            "belongs": segments_of(first),
            "soon": NOW + timedelta(days=1),
            "later": NOW + timedelta(days=7),
        },
    )
    for seq, answer in enumerate(answers, 1):
        own = {"id": answer.id, "body": msgspec.json.encode(answer), "seq": seq}
        await uow.execute(
            "INSERT INTO answer (tenant, id, version, score, first_version, first_score, answered_at, body) "
            "VALUES (:t, :id, 1, 2, 1, 2, :now, :body)",
            {"t": TENANT, "now": NOW, "id": answer.id, "body": own["body"]},
        )
        await uow.execute(
            "INSERT INTO case_answer (tenant, answer_id, case_id) VALUES (:t, :id, :case)",
            {"t": TENANT, "id": answer.id, "case": case},
        )
        await _line(uow, case, seq, "opened" if seq == 1 else "again", {"answer_id": str(answer.id)})
    await _line(uow, case, 9, "note", {"text": "x"})
    return case


async def _line(uow: UnitOfWork, case: UUID, seq: int, kind: str, facts: dict[str, str]) -> None:
    await uow.execute(
        "INSERT INTO timeline (tenant, case_id, seq, at, kind, by_name, facts) "
        "VALUES (:t, :case, :seq, :now, :kind, '', CAST(:facts AS jsonb))",
        {
            "t": TENANT,
            "case": case,
            "seq": seq,
            "now": NOW,
            "kind": kind,
            "facts": msgspec.json.encode(facts).decode(),
        },
    )


def _upgrade_to_first(connection: Connection) -> None:
    config = configuration("alerts")
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "0001")
