"""A company is made, paused, exported, and leaves by the operator's API: then a search over every table and topic
finds nothing of it, whatever is consumed again.
"""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.companies import OPERATOR_KEY, Company, World, a_world, an_answer, an_event
from support.erasure_world import TopicLog
from support.kernel_service import create_topics, records_of
from support.stack import Postgres

from services import SERVICES, tenant_leaving
from services.alerts.errors import BadAccount
from services.alerts.staff.staff_commands import create_staff, sign_in_link
from services.alerts.weekly.schedule import set_missing
from services.command import service
from services.trigger.company_exports import HELD_FOR, ExportLinkEnded, ExportRuns, hold, release
from services.trigger.company_states import let_go
from services.trigger.tenants import free_short_name
from shared.api_keys import ApiKey
from shared.events import TOPICS, TRANSACTIONS
from shared.ids import uuid7
from shared.kafka.kernel.clients import new_producer, partition_of, stop_producer
from shared.kafka.kernel.dead_letters import (
    dead_letter_key,
    dead_letter_topic,
    decode_headers,
    encode_headers,
)
from shared.privacy.company_rows import LEFT_OUT_BY_SERVICE, SECRET_COLUMNS, exported_tables
from shared.privacy.left_companies import company_tables, erasable_topics
from shared.privacy.service_client import ServiceUnavailable

pytestmark = pytest.mark.timeout(300)

OPERATOR = {"authorization": f"Bearer {OPERATOR_KEY}", "accept": "application/json"}
KNOWN_AFTERWARDS = {f"{name}.{table}": None for name in SERVICES for table in ("tenant", "closed_company")}
"""Where the short name stays, so that nothing of the company comes back."""
LETTERS = dead_letter_topic(TRANSACTIONS.name, "dispatcher")


@pytest.fixture(scope="module")
async def world(postgres: Postgres, kafka: str) -> AsyncIterator[World]:
    async with a_world(postgres, kafka) as world:
        yield world


@pytest.fixture(scope="module")
async def log(world: World) -> TopicLog:
    return TopicLog(world)


@pytest.fixture(scope="module")
async def neighbour(world: World) -> Company:
    return await world.create_company("rowan")


@pytest.fixture(scope="module")
async def company(world: World, log: TopicLog, neighbour: Company) -> Company:
    return await world.create_company("yewtree")


def kafka_of(world: World) -> str:
    return world.contexts["trigger"].afterword.kafka


async def operate(world: World, path: str, body: Any = None, status: int = 200) -> Any:
    """What the operator is answered."""
    answer = await world.clients["trigger"].post(f"/v1/companies{path}", json=body, headers=OPERATOR)
    assert answer.status_code == status, answer.text
    return answer.json()


async def invited_by(world: World, company: str) -> list[str]:
    """Who invited people of the company, by the log."""
    async with world.contexts["dispatcher"].database.reading() as uow:
        values = {"tenant": company}
        rows = await uow.execute(
            "SELECT who FROM audit_line WHERE tenant = :tenant AND act = 'person_invited'", values
        )
        return list(rows.scalars())


async def acts_of(world: World, company: str) -> list[str]:
    """What the trigger has put into the log since its outbox was emptied."""
    async with world.contexts["trigger"].database.reading() as uow:
        rows = await uow.execute(
            "SELECT convert_from(value, 'UTF8') FROM outbox WHERE topic = 'audit.v1' ORDER BY seq"
        )
        lines = [msgspec.json.decode(row) for row in rows.scalars()]
    return [line["data"]["act"] for line in lines if line["tenant"] == company]


async def test_without_the_operators_key_nobody_makes_or_sees_companies(
    world: World, neighbour: Company
) -> None:
    for headers in ({}, neighbour.headers, {"authorization": f"Bearer {OPERATOR_KEY}x"}):
        for method, path in (("GET", ""), ("POST", ""), ("POST", "/rowan/leave"), ("POST", "/rowan/export")):
            answer = await world.clients["trigger"].request(
                method, f"/v1/companies{path}", json={"id": "stolen", "name": "Stolen"}, headers=headers
            )
            assert answer.status_code == 401, (method, path)
    found = (await world.clients["trigger"].get("/v1/companies", headers=OPERATOR)).json()["companies"]
    assert {each["id"]: each["state"] for each in found} == {"rowan": "running"}


