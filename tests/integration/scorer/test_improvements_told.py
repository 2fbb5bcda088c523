"""Actions of improvement as they are told: lists, rights, pages, what customers read; restored, forgotten, measured."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from support.audit import audit_lines
from support.improvements import (
    ACME,
    ACTION,
    OPENED,
    PATH,
    a_closed_case,
    act,
    actions_client,
    an_improvement_body,
    at,
    keep,
    opened,
    published,
)
from support.scorer_builders import add_tenant
from support.scorer_client import ScorerClient

from services.scorer.gauges import measure_improvements
from services.scorer.recovery import improvements_page, restore_improvements
from services.scorer.repository.retention import RETENTION
from shared.db.database import Database
from shared.events import CASES, IMPROVEMENTS, People, RetentionRules
from shared.permissions import Role
from shared.privacy.retention import Cutoffs, count_stale
from shared.telemetry import metrics


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with actions_client(database) as client:
        yield client


async def test_lists_are_filtered_and_come_a_page_at_a_time_each_action_once(
    database: Database, client: ScorerClient
) -> None:
    for n in range(12):
        body = an_improvement_body(
            title=f"Action {n}",
            due=(date(2026, 9, 1) + timedelta(days=n // 2)).isoformat(),
            owner="Sara Lund" if n % 3 else "Jonas Holt",
            **({"cause": None, "theme": "Vans"} if n % 2 else {}),
        )
        assert (await client.send("PUT", f"/v1/actions/{UUID(int=n)}", body)).status_code == 200
    await client.send("POST", f"/v1/actions/{UUID(int=0)}/actions", {"act": "finish", "version": 1})
    at(database, datetime(2026, 9, 3, 12, tzinfo=UTC))
    assert len(await listed(client)) == 12
    found = await listed(client, late="true")
    assert found == ["Action 1", "Action 2", "Action 3"]
    assert await listed(client, status="done") == ["Action 0"]
    assert await listed(client, owner="jonas holt", theme="vans") == ["Action 3", "Action 9"]
    assert (
        len(await listed(client, theme="delivery")) == len(await listed(client, theme="delivery.late")) == 6
    )
    assert await listed(client, theme="deliver") == []
    assert (await client.get("/v1/actions", after="x")).status_code == 422
    page = (await client.get("/actions", role="agent")).text
    assert page.index("Action 1<") < page.index("Action 3<") < page.index("Action 4<")
    assert page.count(", late</span>") == 3
    assert "Action 0" not in page
    assert "Open an action" not in page


async def listed(client: ScorerClient, **query: Any) -> list[str]:
    found: list[str] = []
    after = ""
    while after is not None:
        body = (await client.get("/v1/actions", limit=5, after=after, **query)).json()
        found += [one["title"] for one in body["actions"]]
        after = body["next"]
    return found


async def test_who_is_limited_to_segments_sees_and_writes_theirs_alone(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    whole, north = UUID(int=1), UUID(int=2)
    for key, segment in ((whole, ""), (north, "organisation:north/sales")):
        body = an_improvement_body(segment=segment, title=f"About {segment or 'all'}")
        assert (await client.send("PUT", f"/v1/actions/{key}", body)).status_code == 200
    reader: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    assert await listed(client, **reader) == ["About organisation:north/sales"]
    for key, status in ((ACTION, 404), (whole, 404), (north, 200)):
        assert (await client.get(f"/v1/actions/{key}", **reader)).status_code == status
        assert (await client.get(f"/actions/{key}", **reader)).status_code == status
        move = {"act": "accept", "version": 1}
        moved = await client.send("POST", f"/v1/actions/{key}/actions", move, **reader)
        assert moved.status_code == status
        form = {"act": "begin", "version": "2"}
        pressed = await client.send("POST", f"/actions/{key}", form=form, **reader)
        assert pressed.status_code == (303 if status == 200 else 404)
    refused = await client.send("PUT", f"/v1/actions/{uuid4()}", an_improvement_body(segment=""), **reader)
    assert refused.status_code == 422
    taken = await client.send(
        "PUT", f"/v1/actions/{whole}", an_improvement_body(segment="organisation:north"), **reader
    )
    assert taken.status_code == 404
    assert (await client.get(f"/v1/actions/{north}", tenant="other")).status_code == 404


async def test_an_action_about_what_becomes_an_employee_is_shown_to_nobody(
    database: Database, client: ScorerClient
) -> None:
    await opened(client, segment="touchpoint:checkout")
    assert await listed(client) == ["A second van on Fridays"]
    people = People(dimensions=("touchpoint",))
    await add_tenant(database, replace(ACME, version=2, people=people))
    assert await listed(client) == []
    assert (await client.get(PATH)).status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("admin", 200, 200),
        ("leader", 200, 200),
        ("agent", 200, 403),
        ("analyst", 200, 403),
        ("editor", 200, 403),
    ],
)
async def test_leaders_and_administrators_write_and_an_analyst_sees_no_names(
    client: ScorerClient, role: Any, reads: int, writes: int
) -> None:
    await opened(client)
    read = await client.get(PATH, role=role)
    assert read.status_code == reads
    shows_names = role != "analyst"
    assert (read.json()["owner"] is not None) == shows_names
    page = await client.get(f"/actions/{ACTION}", role=role)
    assert ("Jonas Holt sees to it" in page.text.replace("\u2068", "").replace("\u2069", "")) == shows_names
    assert ("Change the action" in page.text) == (writes == 200)
    moved = await client.send("POST", f"{PATH}/actions", {"act": "accept", "version": 1}, role=role)
    assert moved.status_code == writes
    form = await client.get("/actions/new", role=role)
    assert form.status_code == (200 if writes == 200 else 404)
    if not shows_names:
        assert (await client.get("/v1/actions", owner="Jonas Holt", role=role)).status_code == 403


async def test_what_customers_are_told_is_published_with_what_it_concerns(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    early = await client.send(
        "POST", f"{PATH}/actions", {"act": "publish", "version": 1, "texts": {"en": "We did."}}
    )
    assert early.status_code == 409
    await act(client, "finish", 1)
    blank = await client.send(
        "POST", f"{PATH}/actions", {"act": "publish", "version": 2, "texts": {"en": " "}}
    )
    assert (blank.status_code, blank.json()["errors"][0]["field"]) == (422, "/texts")
    texts = {"nl": "Er rijdt een tweede bus.", "da": "Vi kører nu med en bil mere.", "fi": "Autoja on kaksi."}
    await keep(database, *(a_closed_case(f"c{n}", OPENED - timedelta(days=400)) for n in range(12)))
    shown = await act(client, "publish", 2, texts=texts)
    assert shown["texts"] == dict(sorted(texts.items()))
    assert await act(client, "publish", 2, texts=texts) == shown
    told = (await published(database))[-1]
    assert (told.version, told.status, told.cause, told.segment) == (
        3,
        "done",
        "delivery.late",
        "touchpoint:checkout",
    )
    assert (told.texts, told.before is not None, told.done) == (shown["texts"], True, date(2026, 8, 31))
    page = (await client.get(f"/actions/{ACTION}", role="leader")).text
    assert '<blockquote class="letter" lang="nl" dir="auto"><p><b>U zei, wij deden</b></p>' in page
    assert "12 of 12 cases" in page
    form = {"act": "publish", "version": "3", "text_en": "", "text_da": "", "text_nl": "Drie bussen."}
    assert (await client.send("POST", f"/actions/{ACTION}", form=form, role="leader")).status_code == 303
    assert (await published(database))[-1].texts == {"nl": "Drie bussen.", "fi": "Autoja on kaksi."}
    await act(client, "reopen", 4)
    assert (await published(database))[-1].texts == {}


async def test_forms_keep_what_was_typed_and_say_what_is_wrong(
    database: Database, client: ScorerClient
) -> None:
    typed = {"new_id": str(ACTION), "title": "Ring back", "owner": "", "due": "soon", "expected": "many"}
    refused = await client.send("POST", "/actions/new", form=typed, role="leader")
    assert refused.status_code == 422
    for words in ("Ring back", "Write who sees to it.", "Write a day like", "from 1 to 100"):
        assert words in refused.text
    good = {
        **typed,
        "owner": "Jonas Holt",
        "due": "2026-09-30",
        "expected": "",
        "cause": "contact.no_callback",
    }
    for _ in range(2):
        made = await client.send("POST", "/actions/new", form=good, role="leader")
        assert (made.status_code, made.headers["location"]) == (303, f"/actions/{ACTION}?did=opened")
    other = await client.send("POST", "/actions/new", form={**good, "title": "Ring first"}, role="leader")
    assert (other.status_code, "Open this one once more" in other.text) == (409, True)
    where = f"/actions/{ACTION}"
    stale = await client.send("POST", where, form={"act": "accept", "version": "7"}, role="leader")
    assert (stale.status_code, "somebody changed this action" in stale.text) == (409, True)
    no_reason = await client.send("POST", where, form={"act": "drop", "version": "1"}, role="leader")
    assert (no_reason.status_code, "Write why it is dropped" in no_reason.text) == (422, True)
    odd = await client.send(
        "POST", where, form={"act": "finish", "version": "1", "days": "30"}, role="leader"
    )
    assert odd.status_code == 422
    saved = {"act": "save", "version": "1", "title": "Ring first", "owner": "Sara Lund", "due": "2026-10-01"}
    assert (await client.send("POST", where, form=saved, role="leader")).status_code == 303
    assert (await client.send("POST", where, form={"act": ""}, role="leader")).status_code == 422
    (first, second) = await published(database)
    assert (first.title, second.title, second.due) == ("Ring back", "Ring first", date(2026, 10, 1))
    assert [one.who_kind for one in await audit_lines(database)] == ["staff", "staff"]


async def test_causes_of_few_cases_are_not_listed(database: Database, client: ScorerClient) -> None:
    begin = OPENED - timedelta(days=20)
    await keep(
        database,
        *(a_closed_case(f"a{n}", begin) for n in range(6)),
        *(a_closed_case(f"b{n}", begin, cause="digital.bug") for n in range(4)),
        *(a_closed_case(f"c{n}", begin, cause="billing.wrong", anonymous=True) for n in range(9)),
    )
    page = (await client.get("/actions", role="leader")).text
    assert "/actions/new?cause=delivery.late" in page
    assert "digital.bug" not in page.replace('value="digital.bug"', "")
    assert "billing.wrong" not in page.replace('value="billing.wrong"', "")
    form = (
        await client.get("/actions/new?cause=delivery.late&segment=touchpoint:checkout", role="leader")
    ).text
    assert '<option value="delivery.late" selected>' in form
    assert '<option value="touchpoint:checkout" selected>' in form
    where = "/actions/new?segment=touchpoint%3Acheckout"
    links: dict[Role, bool] = {"leader": True, "agent": False}
    for role, there in links.items():
        segment = await client.get("/segments?segment=touchpoint:checkout", role=role)
        assert (f'href="{where}"' in segment.text) == there


async def test_a_case_that_was_kept_without_its_cause_gets_it_when_it_is_published_again(
    database: Database, client: ScorerClient
) -> None:
    cases = [a_closed_case(f"c{n}", OPENED - timedelta(days=10)) for n in range(6)]
    await keep(database, *cases)
    async with database.transaction() as uow:
        await uow.execute("UPDATE case_copy SET cause = NULL")
    await keep(database, *cases)
    assert (await opened(client))["baseline"]["with_cause"] == 6
    assert CASES.version(cases[0]) == 2


async def test_a_restored_database_takes_actions_back_without_the_names(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    await act(client, "accept", 1)
    events = [IMPROVEMENTS.event("acme", one, OPENED) for one in await published(database)]
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM improvement")
        await restore_improvements(uow, events)
        page, end = await improvements_page(uow, None, 10)
        first, after = await improvements_page(uow, None, 1)
        rest, _ = await improvements_page(uow, after, 10)
    assert ([*first, *rest], page, end) == (page, [("acme", events[-1].data)], None)
    body = (await client.get(PATH)).json()
    assert (body["version"], body["status"], body["owner"]) == (2, "accepted", None)
    moved = await act(client, "begin", 2)
    assert [step["who"] for step in moved["steps"]] == [None, None, "the key test"]


async def test_names_of_actions_that_ended_long_ago_are_removed(
    database: Database, client: ScorerClient
) -> None:
    await opened(client)
    await act(client, "finish", 1)
    rules = RetentionRules(cases=365)
    for days, found in ((364, 0), (366, 1)):
        cutoffs = Cutoffs("acme", OPENED + timedelta(days=days), rules)
        async with database.transaction() as uow:
            stale = await count_stale(uow, RETENTION, cutoffs)
            assert stale.get("cases", {}).get("improvement", 0) == found
            for rule in RETENTION:
                await rule.apply(uow, cutoffs, 10)
            assert await count_stale(uow, RETENTION, cutoffs) == {}
    body = (await client.get(PATH)).json()
    assert (body["owner"], [step["who"] for step in body["steps"]]) == (None, [None, None])
    assert (body["title"], body["version"]) == ("A second van on Fridays", 2)


async def test_actions_are_measured_by_their_state(database: Database, client: ScorerClient) -> None:
    for n, due in enumerate(("2026-09-01", "2026-09-20", "2026-09-20", "2026-09-20")):
        body = an_improvement_body(due=due)
        await client.send("PUT", f"/v1/actions/{UUID(int=n)}", body)
    await client.send("POST", f"/v1/actions/{UUID(int=2)}/actions", {"act": "finish", "version": 1})
    at(database, datetime(2026, 9, 10, tzinfo=UTC))
    async with database.transaction() as uow:
        await measure_improvements(uow)
    found = {
        state: metrics.IMPROVEMENTS.labels(state)._value.get()
        for state in ("open", "late", "done", "dropped")
    }
    assert found == {"open": 2, "late": 1, "done": 1, "dropped": 0}
