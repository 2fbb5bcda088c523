"""Anonymous answers wait for each other; what is counted, listed, announced and published holds five or none."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from support.asked_model import differing_counts
from support.examples import examples
from support.scorer_builders import DAY, add_tenant, an_answer, count, kept_counts, naive_counts

from services.scorer import handlers
from services.scorer.anonymity import MAX_WAIT, MIN_BUNDLE
from services.scorer.asked.repository import count_asked
from services.scorer.counting_anonymous import AnonymousCounter
from services.scorer.gauges import measure_waiting
from services.scorer.repository.answers import list_answers
from services.scorer.repository.recent_changes import list_recent_changes
from services.scorer.repository.segments import list_values
from services.scorer.repository.selection import AnswerFilter, Selection
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import INVITATIONS, Answer, Customer, Invitation
from shared.health import Health
from shared.ids import uuid7

MIDNIGHT = datetime(2026, 11, 19, 23, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVER = Window(DAY - timedelta(days=60), DAY + timedelta(days=60))


def anonymous(name: str, **given_fields: Any) -> Answer:
    """An anonymous answer as the collector publishes it."""
    return an_answer(
        name, **{"anonymous": True, "answered_at": MIDNIGHT, "changed_at": MIDNIGHT} | given_fields
    )


async def turn(database: Database, now: datetime = NOON) -> None:
    """A turn of the loop."""
    database.clock = lambda: now
    await AnonymousCounter(database, Health("scorer"), handlers.count).step()


async def listed(database: Database, *segments: str) -> list[Any]:
    async with database.reading() as uow:
        found = Selection("acme", segments)
        return await list_answers(uow, found, "transactional", EVER, 100, None, AnswerFilter())


async def test_four_are_nowhere_and_the_fifth_has_them_counted(database: Database) -> None:
    for number in range(4):
        await count(database, anonymous(f"a{number}", score=number, comment=f"Comment {number}"))
        await turn(database)
    assert await kept_counts(database) == {}
    assert await listed(database) == []
    async with database.reading() as uow:
        assert await list_values(uow, "acme", "touchpoint", 10) == []
        assert await list_recent_changes(uow, ["acme"], NOON - timedelta(days=1), 10) == []
        for table in ("changed", "answer", "segment", "dimension", "week_count", "outbox"):
            assert (await uow.execute(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table
    await count(database, anonymous("a4", score=9, day=DAY - timedelta(days=1)))
    await turn(database)
    counts = [1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0]
    assert await kept_counts(database) == {
        ("transactional", segment, DAY): counts
        for segment in ("", "touchpoint:checkout", "organisation:north", "organisation:north/sales")
    }
    assert len({(row.day, row.answered_at, row.touchpoint, row.was) for row in await listed(database)}) == 1
    async with database.reading() as uow:
        assert await differing_counts(uow, "acme") == []
        assert (await uow.execute("SELECT count(*) FROM waiting_answer")).scalar_one() == 0


async def test_one_that_is_read_again_is_neither_doubled_nor_kept_waiting(database: Database) -> None:
    answers = [anonymous(f"a{number}") for number in range(5)]
    for _ in range(2):
        await count(database, *answers)
    await turn(database)
    before = await kept_counts(database)
    await count(database, *answers)
    await turn(database)
    # Another version has lost its comment, and nothing else.
    await count(database, anonymous("a0", version=2, score=0, comment="", segments={}, day=date(2026, 1, 1)))
    await turn(database, NOON + timedelta(days=30))
    assert await kept_counts(database) == before
    async with database.reading() as uow:
        assert (await uow.execute("SELECT count(*) FROM waiting_answer")).scalar_one() == 0
        assert await differing_counts(uow, "acme") == []


async def test_after_a_week_those_who_are_few_count_further_up(database: Database) -> None:
    stores = [anonymous(f"a{n}", segments={"store": str(n), "touchpoint": "checkout"}) for n in range(5)]
    await count(database, *stores)
    await turn(database, NOON + MAX_WAIT)
    assert await kept_counts(database) == {}
    await turn(database, NOON + MAX_WAIT + timedelta(days=1))
    segments = {segment for _, segment, _ in await kept_counts(database)}
    assert segments == {"", "touchpoint:checkout", "organisation:north", "organisation:north/sales"}
    assert len(await listed(database, "touchpoint:checkout")) == 5


async def test_how_many_wait_is_measured(database: Database) -> None:
    for number, waiting in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 0)):
        await count(database, anonymous(f"a{number}"))
        await turn(database)
        async with database.reading() as uow:
            await measure_waiting(uow)
        assert REGISTRY.get_sample_value("afterword_anonymous_answers_waiting") == waiting


@pytest.mark.parametrize(
    "how", [{"test": True}, {"beyond_draw": True}, {"origin": "link"}, {"measurement": "recovery"}], ids=str
)
async def test_what_counts_in_no_score_does_not_count_anonymously_either(
    database: Database, how: dict[str, Any]
) -> None:
    await count(database, *(anonymous(f"a{number}", **how) for number in range(9)))
    await turn(database)
    assert await kept_counts(database) == {}
    async with database.reading() as uow:
        assert (await uow.execute("SELECT count(*) FROM waiting_answer")).scalar_one() == 0


async def test_answers_with_a_name_count_at_once_and_as_ever(database: Database) -> None:
    named = [an_answer(f"n{number}", score=number) for number in range(7)]
    hidden = [anonymous(f"a{number}", segments={"store": str(number)}) for number in range(4)]
    await count(database, *named, *hidden)
    await turn(database)
    assert await kept_counts(database) == naive_counts(named)


async def test_another_turn_at_the_same_time_counts_nothing(database: Database) -> None:
    await count(database, *(anonymous(f"a{number}") for number in range(5)))
    async with database.transaction() as uow:
        await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('anonymous answers', 0))")
        await turn(database)
    assert await kept_counts(database) == {}
    await turn(database)
    assert await kept_counts(database) != {}


async def test_who_was_asked_anonymously_or_beyond_a_draw_is_not_among_those_who_could_be_seen_to_answer(
    database: Database,
) -> None:
    await add_tenant(database)
    async with database.transaction() as uow:
        await handlers.keep_invitations(
            uow,
            [
                INVITATIONS.event("acme", an_invitation(**how), NOON)
                for how in ({"anonymous": True}, {"beyond_draw": True}, {})
            ],
        )
        days = Window((NOON - timedelta(days=1)).date(), (NOON + timedelta(days=1)).date())
        invited = await count_asked(uow, Selection("acme"), "transactional", days)
    assert (invited.asked, invited.answered) == (1, 0)


def an_invitation(**how: Any) -> Invitation:
    return Invitation(
        id=uuid7(), version=1, state="sent", survey_id=UUID(int=1), survey_version=1, survey_name="Delivery",
        measurement="transactional", language="en", test=False, customer=Customer(id="c-1"),
        event_id=uuid7(), event_type="order", occurred_at=NOON, decided_at=NOON, due_at=NOON, sent_at=NOON,
        expires_at=NOON, **how,
    )  # fmt: skip


SEGMENTS = st.sampled_from(({}, {"store": "1"}, {"store": "2"}, {"store": "1", "touchpoint": "web"}))
PATHS = st.sampled_from(((), ("north",), ("north", "a"), ("south",)))
BATCHES = st.lists(
    st.lists(st.tuples(SEGMENTS, PATHS, st.integers(0, 2), st.booleans()), max_size=8), max_size=8
)


@settings(
    max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=BATCHES)
async def test_no_subtraction_leaves_one_to_four(database: Database, batches: Any) -> None:
    """Of all figures, by segment and day and at every moment, less what answers with a name count: by segments,
    by siblings, by windows that differ by a day, and by what was shown before.
    """
    async with database.transaction() as uow:
        await uow.execute(
            "TRUNCATE answer, waiting_answer, day_count, week_count, changed, segment, dimension, "
            "theme_count, theme_change"
        )
    named: list[Answer] = []
    shown: list[dict[tuple[str, date], int]] = [{}]
    for number, batch in enumerate([*batches, [], [], []]):
        answers = [
            (an_answer if with_name else anonymous)(
                f"{number}-{place}",
                segments=segments,
                organisation=path,
                touchpoint=segments.get("touchpoint"),
                day=DAY + timedelta(days=number - back),
            )
            for place, (segments, path, back, with_name) in enumerate(batch)
        ]
        named += [answer for answer in answers if not answer.anonymous]
        await count(database, *answers)
        await turn(database, NOON + timedelta(days=number if number < len(batches) else number + 9))
        of_named = naive_counts(named)
        shown.append(
            {
                (segment, day): left
                for (_, segment, day), counts in (await kept_counts(database)).items()
                if (left := sum(counts) - sum(of_named.get(("transactional", segment, day), ())))
            }
        )
    cells = {key for figures in shown for key in figures}
    for before, after in pairwise(shown):
        for key in cells:
            assert after.get(key, 0) - before.get(key, 0) not in range(1, MIN_BUNDLE)
    last = shown[-1]
    assert not any(number in range(1, MIN_BUNDLE) or number < 0 for number in last.values())
    for day in {day for _, day in last}:
        for of_dimension in ("store:", "touchpoint:", "organisation:"):
            siblings = [
                number
                for (segment, on), number in last.items()
                if on == day and segment.startswith(of_dimension) and "/" not in segment
            ]
            assert last.get(("", day), 0) - sum(siblings) not in range(1, MIN_BUNDLE)
    async with database.reading() as uow:
        assert await differing_counts(uow, "acme") == []


@pytest.mark.parametrize("number", [4, 5])
async def test_a_list_of_comments_holds_a_group_or_nothing(database: Database, number: int) -> None:
    await count(
        database, *(anonymous(f"a{n}", comment="Good", segments={"store": "1"}) for n in range(number))
    )
    await turn(database)
    assert len(await listed(database, "store:1")) == (5 if number == 5 else 0)
