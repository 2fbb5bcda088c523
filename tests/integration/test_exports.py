"""What is kept of a customer: all of it, of nobody else, for nobody else, and never in part."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from support.companies import (
    Company,
    World,
)
from support.exports import (
    Broken,
    export,
    fill,
    get,
    kinds,
    page,
    person,
    send_event,
    way_between,
)
from support.http_clients import SECRET

from services import SERVICES
from services.alerts.cases.repository import export as alerts_export
from services.collector.repository import export as collector_export
from services.command import service
from services.dispatcher.exports import repository as dispatcher_export
from services.dispatcher.exports.schemas import Export
from services.dispatcher.suppressions.suppression_commands import start_texts, stop_texts
from services.scorer.repository import export as scorer_export
from services.trigger import tenants
from shared.privacy.export import ASKED_SERVICES, ExportQuery, ExportSource, read_sources
from shared.privacy.export_links import ExportLinks, ExportSubject
from shared.privacy.export_records import KEPT, PURPOSES, FileRowRecord
from shared.privacy.persons import person_of
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens
from shared.secrets import customer_hash

TABLES_WITHOUT_RECORDS = {
    **{f"{name}.erased": "who is in it was erased, and has no export" for name in SERVICES},
    "dispatcher.erasure": "what was erased under one address is an access record",
    "dispatcher.export_link": "each link that was made, opened or withdrawn is an access record",
    **{f"{name}.outbox": "events on their way, of what their service exports" for name in SERVICES},
}
"""Tables in which a customer's pseudonym may be, and why an export has no record of them."""
TABLES_WITH_OTHER_RECORDS = {"dispatcher.audit_line"}
"""They have the pseudonym in another column than ``person``, and records in an export."""


async def test_every_table_with_the_pseudonym_in_any_column_has_records_or_a_reason(
    world: World, amber: Company
) -> None:
    await page(world, amber.people["admin"], f"/customers/{person(amber)}/link", {})
    await world.deliver_all()
    found = {table for table, rows in (await world.rows()).items() if person(amber) in repr(rows)}
    with_person = {
        f"{name}.{table.name}"
        for name in SERVICES
        for table in service(name).metadata.sorted_tables
        if "person" in table.columns
    }
    assert found <= with_person | TABLES_WITH_OTHER_RECORDS | TABLES_WITHOUT_RECORDS.keys()
    assert found >= TABLES_WITH_OTHER_RECORDS | {"dispatcher.export_link"}
    (log,) = [each for each in (await export(world, amber)).sections if each.kind == "access"]
    assert "export_link" in {each.act for each in log.records}  # type: ignore[union-attr]


async def test_every_table_with_a_person_is_in_the_export(world: World, amber: Company) -> None:
    """Every row with the person, of every table with that column, is found again by what identifies it."""
    whole = msgspec.json.encode(await export(world, amber)).decode()
    missing, tables = [], set()
    for name in SERVICES:
        for table in service(name).metadata.sorted_tables:
            if "person" not in table.columns or f"{name}.{table.name}" in TABLES_WITHOUT_RECORDS:
                continue
            tables.add(f"{name}.{table.name}")
            key = next(each.name for each in table.primary_key if each.name not in {"tenant", "kind"})
            key = {
                "suppression_lift": "key",
                "known_customer": "customer_id",
                "webhook_delivery": "message_id",
            }.get(table.name, key)
            async with world.contexts[name].database.reading() as uow:
                rows = await uow.execute(
                    f"SELECT {key} FROM {table.name} WHERE tenant = :tenant AND person = :person",
                    {"tenant": "amber", "person": person(amber)},
                )
                found = [str(value) for value in rows.scalars()]
            if not found:
                missing.append(f"{name}.{table.name} has no row: the test shows nothing")
            missing += [f"{name}.{table.name}: {value}" for value in found if value not in whole]
    assert missing == []
    assert len(tables) >= 11


