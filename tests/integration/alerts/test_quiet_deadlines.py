"""The end of a customer's writing is a deadline, whichever of two versions sets it, moves it or fires it.

The statements of the version before, which knows the column alone, stand here as it has them.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
import pytest
from integration.test_one_form_migrations import before
from support.alerts_builders import (
    POLICY,
    TENANT,
    act_on_answers,
    an_answer,
    deliver,
    fire_deadlines,
    rows,
)
from support.eventually import eventually
from support.stack import Postgres

from services.alerts.cases.repository import cases
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.cases.schedule import settle_quiet_answers
from services.alerts.recovery import handlers as recovery
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import Database, UnitOfWork
from shared.db.deadlines import Deadline, fire_due
from shared.db.migrations import migrate
from shared.events import Answer
from shared.ids import uuid7

OLD_ATTACH = """
    INSERT INTO case_answer (tenant, answer_id, case_id, writing_until) VALUES (:tenant, :answer, :case, :until)
"""
OLD_SET_WRITING_UNTIL = """
    UPDATE case_answer t SET writing_until = n.until
    FROM unnest(CAST(:tenants AS text[]), CAST(:answers AS uuid[]), CAST(:until AS timestamptz[]))
        AS n (tenant, answer_id, until)
    WHERE t.tenant = n.tenant AND t.answer_id = n.answer_id AND t.writing_until IS NOT NULL
    RETURNING t.tenant, t.answer_id
"""
OLD_FIND_QUIET_CASES = """
    SELECT DISTINCT tenant, case_id FROM case_answer
    WHERE writing_until <= :now
    LIMIT :limit
