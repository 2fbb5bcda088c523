from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.asked_model import differing_counts, forget_counts
from support.examples import examples
from support.invitations import an_invitation, invite
from support.scorer_builders import DAY, add_tenant, an_answer, count, kept_counts, naive_counts
from support.suspects import suspect

from services.scorer import handlers
from services.scorer.asked.noted_repository import count_noted_asked
from services.scorer.asked.recount_repository import recount_asked
from services.scorer.domain import Groups, groups_of
from services.scorer.repository.counts import segment_parts, window_counts
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import Answer

AT = datetime(2024, 2, 29, 12, tzinfo=UTC)


def only(score: int) -> list[int]:
    return [int(score == s) for s in range(11)]


async def test_an_answer_counts_for_the_company_each_dimension_and_each_level(database: Database) -> None:
    await count(database, an_answer(score=3))
    assert await kept_counts(database) == {
        ("transactional", segment, DAY): only(3)
        for segment in ("", "touchpoint:checkout", "organisation:north", "organisation:north/sales")
    }


async def test_an_amended_score_is_taken_back_and_counted_anew(database: Database) -> None:
    await count(database, an_answer(score=3))
    await count(database, an_answer(score=9, version=2))
    assert set(map(tuple, (await kept_counts(database)).values())) == {tuple(only(9))}
    async with database.reading() as uow:
        assert (await uow.execute("SELECT was FROM answer")).scalar_one() == 3


async def test_a_changed_comment_changes_no_count_and_marks_nothing(database: Database) -> None:
    await count(database, an_answer(score=3))
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM changed")
    await count(database, an_answer(score=3, version=2, comment="It rained."))
    async with database.reading() as uow:
        assert (await uow.execute("SELECT count(*) FROM changed")).scalar_one() == 0
        assert (await uow.execute("SELECT comment FROM answer")).scalar_one() == "It rained."
    assert set(map(tuple, (await kept_counts(database)).values())) == {tuple(only(3))}


async def test_an_older_version_that_comes_late_changes_nothing(database: Database) -> None:
    await count(database, an_answer(score=9, version=2))
    await count(database, an_answer(score=3, version=1))
    assert set(map(tuple, (await kept_counts(database)).values())) == {tuple(only(9))}


@pytest.mark.parametrize(
    "never", [{"test": True}, {"beyond_draw": True}, {"state": "clicked", "score": None, "day": None}]
)
async def test_tests_clicks_and_what_was_asked_beyond_a_draw_never_count(
    database: Database, never: dict[str, Any]
) -> None:
    await count(database, an_answer(**never))
    assert await kept_counts(database) == {}


async def test_b38_an_answer_after_a_case_counts_in_no_score(database: Database) -> None:
    """Also where it was counted as another one before, as by a version that knew no such measurement."""
    await count(database, an_answer("before", score=3), an_answer("again", score=8, measurement="recovery"))
    assert set(map(tuple, (await kept_counts(database)).values())) == {tuple(only(3))}
    assert {measurement for measurement, _, _ in await kept_counts(database)} == {"transactional"}
    await count(database, an_answer("before", score=9, measurement="recovery", version=2))
    assert await kept_counts(database) == {}
    async with database.reading() as uow:
        assert (await uow.execute("SELECT count(*) FROM answer WHERE score IS NULL")).scalar_one() == 2


async def test_a_suspect_answer_counts_on_its_day_while_it_is_judged_a_persons(database: Database) -> None:
    long_ago = date(2024, 2, 29)
    answer = an_answer(day=long_ago, score=3, comment="Click here", answered_at=AT)
    await count(database, suspect(answer))
    assert await kept_counts(database) == {}
    async with database.reading() as uow:
        assert (await uow.execute("SELECT comment FROM answer")).scalar_one() is None
    await count(database, suspect(answer, 2, "human"))
    assert (await kept_counts(database))["transactional", "", long_ago] == only(3)
    await count(database, suspect(answer, 3, "machine"))
    assert set(map(tuple, (await kept_counts(database)).values())) <= {(0,) * 11}
    await count(database, suspect(answer, 4, "human"), suspect(answer, 4, "human"))
    assert (await kept_counts(database))["transactional", "", long_ago] == only(3)


