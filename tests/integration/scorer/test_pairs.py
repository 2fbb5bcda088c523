"""Declared pairs: declared and removed by whom it is theirs, filled while others count, and no dimension to anybody."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from support.asked_model import differing_counts
from support.audit import audit_lines
from support.invitations import an_invitation, invite
from support.pairs import declare, fill, remove_all, rows_that_differ, states, walk
from support.scorer_builders import an_answer, count, events_of, until_somebody_waits
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer import handlers
from services.scorer.gauges import measure_pairs
from services.scorer.pair_names import SegmentPair
from services.scorer.pairs.domain import MAX_PAIRS_PER_COMPANY
from services.scorer.pairs.filling import PairFilling
from services.scorer.pairs.repository import claim_unready, list_pairs
from services.scorer.repository.pairs import declared_pairs, selection_of
from services.scorer.schedule import ScorePublisher
from shared.db.database import Database, UnitOfWork
from shared.health import Health
from shared.http.csrf import CSRF_FIELD
from shared.ids import uuid7

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
BODY = {"first": "touchpoint", "second": "store"}
LIMITED: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
STORE_AND_POINT = SegmentPair("store", "touchpoint")
NAME = "store/touchpoint:x/checkout"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(
        database,
        a_tenant("acme", "Europe/Copenhagen", "scores:read", "cases:write", "answers:read"),
        a_tenant("other", "UTC", "scores:read", "cases:write"),
        a_tenant("reads", "UTC", "scores:read"),
    ) as client:
        await count(database, *some_answers(40))
        yield client


def some_answers(n: int, first: int = 0) -> list[Any]:
    return [
        an_answer(
            f"a{number}",
            score=number % 11,
            day=TODAY - timedelta(days=number % 20),
            segments={"touchpoint": ("checkout", "desk")[number % 2], "store": ("x", "y")[number % 3 == 0]},
            comment="The parcel came late" if number % 2 else None,
            language="en",
            customer_id=f"c-{number}",
        )
        for number in range(first, first + n)
    ]


async def declared(client: ScorerClient, **body: Any) -> dict[str, Any]:
    answer = await client.send("POST", "/v1/pairs", BODY | body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(client: ScorerClient, **how: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/v1/pairs", **how)).json()["pairs"]
    return found


async def test_a_pair_is_declared_filled_listed_and_removed_and_each_leaves_a_line(
    database: Database, client: ScorerClient
) -> None:
    pair = await declared(client)
    assert (pair["first"], pair["second"], pair["state"], pair["percent"]) == (
        "store",
        "touchpoint",
        "filling",
        0,
    )
    assert await listed(client) == [pair]
    await walk(database)
    (ready,) = await listed(client)
    assert (ready["state"], ready["percent"], ready["walked"]) == ("ready", 100, 80)
    file = (await client.get("/v1/pairs/export")).text.splitlines()
    assert file[0] == "\ufeffid,first,second,state,percent,walked,left_out,created_at"
    assert file[1].startswith(f"{pair['id']},store,touchpoint,ready,100,80,0,")
    path = f"/v1/pairs/{pair['id']}"
    assert (await client.send("DELETE", path)).status_code == 204
    assert (await client.send("DELETE", path)).status_code == 204
    assert [each["state"] for each in await listed(client)] == ["removing"]
    again = await client.send("POST", "/v1/pairs", BODY)
    assert (
        again.json()["errors"][0]["detail"] == "This pair is still being removed. Declare it once it is gone."
    )
    await walk(database)
    assert await listed(client) == []
    assert (await client.send("DELETE", path)).status_code == 404
    assert [(line.act, line.about, line.facts) for line in await audit_lines(database)] == [
        ("segment_pair", pair["id"], {}),
        ("segment_pair", pair["id"], {"deleted": True}),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first": "nowhere"}, "/first"),
        ({"first": "store"}, "/second"),
        ({"first": "store/touchpoint", "second": "store"}, "/second"),
        ({"first": ""}, "/first"),
        ({"more": 1}, "/more"),
    ],
)
async def test_what_cannot_be_a_pair_is_refused_beside_its_field(
    client: ScorerClient, body: dict[str, Any], field: str
) -> None:
    answer = await client.send("POST", "/v1/pairs", BODY | body)
    assert answer.status_code == 422
    assert field in {fault["field"] for fault in answer.json()["errors"]}
    assert await listed(client) == []


async def test_a_company_declares_each_pair_once_and_at_most_ten(client: ScorerClient) -> None:
    database = client.database
    await count(database, an_answer("many", segments={f"d{number}": "x" for number in range(7)}))
    await declared(client)
    assert (
        await client.send("POST", "/v1/pairs", {"first": "store", "second": "touchpoint"})
    ).status_code == 422
    for number in range(MAX_PAIRS_PER_COMPANY - 1):
        one, other = divmod(number, 3)
        await declared(client, first=f"d{one}", second=f"d{other + 4}")
    assert (await client.send("POST", "/v1/pairs", {"first": "d0", "second": "d1"})).status_code == 422
    assert len(await listed(client)) == MAX_PAIRS_PER_COMPANY


async def test_leaders_and_administrators_of_the_whole_company_declare_and_everybody_reads(
    client: ScorerClient,
) -> None:
    for role in ("analyst", "editor", "agent"):
        assert (await client.send("POST", "/v1/pairs", BODY, role=role)).status_code == 403
    assert (await client.send("POST", "/v1/pairs", BODY, tenant="reads")).status_code == 403
    assert (await client.send("POST", "/v1/pairs", BODY, **LIMITED)).status_code == 403
    made = await client.send("POST", "/v1/pairs", BODY, role="leader")
    assert made.status_code == 201, made.text
    path = f"/v1/pairs/{made.json()['id']}"
    assert (await client.send("DELETE", path, **LIMITED)).status_code == 403
    assert (await client.send("DELETE", path, tenant="other")).status_code == 404
    assert len(await listed(client, **LIMITED)) == len(await listed(client, role="agent")) == 1
    assert await listed(client, tenant="other") == []
    assert (await client.send("DELETE", path, role="admin")).status_code == 204


async def test_the_page_declares_and_removes_and_says_what_is_wrong(
    database: Database, client: ScorerClient
) -> None:
    page = await client.get("/pairs", role="leader")
    assert "No two dimensions are counted together yet." in page.text
    assert "/pairs" in (await client.get("/segments", role="leader")).text
    token = re.search(rf'name="{CSRF_FIELD}" value="([^"]+)"', page.text)
    new_id = re.search(r'name="new_id" value="([^"]+)"', page.text)
    assert token
    assert new_id
    form = {CSRF_FIELD: token[1], "new_id": new_id[1], **BODY}
    for _ in range(2):  # the second time it is the same one
        sent = await client.send("POST", "/pairs", form=form, role="leader")
        assert (sent.status_code, sent.headers["location"]) == (303, "/pairs?did=declared")
    other = await client.send("POST", "/pairs", form={**form, "second": "organisation"}, role="leader")
    assert other.status_code == 409
    refused = await client.send(
        "POST", "/pairs", form={**form, "new_id": str(uuid7()), "second": ""}, role="leader"
    )
    assert refused.status_code == 422
    await walk(database)
    page = await client.get("/pairs", role="leader", did="declared")
    assert "1 pair of dimensions is counted together." in page.text
    assert "Ready" in page.text
    (pair,) = await listed(client)
    assert (await client.get("/pairs/download", role="leader")).text == (
        await client.get("/v1/pairs/export")
    ).text
    limited = await client.get("/pairs", **LIMITED)
    assert "Declare a pair" not in limited.text
    path, act = f"/pairs/{pair['id']}", {CSRF_FIELD: token[1], "act": "remove"}
    assert (await client.send("POST", path, form=act, **LIMITED)).status_code == 403
    assert (await client.send("POST", path, form={**act, "act": ""}, role="leader")).status_code == 422
    sent = await client.send("POST", path, form=act, role="leader")
    assert (sent.status_code, sent.headers["location"]) == (303, "/pairs?did=removed")
    assert "Being removed" in (await client.get("/pairs", role="leader")).text


async def test_the_page_speaks_danish_and_dutch(client: ScorerClient) -> None:
    await declared(client)
    for language, words in (("da", "Tælles op"), ("nl", "Wordt geteld")):
        assert words in (await client.get("/pairs", role="leader", language=language)).text


async def test_who_counts_while_a_pair_is_declared_counts_in_it(
    database: Database, client: ScorerClient
) -> None:
    """The declaration waits for who has read that there is none; whoever comes after that reads it."""
    async with database.transaction() as counting:
        assert await declared_pairs(counting, ["acme"]) == {}
        declaring = asyncio.create_task(declare(database, "store", "touchpoint"))
        await until_somebody_waits(database)
        await handlers.count_answers(counting, [])
        later = asyncio.create_task(count(database, *some_answers(5, first=100)))
    await declaring
    await later
    async with database.reading() as uow:
        counted = await uow.execute(
            "SELECT count(*) FROM answer WHERE segments::text LIKE '%store/touchpoint%'"
        )
        assert counted.scalar_one() == 5
    await walk(database)
    assert await rows_that_differ(database, [STORE_AND_POINT]) == []


async def test_what_is_written_between_the_reading_and_the_writing_of_a_walk_is_counted_once(
    database: Database, client: ScorerClient
) -> None:
    """The walk waits for an amendment that moves an answer elsewhere, and leaves it as it is then."""
    await declare(database, "store", "touchpoint")
    moved = an_answer("a1", version=2, score=0, segments={"touchpoint": "desk", "store": "z"}, day=TODAY)
    async with database.transaction() as amending:
        await handlers.count_answers(amending, events_of([moved]))
        walking = asyncio.create_task(PairFilling(database, Health("scorer")).step())
        await until_somebody_waits(database)
    await walking
    await walk(database)
    assert await states(database) == ["ready"]
    assert await rows_that_differ(database, [STORE_AND_POINT]) == []
    async with database.reading() as uow:
        assert await differing_counts(uow, "acme") == []


async def test_a_walk_that_is_killed_at_any_step_leaves_nothing_counted_twice(
    database: Database, client: ScorerClient
) -> None:
    await invite(
        database, *(an_invitation(f"i{n}", segments={"store": "x", "touchpoint": "desk"}) for n in range(9))
    )
    await declare(database, "store", "touchpoint")

    async def kill_and_go_on() -> None:
        filling = PairFilling(database, Health("scorer"), limit=7)
        while await killed_step(filling):
            await walk(database, limit=7, steps=1)
            async with database.reading() as uow:
                assert await differing_counts(uow, "acme") == []

    await kill_and_go_on()
    assert await states(database) == ["ready"]
    assert await rows_that_differ(database, [STORE_AND_POINT]) == []
    await remove_all(database)
    await kill_and_go_on()
    assert await states(database) == []
    assert await rows_that_differ(database, []) == []


async def killed_step(filling: PairFilling) -> bool:
    """What a step does up to its commit, which never comes; whether there was anything to do."""
    async with filling.database.engine.connect() as connection:
        uow = UnitOfWork(connection, NOW)
        claimed = await claim_unready(uow, [])
        if claimed is not None:
            await filling._walk(uow, *claimed)
        await connection.rollback()
    return claimed is not None


async def test_only_one_worker_walks_and_a_company_that_fails_keeps_no_other_from_its_turn(
    database: Database, client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await count(database, *some_answers(5), tenant="other")
    await declare(database, "store", "touchpoint")
    await declare(database, "store", "touchpoint", tenant="other")
    async with database.transaction() as uow:
        await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('walks of segment pairs', 0))")
        assert await PairFilling(database, Health("scorer")).step() is None
    filling = PairFilling(database, Health("scorer"))
    walk_of = PairFilling._walk

    async def fails(self: PairFilling, uow: Any, tenant: str, declared: Any) -> float | None:
        if tenant == "acme":
            raise ValueError("cannot be walked")
        return await walk_of(self, uow, tenant, declared)

    monkeypatch.setattr(PairFilling, "_walk", fails)
    while await filling.step() is not None:
        pass
    assert (await states(database), await states(database, "other")) == (["filling"], ["ready"])
    async with database.reading() as uow:
        await measure_pairs(uow)
    assert REGISTRY.get_sample_value("afterword_pairs_unready") == 1


async def test_pairs_are_no_dimensions_and_their_segments_are_in_no_list(
    database: Database, client: ScorerClient
) -> None:
    await fill(database, ("store", "touchpoint"))
    async with database.reading() as uow:
        counted = await uow.execute("SELECT count(*) FROM day_count WHERE segment = :name", {"name": NAME})
        assert counted.scalar_one() > 0
    of_one = ("/v1/scores/overview?segment=store:x", "/v1/scores/overview?segment=organisation:north")
    addresses = [
        *("/v1/segments", "/v1/segments/export", "/v1/scores/overview", "/v1/scores/overview/export"),
        *("/v1/scores/answers/export?format=csv", "/v1/scores/answers/export?format=jsonl", "/v1/ranking"),
        *("/v1/responses", "/v1/drivers?window=7d", "/v1/gap", "/v1/benchmarks/comparison?segment=store:x"),
        *of_one,
    ]
    for address in addresses:
        found = await client.get(address)
        assert found.status_code == 200, (address, found.text)
        assert "store/touchpoint" not in found.text, address
    for page in ("/", "/segments", "/segments?sort=name", "/segments?segment=store:x", "/compare", "/marks"):
        assert "store/touchpoint" not in (await client.get(page, role="leader")).text, page
    refused = await client.get("/v1/scores", segment=NAME)
    assert refused.status_code == 422
    database.clock = lambda: NOW + timedelta(days=1)
    publisher = ScorePublisher(database, Health("scorer"))
    for _ in range(5):
        await publisher.publish_changed()
    async with database.reading() as uow:
        published = await uow.execute(
            "SELECT count(*) FROM outbox WHERE encode(value, 'escape') LIKE '%store/%'"
        )
        assert published.scalar_one() == 0
        marked = await uow.execute("SELECT count(*) FROM changed WHERE segment LIKE 'store/%'")
        assert marked.scalar_one() == 0


async def test_a_pair_without_room_for_all_of_its_values_is_not_read(
    database: Database, client: ScorerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "MAX_DIMENSION_VALUES", 2)
    about: dict[str, Any] = {"segment": ["store:x", "touchpoint:checkout"], "window": "30d"}
    before = (await client.get("/v1/scores", **about)).json()
    await declare(database, "store", "touchpoint")
    await walk(database)
    (pair,) = await listed(client)
    assert (pair["state"], pair["left_out"]) == ("ready", 14)
    async with database.reading() as uow:
        assert (await selection_of(uow, "acme", ("store:x",))).pairs == ()
        assert await differing_counts(uow, "acme") == []
        assert (await list_pairs(uow, "acme"))[0].left_out == 14
    assert (await client.get("/v1/scores", **about)).json() == before
    assert "More combinations than can be counted" in (await client.get("/pairs", role="leader")).text
    await count(database, *some_answers(40))  # consumed again, they are left out once
    assert (await listed(client))[0]["left_out"] == 14


async def test_a_reader_sees_of_a_pair_what_they_may_see_of_both_segments(
    database: Database, client: ScorerClient
) -> None:
    people = [
        an_answer(f"p{n}", segments={"agent": "kim", "store": "x", "touchpoint": "desk"}, day=TODAY)
        for n in range(20)
    ]
    await count(database, *people)
    await fill(database, ("store", "touchpoint"), ("agent", "store"))
    about: dict[str, Any] = {"window": "30d"}
    for how in ({}, LIMITED, {"role": "admin"}):
        hidden = await client.get("/v1/scores", segment=["agent:kim", "store:x"], **how, **about)
        assert hidden.status_code == 404
    limited: dict[str, Any] = {"role": "leader", "segments": ("store:x",)}
    assert (
        await client.get("/v1/scores", segment=["store:y", "touchpoint:desk"], **limited)
    ).status_code == 404
    assert (
        await client.get("/v1/scores", segment=["store:x", "touchpoint:desk"], **limited)
    ).status_code == 200
    page = await client.get("/segments", segment="store:x", by="agent", **limited)
    assert "kim" not in page.text
