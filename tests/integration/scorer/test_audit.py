"""The audit: nothing differs by itself; what is changed by hand is found, told and mended, while others count."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from support.erasing import erase_waiting, note_erased
from support.examples import examples
from support.http_clients import environment_of
from support.scorer_builders import (
    ACME,
    DAY,
    add_tenant,
    an_answer,
    count,
    events_of,
    kept_counts,
    naive_counts,
    until_somebody_waits,
)
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from typer.testing import CliRunner

from services.scorer import audit_watch, handlers
from services.scorer.app import SERVICE
from services.scorer.audit_watch import NightlyAudit
from services.scorer.auditing import mending, repository
from services.scorer.auditing.domain import NO_COUNTS
from services.scorer.auditing.mending import mend
from services.scorer.auditing.mending_repository import lock_counts
from services.scorer.auditing.recounting import Audit, GoingOn, audit_company, audit_now, portions
from services.scorer.command import add_to, as_document, as_line
from services.scorer.counting_anonymous import AnonymousCounter
from services.scorer.gauges import measure_audit
from services.scorer.repository.counting import CountKey, recount
from shared.db.database import Database, UnitOfWork
from shared.events import Answer
from shared.health import Health

KIM = "kim-4711"


async def change(database: Database, sql: str) -> None:
    """By hand, past all rules."""
    async with database.transaction() as uow:
        await uow.execute(sql)


async def audit(database: Database) -> Audit:
    return await audit_company(database, ACME.id, DAY)


def naive_totals(answers: list[Answer]) -> dict[str, tuple[int, ...]]:
    """What the collector would publish of these, one answer after the other."""
    newest: dict[object, Answer] = {}
    for answer in sorted(answers, key=lambda each: each.version):
        newest[answer.id] = answer
    found: dict[str, list[int]] = {}
    for answer in newest.values():
        counts = answer.score is not None and answer.day is not None and answer.state != "clicked"
        if not counts or answer.test or answer.beyond_draw or answer.score is None:
            continue
        name = f"{answer.measurement}/{'anonymous' if answer.anonymous else answer.day}"
        found.setdefault(name, [0] * 11)[answer.score] += 1
    return {name: tuple(counts) for name, counts in found.items()}


heard = st.builds(
    lambda name, version, score, day, store, test, measurement: an_answer(
        f"{measurement}{name}",
        version=version,
        score=score,
        state="clicked" if score is None else "saved",
        day=None if score is None else DAY - timedelta(days=day),
        segments={"store": store},
        organisation=("north", store),
        test=test,
        measurement=measurement,
        customer_id=KIM if name < "c" else "c-1",
    ),
    st.sampled_from("abcdefgh"),
    st.integers(1, 5),
    st.one_of(st.none(), st.integers(0, 10)),
    st.integers(0, 400),
    st.sampled_from(["x", "y/z", "%|"]),
    st.booleans(),
    st.sampled_from(["transactional", "relational"]),
)
final = st.builds(
    lambda name, score, day: an_answer(
        f"n{name}", score=score, day=DAY - timedelta(days=day), anonymous=True, touchpoint="desk"
    ),
    st.integers(0, 11),
    st.integers(0, 10),
    st.integers(0, 5),
)
histories = st.lists(
    st.one_of(heard, final), max_size=50, unique_by=lambda answer: (answer.id, answer.version)
)


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), history=histories, batch=st.integers(1, 15))
async def test_after_any_order_of_events_doubles_amendments_and_erasures_nothing_differs(
    database: Database, data: st.DataObject, history: list[Answer], batch: int
) -> None:
    published = data.draw(st.permutations([*history, *history[::3]]))
    erased_at = data.draw(st.integers(0, len(published)))
    tables = ("answer", "waiting_answer", "day_count", "week_count", "changed", "erased", "audit_result")
    for table in tables:
        await change(database, f"DELETE FROM {table}")
    counter = AnonymousCounter(database, Health("scorer"), handlers.count)
    for first in range(0, len(published), batch):
        await count(database, *published[first : first + batch])
        await counter.step()
        if first <= erased_at < first + batch:
            await note_erased(database, ACME.id, KIM)
            assert await erase_waiting(SERVICE, database) == []
        found = await audit(database)
        assert (found.differing.days, found.differing.weeks) == ([], [])
    async with database.reading() as uow:
        own = await repository.own_totals(uow, ACME.id)
    counted = {name: each.counts for name, each in own.totals.items() if each.counts != NO_COUNTS}
    assert counted == naive_totals(history)
    assert own.unknown == frozenset()


BY_HAND = {
    "a day that counts one too many": "UPDATE day_count SET c3 = c3 + 1 WHERE segment = ''",
    "a day that lacks one": "UPDATE day_count SET c9 = c9 - 1 WHERE segment = 'organisation:north'",
    "a day that is gone": "DELETE FROM day_count WHERE segment = 'touchpoint:checkout'",
    "a day that never was": """
        INSERT INTO day_count (tenant, measurement, segment, day, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10)
        VALUES ('acme', 'relational', 'touchpoint:x', '2024-02-29', 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1)
    """,
    "a week that differs from its days": "UPDATE week_count SET promoters = promoters + 3",
    "a week that is gone": "DELETE FROM week_count WHERE segment = ''",
    "days whose weeks did not follow": """
        ALTER TABLE day_count DISABLE TRIGGER USER;
        UPDATE day_count SET c3 = c3 + 1;
        ALTER TABLE day_count ENABLE TRIGGER USER
    """,
    "an answer that was removed": "DELETE FROM answer WHERE score = 3",
}


@pytest.mark.parametrize("sql", BY_HAND.values(), ids=BY_HAND)
async def test_what_was_changed_by_hand_is_found_and_mended(database: Database, sql: str) -> None:
    await add_tenant(database)
    answers = [an_answer(f"a{n}", score=n % 11, day=DAY - timedelta(days=5 * n)) for n in range(12)]
    await count(database, *answers)
    assert (await audit(database)).result.is_equal
    for statement in sql.split(";"):
        await change(database, statement)
    await change(database, "DELETE FROM changed")
    found = await audit(database)
    assert not found.result.is_equal
    named = found.differing
    after, mended = await audit_now(database, ACME.id, mending=True)
    assert mended == len(named.days) + len(named.weeks) + sum(map(len, found.noted)) > 0
    assert after.result.is_equal
    left = [each for each in answers if "DELETE FROM answer" not in sql or each.score != 3]
    assert await kept_counts(database) == naive_counts(left)
    async with database.reading() as uow:
        assert await recount(uow, ACME.id) == []
        marked = {(row.measurement, row.segment) for row in await uow.execute("SELECT * FROM changed")}
    assert marked == {(key.measurement, key.segment) for key in (*named.days, *named.weeks)}
    _, again = await audit_now(database, ACME.id, mending=True)
    assert again == 0


async def test_the_counts_of_each_day_are_mended_in_a_transaction_of_their_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many differ: whoever counts waits for one day, and no statement reads all of them."""
    await add_tenant(database)
    await count(database, *(an_answer(f"a{n}", score=n % 11, day=DAY - timedelta(days=n)) for n in range(9)))
    await change(database, "DELETE FROM day_count")
    await change(database, "DELETE FROM week_count")
    locked: list[set[date]] = []

    async def lock(uow: UnitOfWork, tenant: str, days: Sequence[CountKey], weeks: Sequence[CountKey]) -> None:
        locked.append({key.day for key in days})
        await lock_counts(uow, tenant, days, weeks)

    monkeypatch.setattr(mending, "lock_counts", lock)
    after, mended = await audit_now(database, ACME.id, mending=True)
    assert after.result.is_equal
    assert mended > 9
    assert locked == [{DAY - timedelta(days=n)} for n in reversed(range(9))]