async def test_a_late_answer_adds_to_its_old_day(database: Database) -> None:
    long_ago = date(2024, 2, 29)
    await count(database, an_answer("new"), an_answer("late", day=long_ago, score=1))
    counts = await kept_counts(database)
    assert counts["transactional", "", long_ago] == only(1)
    assert counts["transactional", "", DAY] == only(9)


async def test_an_answer_that_names_its_organisation_twice_counts_once(database: Database) -> None:
    await count(database, an_answer(segments={"organisation": "north"}, organisation=("north",)))
    assert (await kept_counts(database))["transactional", "organisation:north", DAY] == only(9)


async def test_another_companys_answers_are_its_own(database: Database) -> None:
    await count(database, an_answer(score=3))
    await count(database, an_answer(score=9), tenant="other")
    assert (await kept_counts(database))["transactional", "", DAY] == only(3)
    assert (await kept_counts(database, "other"))["transactional", "", DAY] == only(9)


async def test_a_full_dimension_still_counts_for_the_company_and_warns(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "MAX_DIMENSION_VALUES", 2)
    for name in "abcd":
        await count(database, an_answer(name, segments={"store": name}, organisation=()))
    await count(database, an_answer("again", segments={"store": "a"}, organisation=()))
    counts = await kept_counts(database)
    assert sum(counts["transactional", "", DAY]) == 5
    assert {segment for _, segment, _ in counts} == {"", "store:a", "store:b"}
    async with database.reading() as uow:
        row = (await uow.execute("SELECT size, left_out FROM dimension")).one()
        assert tuple(row) == (2, 2)
        assert await differing_counts(uow, "acme") == []


