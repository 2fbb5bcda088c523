"""The counts of who was asked, and of themes: what reading the invitations and answers one by one comes to."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.asked_model import UNNESTED, differing_counts, forget_counts, from_rows
from support.examples import examples
from support.invitations import ASKED_AT, an_answer_to, an_invitation, invite
from support.scorer_builders import ACME, add_tenant, count, events_of, until_somebody_waits

from services.scorer import handlers
from services.scorer.asked import part_repository, repository
from services.scorer.asked.domain import total_of
from services.scorer.asked.noted_repository import count_noted
from services.scorer.asked.recount_repository import recount_asked
from services.scorer.auditing.noted_mending import mend_noted
from services.scorer.auditing.recounting import audit_now
from services.scorer.noted_counts import NotedCounter
from services.scorer.repository.counting import CountKey
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import Answer, Invitation
from shared.health import Health

ZONE = ACME.time_zone
WINDOW = Window((ASKED_AT - timedelta(days=1)).date(), (ASKED_AT + timedelta(days=1)).date())
PLACES: tuple[dict[str, str], ...] = ({"touchpoint": "web"}, {"touchpoint": "desk", "store": "a"}, {})
COMMENTS = (None, "", "The parcel came late", "Rude staff and a late parcel", "Fine")


@pytest.fixture
async def database(database: Database) -> Database:
    """A database that knows the company."""
    await add_tenant(database)
    return database


async def count_all_noted(database: Database, limit: int = 1000) -> None:
    """Have the loop count what was noted."""
    counter = NotedCounter(database, Health(), limit)
    while await counter.step() == 0:
        pass


async def differences(database: Database) -> list[CountKey]:
    """Where anything that is kept differs from what is counted anew."""
    async with database.reading() as uow:
        return await differing_counts(uow, "acme")


async def assert_reads_what_rows_say(database: Database) -> None:
    async with database.reading() as uow:
        for segments in ((), ("touchpoint:web",), ("touchpoint:desk", "store:a")):
            selection = Selection("acme", segments)
            read = uow, selection, "transactional", WINDOW
            total, ends = await from_rows(uow, selection, WINDOW, ZONE)
            assert await repository.count_asked(*read) == total.get(0, total_of(()))
            if len(segments) > 1:
                continue
            days = await repository.count_by_day(*read)
            by_day, _ = await from_rows(
                uow, selection, WINDOW, ZONE,
                f"CAST(i.sent_at AT TIME ZONE '{ZONE}' AS date) || coalesce(i.channel, '')",
            )  # fmt: skip
            assert {f"{each.day}{each.channel}": each.counts for each in days} == by_day
            assert await repository.find_last_end(uow, selection, "transactional", days) == ends
            by_hour, _ = await from_rows(
                uow, selection, WINDOW, ZONE, f"extract(hour FROM i.sent_at AT TIME ZONE '{ZONE}')"
            )
            assert await repository.count_by_hour(*read) == by_hour
            for dimension in ("touchpoint", "store"):
                key = f"CASE WHEN starts_with(s.segment, '{dimension}:') THEN s.segment END"
                parts, _ = await from_rows(uow, selection, WINDOW, ZONE, key, UNNESTED)
                parts.pop(None, None)
                assert await part_repository.count_by_segment(*read, dimension) == parts
            names, _ = await from_rows(
                uow, selection, WINDOW, ZONE, "split_part(s.segment, ':', 1)", UNNESTED
            )
            assert await part_repository.list_dimensions_asked(*read) == set(names)


INVITED = st.tuples(
    st.integers(-30 * 60, 30 * 60),  # minutes from ASKED_AT
    st.sampled_from(PLACES),
    st.sampled_from(("mail", "mail", "sms", "link")),
    st.sampled_from(("sent", "bounced")),
    st.sampled_from((None, "undeliverable")),
    st.sampled_from(("", "", "", "", "test", "anonymous", "beyond_draw")),
)
ANSWERED = st.tuples(
    st.lists(st.integers(0, 10), max_size=3), st.sampled_from(COMMENTS), st.booleans(), st.booleans()
)


def versions_of(number: int, invited: Any, answered: Any) -> list[Invitation | Answer]:
    """Each version of an invitation and of its answer."""
    minutes, segments, channel, state, report, flag = invited
    sent_at = ASKED_AT + timedelta(minutes=minutes)
    how = {"segments": segments, "touchpoint": segments.get("touchpoint"), "organisation": ()}
    how |= {"channel": channel} | ({flag: True} if flag else {})
    asked = an_invitation(f"i{number}", sent_at=sent_at, version=2, **how)
    found: list[Invitation | Answer] = [
        an_invitation(f"i{number}", sent_at=None, state="waiting", **how),
        asked,
        an_invitation(f"i{number}", sent_at=sent_at, version=3, state=state, report=report, **how),
    ]
    scores, comment, clicks, erased = answered
    if clicks or scores:
        found.append(an_answer_to(asked, f"i{number}", state="clicked", score=None, day=None))
    for version, score in enumerate(scores, 2):
        found.append(
            an_answer_to(
                asked, f"i{number}", version=version, score=score, language="en",
                comment=None if erased and version > 2 else comment,
                test=flag == "test", beyond_draw=flag == "beyond_draw",
            )
        )  # fmt: skip
    return found


@settings(
    max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(INVITED, ANSWERED), max_size=8), st.data())
async def test_in_any_order_of_events_duplicates_and_amendments_the_counts_are_those_of_the_rows(
    database: Database, drawn: Sequence[Any], data: st.DataObject
) -> None:
    """Whether what was noted is counted yet, or in part, or not."""
    await forget_counts(database)
    events = [event for n, each in enumerate(drawn) for event in versions_of(n, *each)]
    order = data.draw(st.permutations(events)) if events else []
    order += data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    while order:
        size = data.draw(st.integers(1, len(order)))
        batch, order = order[:size], order[size:]
        if invitations := [each for each in batch if isinstance(each, Invitation)]:
            await invite(database, *invitations)
        if answers := [each for each in batch if isinstance(each, Answer)]:
            await count(database, *answers)
        if data.draw(st.booleans()):
            await NotedCounter(database, Health(), data.draw(st.integers(1, 5))).step()
    assert await differences(database) == []
    await assert_reads_what_rows_say(database)
    await count_all_noted(database, 3)
    assert await differences(database) == []
    await assert_reads_what_rows_say(database)
    async with database.reading() as uow:
        assert await count_noted(uow) == 0


async def test_an_invitation_and_its_answer_that_are_kept_at_once_are_both_counted(
    database: Database,
) -> None:
    invitations = [an_invitation(f"i{n}") for n in range(300)]
    answers = [an_answer_to(one, f"i{n}", score=n % 11) for n, one in enumerate(invitations)]

    async def ask() -> None:
        for first in range(0, 300, 30):
            await invite(database, *invitations[first : first + 30])

    async def answer() -> None:
        for first in range(0, 300, 50):
            await count(database, *answers[first : first + 50])

    async def work() -> None:
        for _ in range(20):
            await NotedCounter(database, Health(), 7).step()

    await asyncio.gather(ask(), answer(), work())
    await count_all_noted(database)
    assert await differences(database) == []
    async with database.reading() as uow:
        found = await repository.count_asked(uow, Selection("acme"), "transactional", WINDOW)
    assert (found.asked, found.opened, found.answered) == (300, 300, 300)


async def test_an_answer_before_its_invitation_asks_nobody(database: Database) -> None:
    late = an_invitation("late")
    await count(database, an_answer_to(late, "late", score=3))
    await count_all_noted(database)
    async with database.reading() as uow:
        read = uow, Selection("acme"), "transactional", WINDOW
        assert await repository.count_by_day(*read) == []
    await invite(database, late)
    async with database.reading() as uow:
        (day,) = await repository.count_by_day(uow, *read[1:])
    assert (day.counts.asked, day.counts.answered, day.counts.groups.detractors) == (1, 1, 1)


async def test_invitations_that_came_before_their_company_are_counted_once_it_is_known(
    database: Database,
) -> None:
    await invite(
        database, an_invitation("early", sent_at=datetime(2026, 11, 1, 23, 30, tzinfo=UTC)), tenant="b"
    )
    await count_all_noted(database)
    await add_tenant(database, type(ACME)(id="b", version=1, name="B", time_zone=ZONE, country="DK"))
    await count_all_noted(database)
    async with database.reading() as uow:
        (day,) = await repository.count_by_day(uow, Selection("b"), "transactional", WINDOW)
        assert await recount_asked(uow, "b") == []
    assert (str(day.day), day.counts.asked) == ("2026-11-02", 1)


@pytest.mark.parametrize(
    ("table", "column"), [("asked_count", "opened"), ("asked_hour", "asked"), ("theme_count", "passives")]
)
async def test_a_count_that_was_changed_by_hand_is_found(database: Database, table: str, column: str) -> None:
    asked = an_invitation("a")
    await invite(database, asked)
    await count(database, an_answer_to(asked, "a", comment="Late", language="en"))
    await count_all_noted(database)
    assert await differences(database) == []
    async with database.transaction() as uow:
        await uow.execute(f"UPDATE {table} SET {column} = {column} + 1")
    assert {(key.tenant, key.measurement) for key in await differences(database)} == {
        ("acme", "transactional")
    }


BY_HAND = {
    "a day of who was asked": "UPDATE asked_count SET asked = asked + 1, endless = endless + 1 WHERE segment = ''",
    "a segment of who was asked": "DELETE FROM asked_count WHERE segment = 'touchpoint:web'",
    "a day that nobody was asked on": """
        INSERT INTO asked_count SELECT tenant, measurement, segment, date '2024-02-29', channel, asked, delivered,
            opened, answered, detractors, passives, promoters, endless, ends FROM asked_count
    """,
    "an hour": "UPDATE asked_hour SET answered = answered - 1",
    "what is noted": "UPDATE asked_change SET n = n + 1",
    "an answer that no invitation knows": "UPDATE invitation SET opened = false, score = NULL",
    "a theme": "UPDATE theme_count SET promoters = promoters + 2",
    "themes that are gone": "DELETE FROM theme_count",
    "a theme that is noted": "DELETE FROM theme_change",
}


@pytest.mark.parametrize("sql", BY_HAND.values(), ids=BY_HAND)
async def test_counts_of_the_asked_and_of_themes_that_were_changed_by_hand_are_found_and_mended(
    database: Database, sql: str
) -> None:
    invited = [an_invitation(f"i{n}", sent_at=ASKED_AT, segments=PLACES[n % 2]) for n in range(6)]
    answers = [
        an_answer_to(invited[n], f"i{n}", score=3 * n, comment="Late", language="en") for n in range(3)
    ]
    await invite(database, *invited[:4])
    await count(database, *answers[:2])
    await count_all_noted(database)
    await invite(database, *invited[4:])
    await count(database, *answers[2:])
    assert (await audit_now(database, "acme"))[0].result.is_equal
    async with database.transaction() as uow:
        await uow.execute(sql)
    found, _ = await audit_now(database, "acme")
    assert not found.result.is_equal
    assert (found.differing.days, found.differing.weeks) == ([], [])
    after, mended = await audit_now(database, "acme", mending=True)
    assert after.result.is_equal
    assert mended == sum(map(len, found.noted)) > 0
    assert await differences(database) == []
    await count_all_noted(database)
    assert await differences(database) == []
    await assert_reads_what_rows_say(database)


async def test_what_is_counted_while_counts_are_mended_is_neither_lost_nor_doubled(
    database: Database,
) -> None:
    asked = an_invitation("i1", sent_at=ASKED_AT, segments=PLACES[0])
    await invite(database, asked)
    await count_all_noted(database)
    async with database.transaction() as uow:
        await uow.execute("UPDATE asked_count SET asked = asked + 1")
    found, _ = await audit_now(database, "acme")
    async with database.transaction() as uow:
        await handlers.count_answers(uow, events_of([an_answer_to(asked, "i1", score=9)]))
        mending = asyncio.ensure_future(mend_noted(database, "acme", found.noted))
        await until_somebody_waits(database)
    await mending
    assert await differences(database) == []
    await assert_reads_what_rows_say(database)