def test_portions_have_so_many_rows_at_most_and_a_larger_week_is_one_of_its_own() -> None:
    weeks = [date(2026, 1, 5) + timedelta(days=7 * n) for n in range(6)]
    rows = [40, 60, 10, 500, 100, 0]
    found = portions(zip(weeks, rows, strict=True), 100)
    assert found == [
        (weeks[0], weeks[1]),
        (weeks[2], weeks[2]),
        (weeks[3], weeks[3]),
        (weeks[4], weeks[5]),
    ]
    assert portions([], 100) == []


async def test_an_audit_that_takes_longer_than_a_lease_keeps_its_turn(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_tenant(database)
    await count(database, an_answer())
    one, another = (NightlyAudit(database, Health("scorer")) for _ in range(2))
    began = database.clock()
    found: list[float | None] = []

    async def takes_long(*_: object, going_on: GoingOn) -> None:
        for minutes in (20, 40, 60):
            database.clock = lambda minutes=minutes: began + timedelta(minutes=minutes)  # type: ignore[misc]
            await going_on()
            found.append(await another.step())

    monkeypatch.setattr(audit_watch, "audit_company", takes_long)
    assert await one.step() == 0
    assert found == [None, None, None]
    async with database.transaction() as uow:
        assert await repository.try_turn(uow, audit_watch.TURN_LEASE), "the turn is over"


async def test_another_companys_counts_are_neither_audited_nor_mended(database: Database) -> None:
    await count(database, an_answer(), tenant="other")
    await change(database, "UPDATE day_count SET c3 = c3 + 1")
    found, mended = await audit_now(database, ACME.id, mending=True)
    assert (found.result.is_equal, found.result.counts, mended) == (True, 0, 0)
    async with database.reading() as uow:
        assert len(await recount(uow, "other")) == 8


async def test_a_batch_that_is_being_counted_is_neither_lost_nor_doubled_by_mending(
    database: Database,
) -> None:
    await count(database, an_answer("a", score=3))
    await change(database, "UPDATE day_count SET c9 = c9 + 7")
    differing = (await audit(database)).differing
    async with database.transaction() as uow:
        await handlers.count_answers(uow, events_of([an_answer("b", score=10)]))
        mending = asyncio.ensure_future(mend(database, ACME.id, differing))
        await until_somebody_waits(database)
    await mending
    assert await kept_counts(database) == naive_counts([an_answer("a", score=3), an_answer("b", score=10)])
    async with database.reading() as uow:
        assert await recount(uow, ACME.id) == []


async def test_mending_again_and_again_beside_four_who_count_ends_with_the_counts_of_the_answers(
    database: Database,
) -> None:
    chance = Random(11)
    history = [
        an_answer(
            f"a{n % 60}", version=1 + n // 60, score=chance.randrange(11), day=DAY - timedelta(days=n % 20)
        )
        for n in range(240)
    ]
    batches = [chance.sample(history, 6) for _ in range(60)] + [
        history[first : first + 12] for first in range(0, len(history), 12)
    ]
    chance.shuffle(batches)
    left = iter(batches)

    async def counts() -> None:
        for batch in left:
            await count(database, *batch)

    async def mends(until: asyncio.Event) -> int:
        mended = 0
        while not until.is_set():
            day = DAY - timedelta(days=chance.randrange(20))
            await change(database, f"UPDATE day_count SET c5 = c5 + 1 WHERE day = '{day}'")
            mended += await mend(database, ACME.id, (await audit(database)).differing)
        return mended

    done = asyncio.Event()
    mending = asyncio.ensure_future(mends(done))
    await asyncio.gather(*(counts() for _ in range(4)))
    done.set()
    assert await mending > 0
    await mend(database, ACME.id, (await audit(database)).differing)
    assert (await audit(database)).result.is_equal
    assert await kept_counts(database) == naive_counts(history)


async def test_each_company_is_audited_once_when_its_day_has_begun(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    database.clock = lambda: now
    for tenant in ("acme", "other"):
        await add_tenant(database, a_tenant(tenant))
        await count(database, an_answer(), tenant=tenant)
    await change(database, "UPDATE day_count SET c3 = c3 + 1 WHERE tenant = 'other' AND segment = ''")
    one, another = (NightlyAudit(database, Health("scorer")) for _ in range(2))
    assert [await one.step(), await another.step(), await one.step(), await another.step()] == [
        0,
        0,
        None,
        None,
    ]
    async with database.reading() as uow:
        assert [each.is_equal for each in await repository.list_results(uow, "acme", 9)] == [True]
        assert [each.is_equal for each in await repository.list_results(uow, "other", 9)] == [False]
        await measure_audit(uow)
    assert REGISTRY.get_sample_value("afterword_scorer_audit_differences") == 2
    assert REGISTRY.get_sample_value("afterword_scorer_audit_timestamp_seconds") == now.timestamp()
    database.clock = lambda: now + timedelta(days=1)

    async def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(audit_watch, "audit_company", fails)
        assert await one.step() == 0
    assert await one.step() == 0
    async with database.reading() as uow:
        assert len(await repository.list_results(uow, "acme", 9)) == 1, "it failed, and waits for an hour"
        assert len(await repository.list_results(uow, "other", 9)) == 2
    database.clock = lambda: now + timedelta(days=1, hours=2)
    assert [await one.step(), await one.step()] == [0, None]
    async with database.reading() as uow:
        assert len(await repository.list_results(uow, "acme", 9)) == 2


async def test_while_one_worker_audits_another_has_no_turn(database: Database) -> None:
    await add_tenant(database)
    async with database.transaction() as uow:
        assert await repository.try_turn(uow, audit_watch.TURN_LEASE)
        begun = uow.now
    worker = NightlyAudit(database, Health("scorer"))
    assert await worker.step() is None
    async with database.transaction() as uow:
        await repository.end_turn(uow, begun)
    assert await worker.step() == 0


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with a_scorer_client(database, a_tenant("acme"), a_tenant("other")) as client:
        yield client


async def test_the_api_and_the_foot_of_the_dashboard_tell_of_the_last_recount(
    database: Database, client: ScorerClient
) -> None:
    today = database.clock().date()
    await count(database, *(an_answer(f"a{n}", day=today) for n in range(12)))
    assert (await client.get("/v1/recounts")).json() == {"audits": [], "differs_since": None}
    assert 'id="audit"' not in (await client.get("/", role="leader")).text
    await audit(database)
    (first,) = (await client.get("/v1/recounts")).json()["audits"]
    assert first | {"at": ""} == {
        "at": "", "equal": True, "counts": 8, "counts_differing": 0,
        "totals": 0, "totals_differing": 0, "totals_waiting": 0,
    }  # fmt: skip
    assert "all counts are equal" in (await client.get("/", role="leader")).text
    await change(database, "UPDATE day_count SET c3 = c3 + 1 WHERE segment = ''")
    second = await audit(database)
    await audit(database)
    told = (await client.get("/v1/recounts", limit=2)).json()
    assert [each["equal"] for each in told["audits"]] == [False, False]
    assert told["differs_since"] == second.result.at.isoformat().replace("+00:00", "Z")
    page = (await client.get("/", role="leader", segments=("organisation:north",))).text
    assert "2 counts differ, since" in page
    for language, words in (("da", "2 tal afviger"), ("nl", "2 tellingen wijken af")):
        assert words in (await client.get("/", role="leader", language=language)).text
    assert (await client.get("/v1/recounts", tenant="other")).json()["audits"] == []
    assert (await client.get("/v1/recounts", key="")).status_code == 401
    assert (await client.get("/v1/recounts", limit=0)).status_code == 422
    await audit_now(database, ACME.id, mending=True)
    assert (await client.get("/v1/recounts")).json()["differs_since"] is None


async def test_the_command_prints_what_differs(database: Database) -> None:
    await count(database, an_answer())
    await change(database, "UPDATE day_count SET c3 = c3 + 1 WHERE segment = ''")
    found = await audit(database)
    document = json.loads(json.dumps(as_document(found, 0)))
    assert (document["equal"], document["counts_differing"], document["mended"]) == (False, 2, 0)
    monday = DAY - timedelta(days=DAY.weekday())
    names = [f"day {DAY} transactional (company)", f"week {monday} transactional (company)"]
    assert document["differing"] == names
    assert as_line(found, 1).splitlines()[1:] == [f"  {name}" for name in names]
    assert "1 counts were mended" in as_line(found, 1)


async def test_the_command_ends_with_1_while_anything_differs_and_mends_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SCORER_DATABASE_URL", database.url)
    app = typer.Typer()
    add_to(app, lambda: None)
    app.callback()(lambda: None)

    async def run(*words: str) -> tuple[int, str]:
        found = await asyncio.to_thread(CliRunner().invoke, app, ["audit", *words])
        return found.exit_code, found.output

    for tenant in ("acme", "other"):
        await add_tenant(database, a_tenant(tenant))
        await count(database, an_answer(), tenant=tenant)
    code, said = await run("--json")
    assert (code, [json.loads(line)["tenant"] for line in said.splitlines()]) == (0, ["acme", "other"])
    await change(database, "UPDATE day_count SET c3 = c3 + 1 WHERE tenant = 'acme'")
    assert (await run("--tenant", "other"))[0] == 0
    assert (await run("--tenant", "nobody"))[0] == 1
    code, said = await run()
    assert (code, "8 differ" in said) == (1, True)
    code, said = await run("--mend", "--json")
    assert [json.loads(line)["mended"] for line in said.splitlines()] == [8, 0]
    assert code == 0
    assert (await run())[0] == 0


async def test_results_are_kept_for_somewhat_more_than_a_year(database: Database) -> None:
    now = database.clock()
    for days in (500, 399, 0):
        database.clock = lambda days=days: now - timedelta(days=days)  # type: ignore[misc]
        await audit_company(database, ACME.id, date(2026, 11, 20))
    async with database.reading() as uow:
        kept = [each.at for each in await repository.list_results(uow, ACME.id, 9)]
    assert kept == [now, now - timedelta(days=399)]
