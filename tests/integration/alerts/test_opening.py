"""An unhappy answer opens exactly one case, whatever is delivered again and in whatever order."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from support.alerts_builders import (
    POLICY,
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    fire_deadlines,
    keep_invitations,
    rows,
)
from support.eventually import eventually
from support.suspects import suspect

from services.alerts.cases.domain.case_rules import case_id, case_number
from shared.db.database import Database
from shared.db.notifications import CHANGES_CHANNEL
from shared.events import CASES, Answer, Case, Event
from shared.ids import uuid7


async def cases(database: Database) -> list[Any]:
    return await rows(database, "SELECT * FROM cases ORDER BY tenant, opened_at, id")


async def kinds(database: Database) -> list[str]:
    return [row.kind for row in await rows(database, "SELECT kind FROM timeline ORDER BY at, seq")]


async def published(database: Database) -> list[Event[Case]]:
    found = await rows(database, "SELECT value FROM outbox WHERE topic = 'cases.v1' ORDER BY seq")
    return [CASES.decode(row.value) for row in found]


async def test_a_detractors_first_saved_score_opens_a_case_at_once_and_says_so(database: Database) -> None:
    answer = an_answer(state="saved", score=2)
    await deliver(database, act_on_answers, answer)
    (case,) = await cases(database)
    assert (case.number, case.state, case.score, case.answer_id) == (
        case_number(case.id, POLICY),
        "open",
        2,
        answer.id,
    )
    assert case.due_at - answer.answered_at == timedelta(hours=24)
    (event,) = await published(database)
    assert (event.tenant, event.data.id, event.data.version) == (TENANT, case.id, case.version)
    assert event.data.segments == {"touchpoint": "home delivery"}


class TestSuspectAnswers:
    async def test_only_a_judgement_opens_its_case_however_late_it_comes(self, database: Database) -> None:
        then = datetime.now(UTC) - timedelta(days=9)
        answer = an_answer(answered_at=then, changed_at=then, day=then.date())
        await deliver(database, act_on_answers, suspect(answer))
        await deliver(database, act_on_answers, suspect(answer, 2, "machine"))
        assert await cases(database) == []
        await deliver(
            database, act_on_answers, suspect(replace(answer, changed_at=datetime.now(UTC)), 3, "human")
        )
        (case,) = await cases(database)
        assert (case.score, case.due_at > datetime.now(UTC)) == (2, True)

    async def test_taken_back_its_case_says_so_and_closes_nothing_by_itself(self, database: Database) -> None:
        answer = an_answer(day=datetime.now(UTC).date())
        await deliver(database, act_on_answers, suspect(answer, 1, "human"))
        for _ in range(2):
            await deliver(database, act_on_answers, suspect(answer, 2, "machine"))
        assert (await kinds(database)).count("left_out") == 1
        assert [case.state for case in await cases(database)] == ["open"]
        assert await rows(
            database, "SELECT convert_from(body, 'UTF8')::jsonb ->> 'judgement' AS whose FROM answer"
        ) == [("machine",)]
        await deliver(database, act_on_answers, suspect(answer, 3, "human"))
        assert (await kinds(database))[-1] == "counted"

    async def test_what_was_taken_back_in_the_same_batch_opens_nothing(self, database: Database) -> None:
        answer = an_answer(day=datetime.now(UTC).date())
        both = suspect(answer, 1, "human"), suspect(answer, 2, "machine")
        await deliver(database, act_on_answers, *both)
        assert await cases(database) == []

    async def test_a_person_who_answers_after_the_machine_opens_the_case(self, database: Database) -> None:
        answer = an_answer(day=datetime.now(UTC).date())
        await deliver(database, act_on_answers, suspect(answer), replace(answer, version=2, score=1))
        (case,) = await cases(database)
        assert case.score == 1


async def test_a_four_to_six_is_to_be_called_within_two_days(database: Database) -> None:
    answer = an_answer(score=5)
    await deliver(database, act_on_answers, answer)
    (case,) = await cases(database)
    assert case.due_at - answer.answered_at == timedelta(hours=48)


@pytest.mark.parametrize(
    "changes",
    [
        {"score": 7},
        {"score": None, "state": "clicked"},
        {"test": True},
        {"origin": "import"},
        {"answered_at": datetime.now(UTC) - timedelta(days=31)},
    ],
    ids=["not unhappy", "only clicked", "test", "import", "old"],
)
async def test_only_a_fresh_unhappy_answer_of_a_person_opens_a_case(
    database: Database, changes: dict[str, Any]
) -> None:
    await deliver(database, act_on_answers, an_answer(**changes))
    assert await cases(database) == []


async def test_who_is_unhappy_only_on_the_tenth_day_is_put_before_staff_like_anybody(
    database: Database,
) -> None:
    """A survey's edit window may be as long as 30 days."""
    await add_staff(database)
    now = datetime.now(UTC)
    happy = an_answer(score=9, answered_at=now - timedelta(days=10), changed_at=now - timedelta(days=10))
    await deliver(database, act_on_answers, happy)
    assert await cases(database) == []
    await deliver(database, act_on_answers, replace(happy, version=2, score=2, changed_at=now))
    (case,) = await cases(database)
    assert case.due_at == now + timedelta(hours=24)
    assert len(await rows(database, "SELECT 1 FROM notification")) == 1