async def test_each_service_with_personal_data_is_asked_and_has_the_route(
    world: World, amber: Company
) -> None:
    with_people = {
        name
        for name in SERVICES
        for table in service(name).metadata.tables.values()
        if "person" in table.columns
    }
    assert with_people == {"dispatcher", *ASKED_SERVICES}
    assert {each.service for each in (await export(world, amber)).sections} == with_people


async def test_all_that_the_customer_gave_is_in_it_and_nothing_of_anybody_else(
    world: World, amber: Company
) -> None:
    answer = await get(world, amber, "/v1/customers/amber-customer/export")
    for word in (
        *("amber-customer", "customer@amber.example", "+4512345678", "amber Whitfield", "amber was late"),
        *("amber-order", "amber table", "amber-checkout", str(amber.invitation), str(amber.case)),
    ):
        assert word in answer.text, word
    for word in ("amber-other", "amber was early", "amber-never", "birch", "quartz"):
        assert word not in answer.text, word


async def test_what_the_customer_said_under_the_number_is_in_it(world: World, amber: Company) -> None:
    number = customer_hash(SECRET, "amber", "+4512345678")
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await stop_texts(uow, "amber", number)
        await start_texts(uow, "amber", number)
        await stop_texts(uow, "amber", number)
    try:
        found = {
            (section.kind, record.by)  # type: ignore[union-attr]
            for section in (await export(world, amber)).sections
            if section.kind in {"suppression", "suppression_lift", "preference"}
            for record in section.records
            if getattr(record, "id", None) == number
        }
    finally:
        async with world.contexts["dispatcher"].database.transaction() as uow:
            for table in ("suppression", "suppression_lift"):
                await uow.execute(f"DELETE FROM {table} WHERE key = :key", {"key": number})
    kinds_found = {"suppression", "suppression_lift", "preference"}
    assert found == {(kind, "address") for kind in kinds_found}


async def test_what_colleagues_wrote_and_who_they_are_is_left_out(world: World, amber: Company) -> None:
    document = await export(world, amber)
    text = msgspec.json.encode(document).decode()
    for word in ("amber called back", "amber was told", "amber admin", "amber agent"):
        assert word not in text, word
    (cases,) = [each for each in document.sections if each.kind == "case"]
    steps = [step.step for step in cases.records[0].steps]  # type: ignore[union-attr]
    assert steps == ["opened", "contact", "mailed"]
    assert document.left_out == ("staff_notes", "staff_names")


async def test_each_section_says_why_and_how_long_it_is_kept(world: World, amber: Company) -> None:
    document = await export(world, amber)
    for section in document.sections:
        assert (section.purpose, section.kept) == (PURPOSES[section.kind], KEPT[section.kind])
        assert section.kept_days is not None or section.kept == "always"
        assert {each.obtained_from for each in section.records} <= {
            *("company", "customer", "import", "staff", "afterword"),
        }
    counts = kinds(document)
    assert counts["dispatcher", "suppression"] == 2
    assert counts["dispatcher", "suppression_lift"] == 1
    assert counts["collector", "answer"] == counts["scorer", "counted_answer"] == 1


async def test_a_customer_of_imports_alone_is_found_by_id(world: World, amber: Company) -> None:
    document = await export(world, amber, "/v1/customers/amber-other/export")
    found = {each for each, n in kinds(document).items() if n}
    assert found >= {("collector", "answer"), ("scorer", "counted_answer")}
    (answers,) = [each for each in document.sections if (each.service, each.kind) == ("collector", "answer")]
    assert answers.records[0].obtained_from == "import"


# ---- who is found