async def test_who_was_asked_counts_in_no_further_value_of_a_full_dimension(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the number of an order: there would be a count for each invitation."""
    monkeypatch.setattr(handlers, "MAX_DIMENSION_VALUES", 2)
    await add_tenant(database)
    for name in "ab":
        await count(database, an_answer(name, segments={"order": name}, organisation=()))
    asked = [
        an_invitation(f"i{number}", segments={"order": name, "store": "x"}, organisation=())
        for number, name in enumerate("abcdefgh")
    ]
    await invite(database, *asked)
    async with database.transaction() as uow:
        await count_noted_asked(uow, 100)
        rows = await uow.execute("SELECT DISTINCT segment FROM asked_count ORDER BY 1")
        assert [row.segment for row in rows] == ["", "order:a", "order:b", "store:x"]
        assert await recount_asked(uow, "acme") == []


async def test_what_is_read_again_or_amended_is_left_out_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "MAX_DIMENSION_VALUES", 1)
    first = [an_answer(name, segments={"store": name}, organisation=()) for name in "ab"]
    amended = an_answer("b", version=2, score=3, segments={"store": "b"}, organisation=())
    for _ in range(3):
        await count(database, *first)
        await count(database, amended)
    async with database.reading() as uow:
        assert (await uow.execute("SELECT left_out FROM dimension")).scalar_one() == 1


async def test_b6_the_day_in_and_the_day_out_of_a_window(database: Database) -> None:
    last = date(2026, 11, 22)
    window = Window.ending(last, 30)
    inside = [window.first, last]
    outside = [window.first - timedelta(days=1), last + timedelta(days=1)]
    for day in inside + outside:
        await count(database, an_answer(str(day), day=day))
    async with database.reading() as uow:
        assert sum(await window_counts(uow, "acme", "transactional", "", window)) == 2
        year = Window.ending(last, 365)
        assert sum(await window_counts(uow, "acme", "transactional", "", year)) == 3


async def test_the_list_of_segments_counts_the_days_of_its_two_windows_and_none_between_or_around(
    database: Database,
) -> None:
    now = Window.ending(date(2026, 11, 22), 30)
    for before in (now.before(), now.last_year(), Window.ending(now.last - timedelta(days=10), 30)):
        edges = {window: (window.first, window.last) for window in (now, before)}
        outside = [min(now.first, before.first) - timedelta(days=1), now.last + timedelta(days=1)]
        between = [before.last + timedelta(days=1)] if before.last + timedelta(days=1) < now.first else []
        days = sorted({*edges[now], *edges[before], *outside, *between})
        tenant = f"acme-{before.first}"
        for day in days:
            await count(database, an_answer(str(day), day=day, score=9), tenant=tenant)
        async with database.reading() as uow:
            found = {
                selection: await segment_parts(
                    uow, Selection(tenant, selection), "transactional", "touchpoint", now, before
                )
                for selection in ((), ("organisation:north",))
            }
        for (part,) in found.values():
            assert part.segment == "touchpoint:checkout"
            assert part.now.n == sum(day in now for day in days)
            assert part.before.n == sum(day in before for day in days)
        assert len(days) > max(part.now.n, part.before.n)


versions = st.builds(
    lambda name, version, score, day, store, test, measurement: an_answer(
        name,
        version=version,
        score=score,
        state="clicked" if score is None else "saved",
        day=DAY - timedelta(days=day),
        segments={"store": store},
        organisation=("north", store),
        test=test,
        measurement=measurement,
    ),
    st.sampled_from("abcdefgh"),
    st.integers(1, 5),
    st.one_of(st.none(), st.integers(0, 10)),
    st.integers(0, 400),
    st.sampled_from(["x", "y/z", "%|"]),
    st.booleans(),
    st.sampled_from(["transactional", "relational"]),
)
histories = st.lists(versions, max_size=40, unique_by=lambda answer: (answer.id, answer.version))


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), history=histories, batch=st.integers(1, 15))
async def test_any_order_with_doubles_and_amendments_gives_the_counts_of_a_recount(
    database: Database, data: st.DataObject, history: list[Answer], batch: int
) -> None:
    published = data.draw(st.permutations([*history, *history[::3]]))
    await forget_counts(database)
    for first in range(0, len(published), batch):
        await count(database, *published[first : first + batch])
    assert await kept_counts(database) == naive_counts(history)
    async with database.reading() as uow:
        assert await differing_counts(uow, "acme") == []


windows = st.builds(
    lambda last, days: Window.ending(DAY - timedelta(days=last), days),
    st.integers(0, 400),
    st.integers(1, 500),
)


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), history=histories, batch=st.integers(1, 15), now=windows, before=windows)
async def test_the_parts_of_any_two_windows_are_the_plain_sums_of_their_days(
    database: Database, data: st.DataObject, history: list[Answer], batch: int, now: Window, before: Window
) -> None:
    await forget_counts(database)
    published = data.draw(st.permutations([*history, *history[::3]]))
    for first in range(0, len(published), batch):
        await count(database, *published[first : first + batch])
    plain = naive_counts(history)

    def total(segment: str, window: Window) -> Groups:
        days = [
            groups_of(counts)
            for (kind, name, day), counts in plain.items()
            if kind == "transactional" and name == segment and day in window
        ]
        return Groups(*(sum(getattr(day, name) for day in days) for name in Groups.__slots__))

    async with database.reading() as uow:
        found = {
            part.segment: (part.now, part.before)
            for part in await segment_parts(uow, Selection("acme"), "transactional", "store", now, before)
            if part.now.n or part.before.n
        }
    wanted = {
        name: (total(name, now), total(name, before)) for _, name, _ in plain if name.startswith("store:")
    }
    assert found == {name: sums for name, sums in wanted.items() if any(each.n for each in sums)}