async def test_a_company_is_made_with_a_key_and_its_first_administrator(world: World) -> None:
    body = {"id": "maple", "name": "Maple", "admin": "boss@maple.example.com", "languages": ["da"]}
    made = await operate(world, "", body, 201)
    await world.deliver_all()
    assert (made["state"], made["name"]) == ("running", "Maple")
    sent = await world.clients["trigger"].post(
        "/v1/events", json=an_event("maple"), headers={"authorization": f"Bearer {made['key']}"}
    )
    assert sent.status_code == 202
    link = made["sign_in_link"].partition("afterword.example")[2]
    assert (await world.clients["alerts"].get(link)).status_code == 200
    assert "another short name" in (await operate(world, "", body, 409))["detail"]
    assert await invited_by(world, "maple") == ["the operator"]
    refused = await operate(world, "", {**body, "id": "Not A Name"}, 422)
    assert "short name" in refused["detail"]


async def test_while_a_company_is_paused_nobody_is_asked_and_links_still_take_answers(
    world: World, company: Company
) -> None:
    assert (await operate(world, "/yewtree/pause"))["state"] == "paused"
    assert (await operate(world, "/yewtree/pause"))["state"] == "paused"
    await world.deliver_all()
    await world.post("trigger", company, "/v1/events", an_event("yewtree", id="while-paused"))
    (event,) = [each for each in await world.transactions() if each.data.id == "while-paused"]
    await world.deliver(event, TRANSACTIONS.name)
    decided = await world.clients["dispatcher"].get(
        "/v1/decisions", params={"event_id": "while-paused"}, headers=company.headers
    )
    assert [each["reason"] for each in decided.json()["decisions"]] == ["company_paused"]
    answered = await world.clients["collector"].post(
        f"/s/{company.token('answer')}", data={**an_answer(company), "score": "3"}
    )
    assert answered.status_code == 303
    admin = company.people["admin"]
    page = await world.clients["dispatcher"].get("/surveys", headers=admin.headers(page=True))
    assert "This company is paused." in page.text
    link = await world.clients["dispatcher"].post(
        "/v1/invitations", json={**an_event("yewtree", id="link"), "channel": "link"}, headers=company.headers
    )
    assert link.status_code == 409
    assert (await operate(world, "/yewtree/resume"))["state"] == "running"
    await operate(world, "/yewtree/stay", status=409)
    await world.deliver_all()