async def test_by_id_address_and_number_the_same_is_found(world: World, amber: Company) -> None:
    expected = (await export(world, amber)).sections
    for query in (
        {"email": " Customer@AMBER.example"},
        {"phone": "+45 12 34 56 78"},
        {"email": "customer@amber.example", "phone": "+4512345678"},
        {"customer_id": "amber-customer"},
        {"customer_id": "amber-customer", "email": "customer@amber.example"},
    ):
        assert (await export(world, amber, "/v1/customers/export", **query)).sections == expected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"customer_id": "nobody-7"}, "this customer id"),
        ({"email": "nobody@amber.example"}, "this mail address"),
        ({"phone": "+4587654321"}, "this phone number"),
        (
            {"customer_id": "amber-customer", "email": "nobody@amber.example"},
            "this customer id and mail address together",
        ),
        ({"email": "customer@amber.example", "phone": "+4587654321"}, "mail address and phone number"),
    ],
)
async def test_an_unknown_customer_is_404_that_says_what_was_looked_for(
    world: World, amber: Company, query: dict[str, str], words: str
) -> None:
    answer = await get(world, amber, "/v1/customers/export", **query)
    assert answer.status_code == 404
    assert words in answer.json()["title"]
    assert not [value for value in query.values() if value in answer.text]