async def test_an_outage_of_ours_loses_no_customer_but_mails_nobody_days_later(database: Database) -> None:
    await add_staff(database)
    then = datetime.now(UTC) - timedelta(days=3)
    await deliver(database, act_on_answers, an_answer(answered_at=then, changed_at=then))
    assert len(await cases(database)) == 1
    assert await rows(database, "SELECT 1 FROM notification") == []


async def add_staff(
    database: Database,
    tenant: str = TENANT,
    role: str = "agent",
    segments: Sequence[str] = (),
    wants_mail: bool = True,
) -> None:
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO staff (tenant, id, address, name, role, segments, wants_mail, created_at) VALUES "
            "(:t, :i, :a, 'Sara Lund', :r, CAST(:s AS text[]), :w, now())",
            {
                "t": tenant,
                "i": (i := uuid7()),
                "a": f"{i}@example.com",
                "r": role,
                "s": list(segments),
                "w": wants_mail,
            },
        )


def histories(count: int, rng: random.Random) -> list[list[Answer]]:
    found = []
    for _ in range(count):
        first = an_answer(state="saved", score=rng.randint(0, 10))
        versions = [first]
        for version in range(2, rng.randint(2, 5)):
            versions.append(
                msgspec.structs.replace(
                    first, version=version, score=rng.randint(0, 10), state=rng.choice(["saved", "sent"])
                )
            )
        found.append(versions)
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_exactly_one_case_for_each_unhappy_answer_under_shuffled_and_doubled_versions(
    database: Database, seed: int
) -> None:
    rng = random.Random(seed)
    await add_staff(database)
    told = histories(25, rng)
    deliveries = [version for versions in told for version in versions] * 2
    rng.shuffle(deliveries)
    while deliveries:
        batch, deliveries = deliveries[:9], deliveries[9:]
        await deliver(database, act_on_answers, *batch)
    unhappy = {versions[0].id for versions in told if any((one.score or 0) <= 6 for one in versions)}
    found = await cases(database)
    assert sorted(case.answer_id for case in found) == sorted(unhappy)
    assert len({case.number for case in found}) == len(unhappy)
    newest = {versions[0].id: versions[-1].score for versions in told}
    firsts = {versions[0].id: versions[0].score for versions in told}
    assert {case.answer_id: case.score for case in found} == {i: newest[i] for i in unhappy}
    copies = await rows(database, "SELECT id, score, first_score FROM answer")
    assert {row.id: (row.score, row.first_score) for row in copies} == {
        i: (newest[i], firsts[i]) for i in newest
    }
    doubled = await rows(
        database, "SELECT answer_id, staff_id, count(*) FROM notification GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert doubled == []
    latest = {event.data.id: event.data for event in await published(database)}
    assert {i: one.version for i, one in latest.items()} == {case.id: case.version for case in found}


async def test_the_same_customer_unhappy_again_stays_in_the_open_case(database: Database) -> None:
    first, second = an_answer(customer_id="c-17", score=5), an_answer(customer_id="c-17", score=1)
    await deliver(database, act_on_answers, first, second)
    third = an_answer(customer_id="c-17", score=4)
    await deliver(database, act_on_answers, third)
    await deliver(database, act_on_answers, second, third)
    (case,) = await cases(database)
    assert await kinds(database) == ["opened", "again", "again"]
    assert case.contact_due_at - second.answered_at <= timedelta(hours=24)


async def test_a_new_answer_after_the_case_was_closed_opens_the_next(database: Database) -> None:
    await deliver(database, act_on_answers, an_answer(customer_id="c-17"))
    async with database.transaction() as uow:
        await uow.execute("UPDATE cases SET state = 'closed'")
    await deliver(database, act_on_answers, an_answer(customer_id="c-17"))
    assert len({case.number for case in await cases(database)}) == 2


async def test_the_same_ids_in_two_companies_are_two_things(database: Database) -> None:
    answer = an_answer(customer_id="c-17")
    await deliver(database, act_on_answers, answer)
    await deliver(database, act_on_answers, answer, tenant="other")
    assert [case.tenant for case in await cases(database)] == [TENANT, "other"]


async def test_a_better_score_closes_nothing_but_is_told(database: Database) -> None:
    answer = an_answer(state="saved", score=3)
    await deliver(database, act_on_answers, answer)
    await deliver(database, act_on_answers, msgspec.structs.replace(answer, version=2, score=9))
    (case,) = await cases(database)
    assert (case.state, case.score) == ("open", 9)
    (entry,) = await rows(
        database, "SELECT facts->>'before' AS a, facts->>'score' AS b FROM timeline WHERE kind = 'amended'"
    )
    assert (entry.a, entry.b) == ("3", "9")


async def test_the_team_gets_one_mail_when_the_answer_is_sent(database: Database) -> None:
    await add_staff(database)
    await add_staff(database, role="leader", segments=["organisation:north"])
    await add_staff(database, role="agent", segments=["touchpoint:shop"])
    await add_staff(database, role="analyst")
    await add_staff(database, wants_mail=False)
    await add_staff(database, tenant="other")
    answer = an_answer(state="saved")
    await deliver(database, act_on_answers, answer)
    assert await rows(database, "SELECT 1 FROM notification") == []
    sent = msgspec.structs.replace(answer, version=2, state="sent")
    await deliver(database, act_on_answers, sent)
    await deliver(database, act_on_answers, answer, sent)
    assert len(await rows(database, "SELECT 1 FROM notification")) == 2
    assert await kinds(database) == ["opened", "told"]


async def test_two_quiet_minutes_end_the_writing_and_the_mail_goes_out_once(database: Database) -> None:
    await add_staff(database)
    answer = an_answer(state="saved")
    await deliver(database, act_on_answers, answer)
    assert await fire_deadlines(database) == 0
    real = database.clock
    database.clock = lambda: real() + POLICY.quiet_after
    try:
        assert await fire_deadlines(database) == 1
        assert await fire_deadlines(database) == 0
        await deliver(database, act_on_answers, msgspec.structs.replace(answer, version=2, state="sent"))
    finally:
        database.clock = real
    assert len(await rows(database, "SELECT 1 FROM notification")) == 1


async def test_an_invitation_may_come_later_than_its_answer(database: Database) -> None:
    answer = an_answer()
    await deliver(database, act_on_answers, answer)
    before = (await cases(database))[0].changed_at
    await deliver(database, keep_invitations, an_invitation(answer))
    assert (await cases(database))[0].changed_at > before


async def test_a_number_that_another_case_has_is_given_to_nobody_else(database: Database) -> None:
    answers = [an_answer(), an_answer(), an_answer()]
    ids = [case_id(TENANT, answer.id) for answer in answers]
    await deliver(database, act_on_answers, answers[0])
    async with database.transaction() as uow:
        await uow.execute("UPDATE cases SET number = :taken", {"taken": case_number(ids[1], POLICY)})
    await deliver(database, act_on_answers, *answers[1:])
    numbers = {case.id: case.number for case in await cases(database)}
    assert numbers == {
        ids[0]: case_number(ids[1], POLICY),
        ids[1]: case_number(ids[1], POLICY, 1),
        ids[2]: case_number(ids[2], POLICY),
    }


def test_numbers_say_nothing_of_how_many_cases_there_are() -> None:
    numbers = [case_number(case_id(TENANT, uuid7()), POLICY) for _ in range(2_000)]
    assert all(100_000 <= number <= 999_999 for number in numbers)
    rising = sum(before < after for before, after in pairwise(numbers))
    assert 900 < rising < 1_100
    longer = [case_number(case_id(TENANT, uuid7()), POLICY, attempt) for attempt in (3, 6, 9, 12, 50)]
    assert [len(str(number)) for number in longer] == [7, 8, 9, 9, 9]


async def test_an_invitation_wakes_the_open_pages_of_a_case_that_lacked_it_and_no_others(
    database: Database,
) -> None:
    known, unknown, last = (an_answer() for _ in range(3))
    await deliver(database, act_on_answers, known)
    await deliver(database, act_on_answers, last, tenant="last")
    woken: list[str] = []
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.add_listener(CHANGES_CHANNEL, lambda *notified: woken.append(notified[-1]))
        await deliver(database, keep_invitations, an_invitation(unknown), tenant="other")
        for _ in range(2):
            await deliver(database, keep_invitations, an_invitation(known))
        await deliver(database, keep_invitations, an_invitation(last), tenant="last")
        await eventually(lambda: "last" in woken)
        await driver.reset()
    assert woken == [TENANT, "last"]