async def test_the_last_use_of_a_key_is_known_from_whichever_service_it_was(
    world: World, neighbour: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger, alerts = world.contexts["trigger"], world.contexts["alerts"]
    clock = trigger.database.clock
    for context in world.contexts.values():
        await context.keys._uses.write()
    first = (await world.clients["trigger"].get("/v1/keys", headers=neighbour.headers)).json()
    assert first["unanswered"] == []
    for later, name, path in ((1, "trigger", "/v1/company"), (2, "alerts", "/v1/cases")):
        with monkeypatch.context() as then:
            then.setattr(
                world.contexts[name].database, "clock", lambda by=later: clock() + timedelta(hours=by)
            )
            answer = await world.clients[name].get(path, headers=neighbour.headers)
            assert answer.status_code == 200
        await world.contexts[name].keys._uses.write()
    uses = {
        key["id"]: key["last_use"]
        for key in (await world.clients["trigger"].get("/v1/keys", headers=neighbour.headers)).json()["keys"]
    }
    used, unused = (use for _, use in sorted(uses.items(), key=lambda each: each[0] == neighbour.spare_key))
    assert unused is None
    assert (used["service"], used["route"]) == ("alerts", "/v1/cases")
    page = await world.clients["trigger"].get("/keys", headers=neighbour.people["admin"].headers(page=True))
    assert "/v1/cases" in page.text
    assert "not yet" in page.text
    # An older use that is written late changes nothing, and one minute has one statement for each service.
    await alerts.keys._uses.write()
    alerts.keys.note_use(ApiKey("rowan", "k", "k", frozenset()), "/v1/x")
    assert await alerts.keys._uses.write() is None

    async def away(*_: Any, **__: Any) -> bytes:
        raise ServiceUnavailable("alerts")

    monkeypatch.setattr(type(world.app("trigger").state.context.services), "get_body", away)
    partly = (await world.clients["trigger"].get("/v1/keys", headers=neighbour.headers)).json()
    assert set(partly["unanswered"]) == {"dispatcher", "collector", "scorer", "alerts"}


async def test_colour_and_names_reach_customers_and_colleagues_and_programs_get_codes(
    world: World, neighbour: Company
) -> None:
    client, headers = world.clients["trigger"], neighbour.headers
    faint = await client.patch("/v1/company", json={"accent": "#ffcc00"}, headers=headers)
    assert faint.status_code == 422
    assert "The nearest shade that can be read is #" in faint.json()["detail"]
    wrong = {"organisation:": "x", "a/b:c": " ", "": "x", "touchpoint:a/b": "x"}
    for code, name in wrong.items():
        refused = await client.patch("/v1/company", json={"display_names": {code: name}}, headers=headers)
        assert refused.status_code == 422, code
    names = {"touchpoint:rowan-checkout": "The till", "touchpoint": "Where it was"}
    changed = await client.patch(
        "/v1/company", json={"accent": "0A5A6C", "display_names": names}, headers=headers
    )
    assert (changed.json()["accent"], changed.json()["display_names"]) == ("#0a5a6c", names)
    await world.deliver_all()
    survey = await world.clients["collector"].get(f"/s/{neighbour.token('answer')}")
    assert 'href="/s/accent/0a5a6c.css"' in survey.text
    style = await world.clients["collector"].get("/s/accent/0a5a6c.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "--brand: #0a5a6c" in style.text
    for colour in ("ffcc00", "0a5a6", "x"):
        refused = await world.clients["collector"].get(f"/s/accent/{colour}.css")
        assert refused.status_code in {404, 422}, colour
    admin = neighbour.people["admin"].headers(page=True)
    for name, path in (("scorer", "/segments"), ("alerts", f"/cases/{neighbour.case}")):
        assert "The till" in (await world.clients[name].get(path, headers=admin)).text, path
    told = (await world.clients["scorer"].get("/v1/segments", headers=headers)).text
    assert "The till" not in told
    assert "rowan-checkout" in told
    page = await client.get("/company", headers=admin)
    assert "touchpoint:rowan-checkout = The till" in page.text
    posted = {"name": "Rowan", "languages": "en", "accent": "#fff", "display_names": "no equals sign"}
    kept = await client.post("/company", data=posted, headers=admin)
    assert (kept.status_code, "no equals sign" in kept.text) == (422, True)


def read_export(content: bytes, company: str) -> dict[str, bytes]:
    """The files of an export, whose manifest holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = msgspec.json.decode(files.pop("manifest.json"))
    assert manifest["company"]["id"] == company
    assert {each["path"]: each["sha256"] for each in manifest["files"]} == {
        path: hashlib.sha256(content).hexdigest() for path, content in files.items()
    }
    assert {each["path"]: each["rows"] for each in manifest["files"]} == {
        path: content.count(b"\n") for path, content in files.items()
    }
    return files


async def test_the_export_has_all_of_the_company_and_nothing_of_another(
    world: World, company: Company, neighbour: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await operate(world, "/yewtree/export", status=201)
    path = made["url"].partition("afterword.example")[2]
    monkeypatch.setattr("shared.privacy.company_rows.ROWS_PER_PAGE", 1)  # every table has several pages
    await world.deliver_all()
    found = await world.clients["trigger"].get(path)
    assert found.status_code == 200, found.text
    assert await acts_of(world, "yewtree") == ["company_export_opened"]
    assert found.headers["cache-control"] == "no-store"
    files = read_export(found.content, "yewtree")
    rows = await world.rows()
    for name in SERVICES:
        for table in exported_tables(name, service(name).metadata):
            own = [row for row in rows[f"{name}.{table}"] if row[0] == "yewtree"]
            assert own or table != "tenant"
            assert len(files[f"{name}/{table}.ndjson"].splitlines()) == len(own), table
    everything = b"".join(files.values())
    for word in (b"yewtree was late", b"yewtree-customer", b"yewtree called back", b"yewtree hours"):
        assert word in everything, word
    own = msgspec.json.decode(files["trigger/tenant.ndjson"])["body"]
    assert (own["id"], own["time_zone"], len(own["keys"])) == ("yewtree", "Europe/Copenhagen", 2)
    assert {"name", "languages", "people", "display_names", "accent", "postal_address"} <= own.keys()
    assert all(key["scopes"] and "digest" not in key for key in own["keys"])
    assert neighbour.name.encode() not in everything
    assert b"$argon2" not in everything
    for row in (row for content in files.values() for row in content.splitlines()):
        assert not SECRET_COLUMNS & msgspec.json.decode(row).keys()
    assert (await world.clients["trigger"].get(path[:-1])).status_code == 410
    clock = world.contexts["trigger"].database.clock
    with monkeypatch.context() as later:
        later.setattr(world.contexts["trigger"].database, "clock", lambda: clock() + timedelta(days=8))
        links = world.app("trigger").state.context.company_links
        later.setattr(links, "_clock", lambda: clock() + timedelta(days=8))
        assert (await world.clients["trigger"].get(path)).status_code == 410


async def test_a_link_is_withdrawn_and_one_download_of_a_company_runs_at_a_time(
    world: World, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.clients["trigger"]
    path = (await operate(world, "/yewtree/export", status=201))["url"].partition("afterword.example")[2]
    database = world.contexts["trigger"].database
    _, series = world.app("trigger").state.context.company_links.read(path.rpartition("/")[2])
    other = uuid7()
    async with database.transaction() as uow:
        await hold(uow, "yewtree", series, other)
    busy = await client.get(path)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "60")
    clock = database.clock
    with monkeypatch.context() as later:
        later.setattr(database, "clock", lambda: clock() + HELD_FOR * 2)
        assert (await client.get(path)).status_code == 200  # of one that was killed
    async with database.transaction() as uow:
        await hold(uow, "yewtree", series, other)
        with pytest.raises(ExportRuns):
            await hold(uow, "yewtree", series, uuid7())
        await release(uow, "yewtree", other)
    assert (await client.get(path)).status_code == 200

    # A download that runs goes on with its link, and ends with it.
    monkeypatch.setattr("services.trigger.company_export_api.HELD_AGAIN_AFTER", timedelta(0))
    assert (await client.get(path)).status_code == 200
    withdrawn = await client.delete("/v1/companies/yewtree/export", headers=OPERATOR)
    assert withdrawn.status_code == 204
    assert (await client.get(path)).status_code == 410
    async with database.transaction() as uow:
        with pytest.raises(ExportLinkEnded):
            await hold(uow, "yewtree", series, other)
    assert (await acts_of(world, "yewtree"))[-1] == "company_export_withdrawn"
    again = (await operate(world, "/yewtree/export", status=201))["url"].partition("afterword.example")[2]
    assert (await client.get(again)).status_code == 200
    nobody = await client.delete("/v1/companies/nobody/export", headers=OPERATOR)
    assert nobody.status_code == 404


async def test_a_page_that_a_service_does_not_answer_is_asked_for_again(
    world: World, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await operate(world, "/yewtree/export", status=201)
    client = type(world.app("trigger").state.context.services)
    get_body: Callable[..., Awaitable[bytes]] = client.get_body
    asked = 0

    async def sometimes(self: Any, service: str, path: str, **given: Any) -> bytes:
        nonlocal asked
        asked += "/tables/" in path
        if "/tables/" in path and asked % 3:
            raise ServiceUnavailable(service)
        return await get_body(self, service, path, **given)

    monkeypatch.setattr(client, "get_body", sometimes)
    monkeypatch.setattr("shared.privacy.company_export.FIRST_PAUSE_S", 0.0)
    found = await world.clients["trigger"].get(made["url"].partition("afterword.example")[2])
    assert found.status_code == 200
    assert "alerts/staff.ndjson" in read_export(found.content, "yewtree")
    assert asked > 100


async def test_the_day_on_which_a_company_leaves_is_moved(world: World) -> None:
    await operate(world, "", {"id": "larch", "name": "Larch"}, 201)
    now = world.contexts["trigger"].database.clock()
    days = []
    for body in ({"grace_days": 60}, {}, {"grace_days": 5}, {"grace_days": 40}):
        left = msgspec.convert(await operate(world, "/larch/leave", body), type=dict[str, Any])
        days.append(round((datetime.fromisoformat(left["leaves_at"]) - now) / timedelta(days=1)))
    assert days == [60, 60, 5, 40]
    async with world.contexts["trigger"].database.reading() as uow:
        rows = await uow.execute(
            "SELECT convert_from(value, 'UTF8') FROM outbox WHERE topic = 'audit.v1' ORDER BY seq"
        )
        lines = [msgspec.json.decode(row)["data"] for row in rows.scalars()]
    assert [each["facts"]["grace_days"] for each in lines if each["act"] == "company_leaves"] == [60, 5, 40]
    # Nobody is made in a company that leaves, nor in one that has left.
    larch = {"id": "larch", "name": "Larch", "admin": "boss@larch.example.com"}
    assert "stay" in (await operate(world, "", larch, 409))["detail"]
    await operate(world, "/larch/leave", {"grace_days": 0})
    async with world.contexts["trigger"].database.transaction() as uow:
        await let_go(uow, "larch")
    for name in ("Larch", "larch"):
        assert "never given again" in (await operate(world, "", {**larch, "name": name}, 409))["detail"]
    assert await free_short_name(world.contexts["trigger"].database, "larch") != "larch"
    await world.deliver_all()
    alerts = world.contexts["alerts"].database
    for make in (
        create_staff(alerts, "https://x.example", "larch", "boss@larch.example.com", "admin"),
        sign_in_link(alerts, "https://x.example", "larch", "boss@larch.example.com"),
    ):
        with pytest.raises(BadAccount, match="has left"):
            await make
    async with alerts.reading() as uow:
        assert (await uow.execute("SELECT 1 FROM staff WHERE tenant = 'larch'")).all() == []


async def test_the_commands_export_to_a_file_of_ones_own_and_let_a_company_leave_and_stay(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, context in world.contexts.items():
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", context.database.url)
    body = {"id": "linden", "name": "Linden", "admin": "boss@linden.example.com"}
    await operate(world, "", body, 201)
    await world.deliver_all()
    file = tmp_path / "linden.zip"
    assert await tenant_leaving.export_tenant("linden", file) > 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"boss@linden.example.com" in read_export(file.read_bytes(), "linden")["alerts/staff.ndjson"]
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="there already"):
        await tenant_leaving.leave("linden", file, 30)
    leaves_at = await tenant_leaving.leave("linden", tmp_path / "again.zip", 30)
    assert leaves_at > world.contexts["trigger"].database.clock() + timedelta(days=29)
    assert set((await tenant_leaving.erasures("linden")).values()) == {"not to be erased"}
    assert (await operate(world, "/linden/stay"))["state"] == "paused"
    with pytest.raises(tenant_leaving.TenantNotLeaving, match="no tenant nobody"):
        await tenant_leaving.leave("nobody", None, 30)


async def test_an_export_says_which_service_is_away(
    world: World,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = await operate(world, "/yewtree/export", status=201)
    client = world.app("trigger").state.context.services

    async def away(*_: Any, **__: Any) -> bytes:
        raise ServiceUnavailable("scorer")

    monkeypatch.setattr(type(client), "get_body", away)
    found = await world.clients["trigger"].get(made["url"].partition("afterword.example")[2])
    assert found.status_code == 503
    assert "scorer" in found.json()["detail"]


OF_NO_COMPANY = frozenset(
    {
        *("backfill", "outbox", "pace", "position", "retention_run", "source_worker"),
        *("mail_destination", "mail_server", "mail_stream", "webhook_token"),
    }
)
"""Tables without rows of companies."""


def test_each_table_is_exported_or_says_why_not() -> None:
    for name in SERVICES:
        metadata = service(name).metadata
        every = {table.name for table in metadata.sorted_tables}
        tables = {table.name for table in company_tables(metadata)} | {"closed_company", "tenant"}
        assert every - tables <= OF_NO_COMPANY, name
        assert set(LEFT_OUT_BY_SERVICE[name]) <= tables, name
        assert tables == set(LEFT_OUT_BY_SERVICE[name]) | set(exported_tables(name, metadata))


async def store_records(world: World, log: TopicLog) -> None:
    """Everything that was published, and a dead letter, on the topics of a broker."""
    kafka = kafka_of(world)
    topics = [topic.name for topic in TOPICS if topic.name != TRANSACTIONS.name]
    await create_topics(kafka, [*topics, LETTERS])
    producer = new_producer(kafka, "test")
    await producer.start()
    try:
        for topic in topics:
            partitions = len(await producer.partitions_for(topic))
            for key, value in log.topics.get(topic, []):
                await producer.send(topic, value, key, partition=partition_of(key, partitions))
        for own in ("yewtree", "rowan"):
            (event,) = [
                e for e in await world.transactions() if (e.tenant, e.data.id) == (own, f"{own}-order")
            ]
            place = dead_letter_key(TRANSACTIONS.name, 0, {"yewtree": 1, "rowan": 2}[own])
            key = TRANSACTIONS.record_key(event)
            headers = decode_headers(encode_headers(TRANSACTIONS.name, 0, 1, key, "bug", event.time, []))
            await producer.send(LETTERS, TRANSACTIONS.encode(event), place, partition=0, headers=headers)
        await producer.flush()
    finally:
        await stop_producer(producer)


async def live_records(world: World, topic: str, word: bytes) -> list[bytes]:
    """The keys of the records with this word that compaction leaves, or will leave."""
    records = await records_of(kafka_of(world), topic)
    newest = {key: value for key, value, _ in records if key is not None}
    return [key for key, value in newest.items() if value is not None and word in key + value]


def holding(rows: Any, word: str) -> set[str]:
    return {table for table, found in rows.items() if any(word in repr(row) for row in found)}


async def relay_all(world: World, log: TopicLog) -> None:
    """Deliver what is in the outboxes, and store it in the broker as the relay would."""
    before = {topic: len(records) for topic, records in log.topics.items()}
    await log.deliver_all()
    kafka = kafka_of(world)
    producer = new_producer(kafka, "test")
    await producer.start()
    try:
        for topic, records in log.topics.items():
            partitions = len(await producer.partitions_for(topic))
            for key, value in records[before.get(topic, 0) :]:
                # Where the relay puts it, behind what it replaces.
                await producer.send(topic, value, key, partition=partition_of(key, partitions))
        await producer.flush()
    finally:
        await stop_producer(producer)


async def erase_companies(world: World) -> None:
    for name, context in world.contexts.items():
        while await service(name).erasing_companies(context).step() is not None:
            """One company with each step."""


async def test_nothing_of_a_company_that_has_left_is_in_any_table_or_topic(  # noqa: C901, PLR0912  (one story)
    world: World, log: TopicLog, company: Company, neighbour: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Everything is published once more, so that the topics have all of both companies.
    for name, context in world.contexts.items():
        for owned in service(name).recovery(context).owned:
            async with context.database.transaction() as uow:
                things, _ = await owned.page(uow, None, 1_000)
                for tenant, thing in things:
                    uow.publish(owned.topic, tenant, thing)
    await log.deliver_all()
    await store_records(world, log)
    before = await world.rows()
    assert len(holding(before, "yewtree")) > 60
    topics = [topic for name in SERVICES for topic in erasable_topics(name)]
    assert sum([len(await live_records(world, topic, b"yewtree")) > 0 for topic in topics]) > 6

    left = await operate(world, "/yewtree/leave", {"grace_days": 30})
    assert left["state"] == "leaving"
    await relay_all(world, log)
    admin = company.people["admin"]
    for name, path in (("trigger", "/v1/keys"), ("alerts", "/v1/cases"), ("dispatcher", "/v1/surveys")):
        assert (await world.clients[name].get(path, headers=company.headers)).status_code == 401, name
    for name, path in (("trigger", "/company"), ("alerts", "/inbox"), ("scorer", "/")):
        page = await world.clients[name].get(path, headers=admin.headers(page=True))
        assert page.status_code == 403, name
        assert "Your company has left Afterword." in page.text
    link = await world.clients["collector"].get(f"/s/{company.token('answer')}")
    assert link.status_code == 404, link.text

    assert (await operate(world, "/yewtree/stay"))["state"] == "paused"
    await relay_all(world, log)
    assert (await world.clients["dispatcher"].get("/v1/surveys", headers=company.headers)).status_code == 200
    await operate(world, "/yewtree/leave", {"grace_days": 0})
    trigger = world.contexts["trigger"].database
    async with trigger.transaction() as uow:
        await let_go(uow, "yewtree")
    await relay_all(world, log)

    with monkeypatch.context() as portions:
        portions.setattr("shared.privacy.left_companies.MAX_KEYS_IN_MEMORY", 1)
        await erase_companies(world)
    await relay_all(world, log)
    after = await world.rows()
    assert holding(after, "yewtree") == set(KNOWN_AFTERWARDS)
    for table, rows in before.items():
        if not table.endswith((".outbox", ".key_use", ".retention_run")):
            of_neighbour = [row for row in rows if row[0] == neighbour.name]
            assert [row for row in after[table] if row[0] == neighbour.name] == of_neighbour, table
    for topic in [*topics, LETTERS]:
        assert await live_records(world, topic, b"yewtree") == [], topic
    assert len(await live_records(world, LETTERS, b"rowan")) == 1
    shown = (await world.clients["trigger"].get("/v1/companies/yewtree", headers=OPERATOR)).json()
    assert shown["state"] == "left"
    assert {each["service"] for each in shown["erasures"] if each["erased_at"]} == set(SERVICES)
    assert shown["name"] == "yewtree"

    # Whatever comes again brings nothing back, and what one process had in hand goes an hour later.
    records = await records_of(kafka_of(world), TRANSACTIONS.name)
    again = [(key, value) for key, value, _ in records if key is not None]
    log.topics[TRANSACTIONS.name] = [*log.topics.get(TRANSACTIONS.name, []), *again]
    for each in TOPICS:
        for _, value in log.topics.get(each.name, []):
            await log.consume(each.name, value)
    assert holding(await world.rows(), "yewtree") == set(KNOWN_AFTERWARDS)
    await set_missing(world.contexts["alerts"].database)  # a loop that goes over all companies
    assert holding(await world.rows(), "yewtree") == set(KNOWN_AFTERWARDS)
    dispatcher = world.contexts["dispatcher"].database
    async with dispatcher.transaction() as uow:
        await uow.execute("INSERT INTO import_mapping VALUES ('yewtree', 'x', '', now())")
    clock = dispatcher.clock
    with monkeypatch.context() as later:
        for context in world.contexts.values():
            later.setattr(context.database, "clock", lambda: clock() + timedelta(hours=2))
        await erase_companies(world)
    assert holding(await world.rows(), "yewtree") == set(KNOWN_AFTERWARDS)
    await operate(world, "/yewtree/stay", status=404)

    # A database from a backup has the company again, and does not know that it has left.
    collector = world.contexts["collector"]
    async with collector.database.transaction() as uow:
        await uow.execute("DELETE FROM closed_company WHERE tenant = 'yewtree'")
        await uow.execute("UPDATE tenant SET version = 1 WHERE id = 'yewtree'")
        await uow.execute(
            "INSERT INTO intent (tenant, invitation_id, first_at, last_at, visits, seen) "
            "VALUES ('yewtree', gen_random_uuid(), now(), now(), 1, '[]')"
        )
    for read in service("collector").restored(collector).reads:
        for _, value in log.topics.get(read.topic.name, []):
            if value is not None:
                async with collector.database.transaction() as uow:
                    await read.handle(uow, [read.topic.decode(value)])
    await service("collector").erasing_companies(collector).step()
    assert holding(await world.rows(), "yewtree") == set(KNOWN_AFTERWARDS)
    await operate(world, "", {"id": "yewtree", "name": "Yewtree"}, 409)