@pytest.mark.parametrize(
    "query", [{}, {"customer_id": "guest"}, {"phone": "call me"}, {"customer_id": "c", "kind": "nothing"}]
)
async def test_what_cannot_be_a_customer_is_422(world: World, amber: Company, query: dict[str, str]) -> None:
    answer = await get(world, amber, "/v1/customers/export", **query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_several_customers_under_one_address_are_listed_and_one_is_chosen(
    world: World, birch: Company
) -> None:
    shared = {"email": "family@birch.example"}
    await send_event(world, birch, 1, {"id": "birch-ann", **shared})
    await send_event(world, birch, 2, {"id": "birch-ben", **shared})
    await send_event(world, birch, 3, {"id": "birch-ben", "email": "ben@birch.example"})
    answer = await get(world, birch, "/v1/customers/export", **shared)
    assert answer.status_code == 409
    assert answer.json()["customers"] == [
        {"customer_id": "birch-ann", "addresses": 1},
        {"customer_id": "birch-ben", "addresses": 2},
    ]
    answer = await get(world, birch, "/v1/customers/export", email="ben@birch.example")
    assert answer.status_code == 409, "an id with several addresses may be several people"
    whole = await export(world, birch, "/v1/customers/birch-ben/export")
    part = await export(world, birch, "/v1/customers/export", customer_id="birch-ben", **shared)
    assert [kinds(each)["dispatcher", "event"] for each in (whole, part)] == [2, 1]
    assert part.contact == customer_hash(SECRET, "birch", "family@birch.example")
    assert b"ben@birch" not in msgspec.json.encode(part)
    assert kinds(await export(world, birch, "/v1/customers/birch-ann/export"))["dispatcher", "event"] == 1


async def test_an_id_may_have_any_characters(world: World, birch: Company) -> None:
    await send_event(world, birch, 4, {"id": "a/b c?d", "email": "slash@birch.example"})
    assert kinds(await export(world, birch, "/v1/customers/a%2Fb%20c%3Fd/export"))["dispatcher", "event"] == 1


async def test_somebody_without_an_id_is_found_by_the_address(world: World, birch: Company) -> None:
    await send_event(world, birch, 5, {"email": "nameless@birch.example"})
    found = await export(world, birch, "/v1/customers/export", email="nameless@birch.example")
    assert kinds(found)["dispatcher", "event"] == 1


# ---- bounded


async def test_a_customer_with_very_much_is_read_in_parts(world: World, birch: Company) -> None:
    await send_event(world, birch, 6, {"id": "birch-big", "email": "big@birch.example"})
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await uow.execute(
            """
            INSERT INTO decision (tenant, event_id, decided_at, source, source_id, customer_id, person,
                contact_key, digest, reason, segments, facts, grounds)
            SELECT d.tenant, gen_random_uuid(), d.decided_at - n / 2 * interval '1 minute', d.source,
                d.source_id || '-' || n, d.customer_id, d.person, d.contact_key, d.digest, 'quarantine',
                d.segments, d.facts, d.grounds
            FROM decision d, generate_series(1, 999) n
            WHERE d.tenant = 'birch' AND d.customer_id = 'birch-big'
            """
        )
    path, before = "/v1/customers/birch-big/export", ""
    seen: set[Any] = set()
    first = await export(world, birch, path)
    assert kinds(first)["dispatcher", "invitation"] == 1
    assert first.is_cut
    for _ in range(10):
        more = {"kind": "event"} | ({"before": before} if before else {})
        (section,) = [each for each in (await export(world, birch, path, **more)).sections if each.records]
        ids = {each.id for each in section.records}  # type: ignore[union-attr]
        assert not seen & ids
        assert len(ids) == len(section.records) <= 200
        seen |= ids
        if section.older_before is None:
            break
        before = section.older_before.isoformat()
    assert len(seen) == 1000
    shown = await page(world, birch.people["admin"], f"/customers/{person_of(SECRET, 'birch', 'birch-big')}")
    assert "These are the newest; there are older ones." in shown.text


SOURCES: dict[str, Sequence[ExportSource]] = {
    "dispatcher": dispatcher_export.SOURCES,
    "collector": collector_export.SOURCES,
    "scorer": scorer_export.SOURCES,
    "alerts": alerts_export.SOURCES,
}


@pytest.mark.parametrize("name", SOURCES)
async def test_every_source_is_read_in_parts_without_a_gap_or_a_doubling(
    world: World, amber: Company, name: str
) -> None:
    assert set(SOURCES) == {"dispatcher", *ASKED_SERVICES}
    address = customer_hash(SECRET, "amber", "customer@amber.example")
    for source in SOURCES[name]:
        assert "NULLS LAST\n    FETCH FIRST (:limit) ROWS WITH TIES" in source.statement, source.kind
        found = {}
        for limit in (1, 2, 3, 200):
            before, read = None, []
            while True:
                query = ExportQuery(
                    tenant="amber", person=person(amber), kind=source.kind, before=before, limit=limit
                )
                async with world.contexts[name].database.reading() as uow:
                    (section,) = await read_sources(uow, query, name, [source], contacts=[address])
                read += [msgspec.json.encode(each) for each in section.records]
                if section.older_before is None:
                    break
                before = section.older_before
            found[limit] = sorted(read)
        assert len({tuple(each) for each in found.values()}) == 1, source.kind
        assert len(found[1]) == len(set(found[1])), source.kind


async def test_more_ways_to_be_known_and_times_that_are_missing_than_a_section_holds_are_all_read(
    world: World, birch: Company
) -> None:
    await send_event(world, birch, 7, {"id": "birch-many", "email": "many@birch.example"})
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await uow.execute(
            """
            INSERT INTO known_customer (tenant, person, contact, phone, customer_id, known_at)
            SELECT k.tenant, k.person, k.contact, 'hash-' || n, k.customer_id, k.known_at - n / 3 * interval '1 day'
            FROM known_customer k, generate_series(1, 700) n
            WHERE k.tenant = 'birch' AND k.customer_id = 'birch-many'
            """
        )
        await uow.execute(
            """
            INSERT INTO customer (tenant, id, person, address, invited_at)
            SELECT c.tenant, 'many-' || n, c.person, NULL, CASE WHEN n < 250 THEN now() - n * interval '1 hour' END
            FROM customer c, generate_series(1, 500) n
            WHERE c.tenant = 'birch' AND c.id = 'birch-many'
            """
        )
    for kind, expected in (("known", 701), ("asked", 504)):
        before, read = "", []
        while True:
            more = {"kind": kind} | ({"before": before} if before else {})
            document = await export(world, birch, "/v1/customers/birch-many/export", **more)
            (section,) = [each for each in document.sections if each.records]
            read += [repr(each) for each in section.records]
            if section.older_before is None:
                break
            before = section.older_before.isoformat()
        assert (len(read), len(set(read))) == (expected, expected), kind


async def test_more_exports_at_once_than_have_a_place_are_refused_and_none_is_in_part(
    world: World, amber: Company
) -> None:
    answers = await asyncio.gather(
        *(get(world, amber, "/v1/customers/amber-customer/export") for _ in range(12))
    )
    assert {each.status_code for each in answers} <= {200, 429, 503}
    good = [msgspec.json.decode(each.content, type=Export) for each in answers if each.status_code == 200]
    assert good
    assert len({msgspec.json.encode(each.sections) for each in good}) == 1
    assert all("retry-after" in each.headers for each in answers if each.status_code != 200)


# ---- services that are away


async def _refuses(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody is there")


async def _fails(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500, text="{}")


async def _says_something_else(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text='[{"service": "scorer"}]')


async def _hangs(_: httpx.Request) -> httpx.Response:
    await asyncio.sleep(30)
    return httpx.Response(200, text="[]")


@pytest.mark.parametrize("how", [_refuses, _fails, _says_something_else, _hangs])
@pytest.mark.parametrize("away", ["scorer"])
async def test_a_service_that_is_away_is_named_and_nothing_is_shown_in_part(
    world: World, amber: Company, how: Any, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.privacy.service_client.TIMEOUT_S", 0.3)
    async with way_between(world, Broken(world, away, how)):
        answer = await get(world, amber, "/v1/customers/amber-customer/export")
        shown = await page(world, amber.people["admin"], f"/customers/{person(amber)}")
        token, _ = ExportLinks(SECRET).sign(ExportSubject("amber", person(amber), None))
        opened = await world.clients["dispatcher"].get(f"/x/{token}", headers={"accept": "text/html"})
    assert (answer.status_code, shown.status_code, opened.status_code) == (503, 503, 503)
    assert away in answer.json()["title"]
    assert int(answer.headers["retry-after"]) > 0
    for each in (answer, shown, opened):
        assert "Whitfield" not in each.text


async def test_rows_that_have_no_pseudonym_yet_are_in_it(world: World, amber: Company) -> None:
    before = (await export(world, amber)).sections
    for name in SERVICES:
        for table in service(name).metadata.sorted_tables:
            if "person" in table.columns and table.columns["person"].nullable:
                async with world.contexts[name].database.transaction() as uow:
                    await uow.execute(
                        f"UPDATE {table.name} SET person = NULL WHERE tenant = 'amber' AND person <> ''"
                    )
    assert (await export(world, amber)).sections == before
    await fill(world)
    assert (await export(world, amber)).sections == before


async def test_very_many_rows_without_a_pseudonym_hold_the_export_back(
    world: World, amber: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.privacy.export_api.MAX_UNFILLED", -1)
    async with world.contexts["alerts"].database.transaction() as uow:
        await uow.execute("UPDATE cases SET person = NULL WHERE tenant = 'amber'")
    answer = await get(world, amber, "/v1/customers/amber-customer/export")
    await fill(world)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


# ---- who may


@pytest.mark.parametrize("role", ["editor", "leader", "agent", "analyst"])
async def test_only_administrators_of_the_whole_company_may(world: World, amber: Company, role: str) -> None:
    limited = await world.add_person(amber, "admin", ("touchpoint:amber-checkout",), f"limited-{role}")
    client, who = world.clients["dispatcher"], amber.people[role]
    path = "/v1/customers/amber-customer/export"
    assert (await client.get(path, headers=who.headers(page=False))).status_code == 403
    assert (await client.get(path, headers=limited.headers(page=False))).status_code == 403
    for one, status in ((who, 404), (limited, 403)):
        for there in ("", f"/{person(amber)}", f"/{person(amber)}/download"):
            assert (await page(world, one, f"/customers{there}")).status_code == status
        for there in ("", f"/{person(amber)}/link"):
            form = {"customer_id": "amber-customer"}
            assert (await page(world, one, f"/customers{there}", form)).status_code == status


@pytest.mark.parametrize(("scope", "status"), [("customers:erase", 200), ("answers:read", 403)])
async def test_a_key_needs_the_scope_of_customers_own_requests(
    world: World, amber: Company, scope: str, status: int
) -> None:
    trigger = world.contexts["trigger"].database
    key = await tenants.create_key(trigger, "amber", (scope,), name=f"with {scope}")
    await world.deliver_all()
    answer = await world.clients["dispatcher"].get(
        "/v1/customers/amber-customer/export", headers={"authorization": f"Bearer {key}"}
    )
    assert answer.status_code == status


async def test_another_companys_customer_is_unknown(world: World, amber: Company, quartz: Company) -> None:
    assert (await get(world, quartz, "/v1/customers/amber-customer/export")).status_code == 404
    assert (await page(world, quartz.people["admin"], f"/customers/{person(amber)}")).status_code == 404


# ---- the routes between services


def service_tokens() -> Iterator[tuple[str, str]]:
    claims = {"person": "p", "contact": None}
    good = ServiceTokens(SECRET).sign("export", "amber", claims)
    early = ServiceTokens(SECRET, clock=lambda: datetime.now(UTC) - timedelta(seconds=61))
    body, _, tag = good.partition(".")
    yield "none", ""
    yield "a key's scheme", f"Bearer {good}"
    yield "of another purpose", f"{TOKEN_SCHEME} {ServiceTokens(SECRET).sign('retention', 'amber', claims)}"
    yield "of another secret", f"{TOKEN_SCHEME} {ServiceTokens('x' * 40).sign('export', 'amber', claims)}"
    yield "over", f"{TOKEN_SCHEME} {early.sign('export', 'amber', claims)}"
    yield "tampered claims", f"{TOKEN_SCHEME} {body[:-2]}AA.{tag}"
    yield "tampered tag", f"{TOKEN_SCHEME} {body}.{tag[:-4]}AAAA"
    yield "without a person", f"{TOKEN_SCHEME} {ServiceTokens(SECRET).sign('export', 'amber', {})}"
    yield "not ASCII", f"{TOKEN_SCHEME} é.é"


@pytest.mark.parametrize("asked", ASKED_SERVICES)
@pytest.mark.parametrize(("what", "header"), list(service_tokens()))
async def test_a_service_answers_nobody_without_its_token(
    world: World, asked: str, what: str, header: str
) -> None:
    headers = {b"authorization": header.encode("latin-1")}
    answer = await world.clients[asked].get(f"/v1/personal-data/{asked}/export", headers=headers)
    assert answer.status_code == 401, what


async def test_rows_of_files_that_are_the_customers_and_not_taken_are_in_it(
    world: World, amber: Company
) -> None:
    """By id in a file that nobody has begun, by address in a faulty row; rows of others are not."""
    rows = "Customer ID,E-mail,Plan\namber-customer,,{word}\nstranger,stranger@amber.example,not theirs\n"
    sent = {
        "content": rows.format(word="still waiting"),
        "headers": {**amber.headers, "content-type": "text/csv"},
    }
    answer = await world.clients["dispatcher"].post("/v1/imports?kind=customers", **sent)  # type: ignore[arg-type]
    assert answer.status_code == 201, answer.text
    document = await export(world, amber)
    (section,) = [each for each in document.sections if each.kind == "file_row"]
    (row,) = section.records
    assert isinstance(row, FileRowRecord)
    assert (row.row, row.state, row.file_kind) == (2, "waiting", "customers")
    assert row.cells == {"Customer ID": "amber-customer", "Plan": "still waiting"}
    assert section.kept_days == 7
    shown = await page(world, amber.people["admin"], f"/customers/{person(amber)}")
    assert "still waiting" in shown.text
    assert "not theirs" not in shown.text