"""
OLD_END_QUIET_TIME = """
    UPDATE case_answer SET writing_until = NULL
    WHERE writing_until <= :now
        AND (tenant, case_id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
    RETURNING tenant, case_id, answer_id
"""
WAITS_FOR_A_LOCK = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
Settled = list[UUID]
"""The answers about which the team was notified, in order."""


async def old_set(uow: UnitOfWork, answer: UUID, until: datetime | None) -> bool:
    """What the version before does with an amended answer; whether it was still being written."""
    found = await uow.execute(
        OLD_SET_WRITING_UNTIL, {"tenants": [TENANT], "answers": [answer], "until": [until]}
    )
    return bool(found.all())


async def old_settle(database: Database) -> Settled:
    """A round of the version before."""
    async with database.transaction() as uow:
        keys = [
            (row.tenant, row.case_id)
            for row in await uow.execute(OLD_FIND_QUIET_CASES, {"now": uow.now, "limit": 100})
        ]
        locked = await cases.lock_cases(uow, keys)
        settled = await uow.execute(
            OLD_END_QUIET_TIME,
            {
                "now": uow.now,
                "tenants": [case.tenant for case in locked],
                "ids": [case.id for case in locked],
            },
        )
        return [row.answer_id for row in settled]


async def deadlines(database: Database) -> dict[UUID, datetime]:
    found = await rows(database, "SELECT about_id, due_at FROM clock WHERE kind = :kind", kind=QUIET_DEADLINE)
    return {row.about_id: row.due_at for row in found}


async def in_the_column(database: Database) -> dict[UUID, datetime]:
    found = await rows(
        database, "SELECT answer_id, writing_until FROM case_answer WHERE writing_until IS NOT NULL"
    )
    return {row.answer_id: row.writing_until for row in found}


def later(database: Database, by: timedelta) -> None:
    now = database.clock() + by
    database.clock = lambda: now


async def test_what_was_being_written_before_the_upgrade_has_its_deadline(postgres: Postgres) -> None:
    async with before(postgres, "alerts", "0008") as database:
        until = database.clock() + POLICY.quiet_after
        written, sent = uuid7(), uuid7()
        async with database.transaction() as uow:
            for answer, time in ((written, until), (sent, None)):
                await uow.execute(
                    OLD_ATTACH, {"tenant": TENANT, "answer": answer, "case": uuid7(), "until": time}
                )
        await migrate("alerts", database.url)
        assert await deadlines(database) == {written: until}


async def test_the_version_before_sets_moves_and_ends_the_deadline_by_its_column(database: Database) -> None:
    answer, now = uuid7(), database.clock()
    values = {"tenant": TENANT, "answer": answer, "case": uuid7(), "until": now}
    async with database.transaction() as uow:
        await uow.execute(OLD_ATTACH, values)
        await uow.execute(OLD_ATTACH, {**values, "answer": uuid7(), "until": None})
    assert await deadlines(database) == {answer: now}
    async with database.transaction() as uow:
        assert await old_set(uow, answer, now + timedelta(minutes=1))
    assert await deadlines(database) == {answer: now + timedelta(minutes=1)}
    async with database.transaction() as uow:
        assert await old_set(uow, answer, None)
    assert await deadlines(database) == {}


@pytest.mark.parametrize("seed", range(4))
async def test_two_versions_side_by_side_notify_once_about_each_answer(database: Database, seed: int) -> None:
    """Answers come, are amended and sent by either version, and either fires: the column and the deadlines agree."""
    rng, settled = random.Random(seed), Settled()
    known: dict[UUID, Answer] = {}
    finished: set[UUID] = set()

    async def fire(uow: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
        fired = await settle_quiet_answers(POLICY, CompanySetups(), uow, due)
        settled.extend(one.about_id for one in fired)
        return fired

    later(database, timedelta())
    for _ in range(60):
        what = rng.choice(["new", "new", "amend", "send", "send", "fire", "fire", "old fire"])
        old, now = rng.random() < 0.5, database.clock()
        if what == "new":
            answer = an_answer(state="saved", answered_at=now, changed_at=now)
            known[answer.id] = answer
            await deliver(database, act_on_answers, answer)
        elif what in {"amend", "send"} and known:
            answer = rng.choice(list(known.values()))
            state = "sent" if what == "send" or answer.state == "sent" else "saved"
            answer = msgspec.structs.replace(
                answer, version=answer.version + 1, state=state, changed_at=now, comment=f"at {now}"
            )
            was_writing = answer.id in await deadlines(database)
            known[answer.id] = answer
            if old:
                async with database.transaction() as uow:
                    until = None if state == "sent" else now + POLICY.quiet_after
                    assert await old_set(uow, answer.id, until) == was_writing
            else:
                await deliver(database, act_on_answers, answer)
            if was_writing and state == "sent":
                assert answer.id not in finished
                finished.add(answer.id)
        elif what == "fire":
            await fire_due("alerts", {QUIET_DEADLINE: fire}, database)
        elif what == "old fire":
            settled += await old_settle(database)
        assert await deadlines(database) == await in_the_column(database)
        later(database, timedelta(seconds=rng.choice([0, 10, 50])))
    later(database, POLICY.quiet_after * 2)
    await fire_due("alerts", {QUIET_DEADLINE: fire}, database)
    assert len(settled) == len(set(settled))
    assert set(settled) | finished == known.keys()
    assert not set(settled) & finished
    assert await in_the_column(database) == await deadlines(database) == {}


async def test_a_customer_who_goes_on_after_the_quiet_time_is_not_waited_for_again(
    database: Database,
) -> None:
    later(database, timedelta())
    answer = an_answer(state="saved", changed_at=database.clock())
    await deliver(database, act_on_answers, answer)
    later(database, POLICY.quiet_after)
    assert await fire_deadlines(database) == 1
    more = msgspec.structs.replace(
        answer, version=2, comment="And the other leg.", changed_at=database.clock()
    )
    await deliver(database, act_on_answers, more)
    assert await deadlines(database) == {}


async def test_a_restored_database_ends_the_writing_that_may_have_ended_since_the_backup(
    database: Database,
) -> None:
    later(database, timedelta())
    past, ahead = (an_answer(state="saved", changed_at=database.clock()) for _ in range(2))
    read_again = an_answer(state="saved", changed_at=database.clock())
    await deliver(database, act_on_answers, past, ahead, read_again)
    async with database.transaction() as uow:
        await old_set(uow, ahead.id, database.clock() + POLICY.quiet_after * 3)
        await old_set(uow, read_again.id, database.clock() + POLICY.quiet_after * 3)
    later(database, POLICY.quiet_after)
    await deliver(database, partial(recovery.restore_answers, POLICY, CompanySetups()), read_again)
    async with database.transaction() as uow:
        assert await recovery.settle(uow, 100) == 1
    assert set(await deadlines(database)) == {ahead.id} == set(await in_the_column(database))


async def test_this_version_sets_moves_and_ends_the_deadlines_without_the_triggers(
    database: Database,
) -> None:
    """They are for the version before: when they go, nothing may hang on them."""
    later(database, timedelta())
    async with database.transaction() as uow:
        await uow.execute("DROP TRIGGER set_quiet_deadline ON case_answer")
        await uow.execute("DROP TRIGGER move_quiet_deadline ON case_answer")
    quiet, amended, sent, read_again = (
        an_answer(state="saved", changed_at=database.clock()) for _ in range(4)
    )
    await deliver(database, act_on_answers, quiet, amended, sent, read_again)
    until = database.clock() + POLICY.quiet_after
    assert await deadlines(database) == dict.fromkeys((quiet.id, amended.id, sent.id, read_again.id), until)
    later(database, POLICY.quiet_after)
    more = msgspec.structs.replace(amended, version=2, changed_at=database.clock())
    await deliver(database, act_on_answers, more, msgspec.structs.replace(sent, version=2, state="sent"))
    await deliver(database, partial(recovery.restore_answers, POLICY, CompanySetups()), read_again)
    moved = {amended.id: until + POLICY.quiet_after}
    assert await deadlines(database) == {quiet.id: until, **moved}
    assert await fire_deadlines(database) == 1
    assert await deadlines(database) == await in_the_column(database) == moved


async def test_the_loop_waits_for_no_case_and_a_handler_waits_for_the_loop_at_most(
    database: Database,
) -> None:
    """The loop has the deadline and would need the case; a handler has the case and needs the deadline."""
    later(database, timedelta())
    mine, other = (an_answer(state="saved", changed_at=database.clock()) for _ in range(2))
    await deliver(database, act_on_answers, mine, other)
    later(database, POLICY.quiet_after)
    has_deadlines, handler_waits = asyncio.Event(), asyncio.Event()

    async def fire(uow: UnitOfWork, due: Sequence[Deadline]) -> list[Deadline]:
        assert {one.about_id for one in due} == {mine.id, other.id}
        has_deadlines.set()
        await handler_waits.wait()
        fired = await settle_quiet_answers(POLICY, CompanySetups(), uow, due)
        assert [one.about_id for one in fired] == [other.id]
        return fired

    sent = msgspec.structs.replace(mine, version=2, state="sent")
    async with asyncio.timeout(15), asyncio.TaskGroup() as both:
        loop = both.create_task(fire_due("alerts", {QUIET_DEADLINE: fire}, database))
        await has_deadlines.wait()
        handler = both.create_task(deliver(database, act_on_answers, sent))
        await eventually(lambda: rows(database, WAITS_FOR_A_LOCK))
        handler_waits.set()
        assert await loop == 1
        await handler
    assert await deadlines(database) == {}
    assert await fire_deadlines(database) == 0


async def test_a_case_that_is_in_use_is_settled_in_a_later_round(database: Database) -> None:
    later(database, timedelta())
    answer = an_answer(state="saved", changed_at=database.clock())
    await deliver(database, act_on_answers, answer)
    later(database, POLICY.quiet_after)
    (case,) = await rows(database, "SELECT id FROM cases")
    async with database.transaction() as uow:
        await cases.find_case(uow, TENANT, case.id, lock=True)
        assert await fire_deadlines(database) == 0
    assert await fire_deadlines(database) == 1


async def test_handlers_and_loops_at_once_never_wait_for_each_other_in_a_circle(database: Database) -> None:
    later(database, timedelta())
    answers = [an_answer(state="saved", changed_at=database.clock()) for _ in range(40)]
    await deliver(database, act_on_answers, *answers)
    later(database, POLICY.quiet_after)
    rng = random.Random(1)
    ended = asyncio.Event()

    async def handle(number: int) -> None:
        for version in range(2, 12):
            some = rng.sample(answers, 8)
            state = "sent" if version % 3 == number % 3 else "saved"
            await deliver(
                database,
                act_on_answers,
                *(msgspec.structs.replace(one, version=version, state=state) for one in some),
            )

    async def fire() -> None:
        while not ended.is_set():
            await fire_deadlines(database)

    async with asyncio.timeout(60), asyncio.TaskGroup() as loops:
        for _ in range(2):
            loops.create_task(fire())
        await asyncio.gather(*(handle(number) for number in range(4)))
        ended.set()
    await fire_deadlines(database)
    assert await deadlines(database) == await in_the_column(database) == {}
