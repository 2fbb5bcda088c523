"""Files: uploaded, mapped, taken part by part, and their faults given back to be mended."""

import asyncio
import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from support.audit import audit_lines
from support.dispatcher_builders import TENANT, keep_tenant, rows
from support.dispatcher_client import FOREIGN_KEY, KEY, a_person, by_key, form
from support.dispatcher_erasing import ask, run_erasing
from support.http_clients import SECRET, api_client
from support.imports import PATH, FakeCollector, processing, send, take_all

from services.dispatcher.app import SERVICE
from services.dispatcher.imports import repository
from services.dispatcher.moving_in.moving import CannotMove, MoveIn, move_in
from shared.db.database import Database
from shared.events import KeyDigest, Tenant
from shared.secrets import customer_hash
from shared.service import Context
from shared.telemetry.metrics import IMPORTED_ROWS
from shared.tenancy import digest_of
from shared.tenancy.closed import keep_closed

CUSTOMERS = (
    "Customer ID;E-mail;Land;segments.plan\r\n"
    "c-1;kim@example.com;DK;gold\r\n"
    "c-2;nobody;DK;gold\r\n"
    '"c-3";"lee@example.com";"DK";"with ""quotes""\r\nand a line"\r\n'
    "c-4;ann@example.com;DK;gold;one more\r\n"
    ";;;\r\n"
)


async def a_key(database: Database, key: str, *scopes: str) -> None:
    digest = KeyDigest(id=key, name="shop", digest=digest_of(key), scopes=scopes)
    await keep_tenant(database, TENANT, version=9, keys=(digest,))


async def expire_leases(database: Database) -> None:
    async with database.transaction() as uow:
        await uow.execute("UPDATE import_job SET leased_until = '2020-01-01Z'")


def faults_of(response: httpx.Response) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.text.removeprefix("\ufeff")), delimiter=";"))


async def test_a_file_is_mapped_by_its_names_taken_and_its_faults_are_mended_and_sent_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    waiting = await send(client, "customers", CUSTOMERS.encode("cp1252"), name="customers.csv")
    assert waiting.status_code == 201
    job = waiting.json()
    assert (job["state"], job["rows"], job["encoding"]) == ("uploaded", 4, "utf-8")
    assert job["mapping"]["fields"]["email"] == "E-mail"
    assert job["preview"][0]["becomes"]["id"] == "c-1"
    assert job["preview"][1]["fault"]["column"] == "E-mail"
    assert (await send(client, "customers", CUSTOMERS.encode("cp1252"))).json()["id"] == job["id"]

    begun = await client.post(f"{PATH}/{job['id']}/start", json=job["mapping"], headers=by_key())
    assert begun.json()["state"] == "running"
    await take_all(database)
    done = (await client.get(f"{PATH}/{job['id']}", headers=by_key())).json()
    assert (done["state"], done["done_rows"], done["taken"], done["refused"]) == ("done", 4, 2, 2)
    assert [(each["row"], each["column"]) for each in done["faults"]] == [(3, "E-mail"), (5, None)]
    known = await rows(database, "SELECT customer_id FROM known_customer ORDER BY customer_id")
    assert [row.customer_id for row in known] == ["c-1", "c-3"]

    (names, *faulty) = faults_of(await client.get(f"{PATH}/{job['id']}/faults.csv", headers=by_key()))
    assert names[-3:] == ["afterword_row", "afterword_column", "afterword_remedy"]
    assert faulty[0][:2] == ["c-2", "nobody"]
    assert faulty[1][-1] == "one more"
    mended = [names, ["c-2", "bo@example.com", *faulty[0][2:]], faulty[1][:-1]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";").writerows(mended)
    again = (await send(client, "customers", buffer.getvalue(), start=True)).json()
    assert again["state"] == "running"
    await take_all(database)
    ended = (await client.get(f"{PATH}/{again['id']}", headers=by_key())).json()
    assert (ended["taken"], ended["refused"]) == (2, 0)
    assert {line.act for line in await audit_lines(database)} == {"import", "customers"}
    assert await rows(database, "SELECT 1 FROM import_part") == []


EVENTS = {
    "fields": {
        "occurred_at": "When",
        "customer.email": "Mail",
        "numbers.total": "Total",
        "segments.shop": "Shop",
    },
    "values": {"type": "order.delivered", "source": "webshop"},
    "dates": "dmy",
    "decimal": "comma",
    "time_zone": "Europe/Copenhagen",
}
PUBLISHED = "SELECT value FROM outbox WHERE topic = 'transactions.v1'"


async def test_an_event_of_a_row_is_published_once_and_has_the_id_of_its_content(
    client: httpx.AsyncClient, database: Database
) -> None:
    today = database.clock()
    table = f"When\tMail\tTotal\tShop\n{today:%d.%m.%Y 00:00}\tkim@example.com\t1.234,50\tNord\n"
    assert (await send(client, "events", table, mapping=EVENTS)).status_code == 403, "the key lacks the scope"
    table += "31/02/2020\tkim@example.com\t1\tNord\n01/01/2020\tkim@example.com\t1\tNord\n"
    key = "key of events"
    await a_key(database, key, "surveys:write", "events:write")
    sent = await send(client, "events", table, key=key, mapping=EVENTS)
    assert (sent.status_code, sent.json()["state"]) == (201, "running")
    await take_all(database)
    (event,) = [bytes(row.value) for row in await rows(database, PUBLISHED)]
    assert b'"total":1234.50' in event
    assert b'"source":"webshop"' in event
    assert b'"shop":"Nord"' in event
    done = (await client.get(f"{PATH}/{sent.json()['id']}", headers=by_key(key))).json()
    assert [(each["row"], each["column"]) for each in done["faults"]] == [(3, "When"), (4, "When")]
    # The same row in another file is the same event.
    await send(client, "events", "\n".join(table.split("\n")[:2]), key=key, mapping=EVENTS)
    await take_all(database)
    keys = {
        bytes(row.key)
        for row in await rows(database, "SELECT key FROM outbox WHERE topic = 'transactions.v1'")
    }
    assert len(keys) == 1


async def test_answers_go_to_the_collector_which_may_be_away_and_each_is_counted_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    key = "key of answers"
    await a_key(database, key, "surveys:write", "answers:write")
    table = "id,NPS,date,email\n" + "".join(
        f"a-{n},{n % 12},2026-03-02,k{n}@example.com\n" for n in range(1_200)
    )
    sent = (await send(client, "answers", table, key=key, start=True)).json()
    assert sent["state"] == "running"
    collector = FakeCollector(away=True)
    loop = processing(database, collector)
    assert await loop.advance()
    assert not await loop.advance(), "it waits until the collector may be there again"
    collector.away = False
    await expire_leases(database)
    # Two workers, of which one was killed after the collector had its rows.
    assert await processing(database, collector).advance()
    await rows(database, "SELECT 1")
    await take_all(database, collector)
    done = (await client.get(f"{PATH}/{sent['id']}", headers=by_key(key))).json()
    assert (done["state"], done["taken"], done["refused"]) == ("done", 1_100, 100)
    assert len(collector.answers) == 1_100
    assert {item["score"] for item in collector.answers.values()} == set(range(11))


async def test_a_killed_worker_repeats_nothing_and_loses_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    table = "email\n" + "".join(f"k{n}@example.com\n" for n in range(1_100))
    await send(client, "suppressions", table, start=True)
    loop = processing(database)
    real = loop._keep_faults

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    object.__setattr__(loop, "_keep_faults", die)
    with pytest.raises(KeyboardInterrupt):
        await loop.advance()
    object.__setattr__(loop, "_keep_faults", real)
    assert not await processing(database).advance(), "another worker waits for the lease"
    await expire_leases(database)
    await take_all(database)
    (job,) = await rows(database, "SELECT state, taken, refused, done_rows, next_part, parts FROM import_job")
    assert tuple(job) == ("done", 1_100, 0, 1_100, 3, 3)
    assert len(await rows(database, "SELECT 1 FROM suppression")) == 1_100


async def test_an_erasure_waits_for_a_file_of_before_and_removes_its_cells_and_those_of_all_others(
    client: httpx.AsyncClient, database: Database
) -> None:
    known = {"customers": [{"id": "c-1", "email": "kim@example.com"}]}
    await client.post("/v1/customers", json=known, headers=by_key())
    await send(client, "suppressions", "email\nnobody\n", start=True)
    await take_all(database)
    await send(client, "suppressions", "email\nwaiting@example.com\n")
    await send(client, "suppressions", "email,customer_id\nnobody,c-1\nkim@example.com,\n", start=True)
    await ask(database, customer_id="c-1", email="kim@example.com")
    (target,) = await run_erasing(database)
    assert target.tenant == TENANT
    await take_all(database)
    assert await run_erasing(database) == []
    jobs = await rows(database, "SELECT state, name, has_cells FROM import_job ORDER BY id")
    assert [tuple(job) for job in jobs] == [("done", "", False), ("expired", "", False), ("done", "", False)]
    assert await rows(database, "SELECT 1 FROM import_part") == []
    assert await rows(database, "SELECT 1 FROM import_fault WHERE cells IS NOT NULL") == []
    # A file that comes later keeps nothing of who was erased, and what is wrong with others.
    mapping = {"fields": {"email": "email", "customer_id": "customer_id"}}
    table = "email,customer_id\nbad,c-1\nbad,c-2\n"
    later = (await send(client, "suppressions", table, mapping=mapping)).json()
    await take_all(database)
    faults = faults_of(await client.get(f"{PATH}/{later['id']}/faults.csv", headers=by_key()))
    assert [row[0].split(",")[1] for row in faults[1:]] == ["c-2"]


async def test_cells_go_after_days_and_at_last_the_counts(
    client: httpx.AsyncClient, database: Database
) -> None:
    done = (await send(client, "suppressions", "email\nbad\n", start=True, name="a.csv")).json()
    await take_all(database)
    await send(client, "suppressions", "email\nkim@example.com\n")
    async with database.transaction() as uow:
        await repository.forget_old(uow, timedelta(days=1), timedelta(days=2))
    assert len(await rows(database, "SELECT 1 FROM import_job WHERE has_cells")) == 2
    async with database.transaction() as uow:
        await repository.forget_old(uow, timedelta(seconds=-1), timedelta(days=2))
    assert {
        row.state for row in await rows(database, "SELECT state FROM import_job WHERE NOT has_cells")
    } == {
        "done",
        "expired",
    }
    answer = (await client.get(f"{PATH}/{done['id']}", headers=by_key())).json()
    assert (answer["name"], answer["refused"], answer["faults"][0]["column"]) == ("", 1, "email")
    assert len(faults_of(await client.get(f"{PATH}/{done['id']}/faults.csv", headers=by_key()))) == 1
    async with database.transaction() as uow:
        await repository.forget_old(uow, timedelta(days=1), timedelta(seconds=-1))
    assert await rows(database, "SELECT 1 FROM import_job UNION ALL SELECT 1 FROM import_fault") == []


async def test_what_cannot_be_a_file_or_a_mapping_is_refused_in_words(
    client: httpx.AsyncClient, database: Database
) -> None:
    for content in ("", "email\n", "kim@example.com\n"):
        refused = await send(client, "suppressions", content)
        assert (refused.status_code, bool(refused.json()["detail"])) == (400, True)
    assert (await send(client, "suppressions", "x\n1\n", start=True)).status_code == 422
    assert (await send(client, "suppressions", "x\n1\n", mapping={"fields": {"email": 1}})).status_code == 422
    bad = await client.post(f"{PATH}?kind=suppressions&mapping=[[", content=b"x\n1\n", headers=by_key())
    assert bad.json()["errors"][0]["field"] == "/mapping"
    packed = {**by_key(), "content-encoding": "gzip"}
    assert (await client.post(f"{PATH}?kind=suppressions", content=b"x", headers=packed)).status_code == 415
    waiting = (await send(client, "suppressions", "x\n1\n")).json()
    path = f"{PATH}/{waiting['id']}"
    foreign = by_key(FOREIGN_KEY)
    assert (await client.post(f"{path}/stop", headers=foreign)).status_code == 404
    mapping = {"fields": {"customer_id": "x"}}
    for _ in range(2):  # a request that is sent again does nothing again
        assert (await client.post(f"{path}/start", json=mapping, headers=by_key())).status_code == 200
    other = {"fields": {"email": "x"}}
    assert (await client.post(f"{path}/start", json=other, headers=by_key())).status_code == 409
    stopped = (await client.post(f"{path}/stop", headers=by_key())).json()
    assert (stopped["state"], stopped["taken"]) == ("stopped", 0)
    await take_all(database)
    assert await rows(database, "SELECT 1 FROM suppression") == []
    for n in range(20):
        assert (await send(client, "suppressions", f"x\n{n}\n")).status_code == 201
    assert (await send(client, "suppressions", "x\n20\n")).status_code == 409


async def test_a_file_that_is_begun_unseen_says_by_all_its_rows_whether_days_come_first_or_is_refused(
    client: httpx.AsyncClient, database: Database
) -> None:
    key = "key of answers"
    await a_key(database, key, "surveys:write", "answers:write")
    table = "id,NPS,date\n" + "".join(f"a-{n},9,01/{n % 12 + 1:02}/2026\n" for n in range(600))
    refused = await send(client, "answers", table, key=key, start=True)
    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, ["/dates"])
    begun = await send(client, "answers", table + "last,9,01/31/2026\n", key=key, start=True)
    assert (begun.json()["state"], begun.json()["mapping"]["dates"]) == ("running", "mdy")
    fields = begun.json()["mapping"]["fields"]
    said = await send(client, "answers", table, key=key, mapping={"fields": fields, "dates": "dmy"})
    assert (said.status_code, said.json()["state"]) == (200, "running")


async def test_an_order_of_days_is_remembered_and_a_file_that_contradicts_it_is_not_begun_unseen(
    client: httpx.AsyncClient, database: Database
) -> None:
    def table(*days: str) -> str:
        return "email,reason,date\n" + "".join(f"k{day[:5]}@b.example,listed,{day}\n" for day in days)

    fields = {"email": "email", "reason": "reason", "since": "date"}
    first = table("05/02/2026").replace("k05/02", "first")
    await send(client, "suppressions", first, mapping={"fields": fields, "dates": "dmy"})
    same = await send(client, "suppressions", table("06/02/2026").replace("k06/02", "same"), start=True)
    assert (same.json()["state"], same.json()["mapping"]["dates"]) == ("running", "dmy")
    ambiguous = [f"0{n % 9 + 1}/02/2026" for n in range(600)]
    for days in (["02/03/2026", "02/28/2026"], [*ambiguous, "02/28/2026"], ["31/01/2026", "01/31/2026"]):
        other = await send(client, "suppressions", table(*days), start=True)
        assert other.status_code == 422
        (fault,) = other.json()["errors"]
        assert fault["field"] == "/dates"
        assert "day and month would be exchanged" in fault["detail"]
    shown = (await send(client, "suppressions", table("02/03/2026", "02/28/2026"))).json()
    assert (shown["state"], shown["mapping"]["dates"], shown["preview"]) == ("uploaded", None, [])
    await take_all(database)
    assert len(await rows(database, "SELECT 1 FROM import_job WHERE state = 'done'")) == 2


async def test_a_file_that_leaves_open_how_days_are_written_is_not_begun_before_somebody_says_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    table = "email,reason,date\n" + "".join(f"a-{n}@b.example,listed,0{n}/02/2026\n" for n in range(1, 5))
    sent = (await send(client, "suppressions", table)).json()
    assert (sent["mapping"]["dates"], sent["preview"]) == (None, [])
    page = await client.get(f"/imports/{sent['id']}", headers=a_person("editor"))
    assert '<option value="" selected>' in page.text
    assert 'value="begin"' not in page.text
    columns = {"as-0": "email", "as-1": "reason", "as-2": "since"}
    for act in ("begin", "try"):
        typed = form(**columns, dates="", act=act)
        refused = await client.post(f"/imports/{sent['id']}", data=typed, headers=a_person("editor"))
        assert refused.status_code == 422
        assert "Say whether the day or the month comes first." in refused.text
        assert '<option value="since" selected>' in refused.text, "what was chosen stays chosen"
    seen = await client.post(
        f"/imports/{sent['id']}", data=form(**columns, dates="mdy", act="try"), headers=a_person("editor")
    )
    assert "2026-03-01T23:00:00" in seen.text, "the second of March, in the company's time zone"
    assert 'value="begin"' in seen.text
    clear = (await send(client, "suppressions", f"{table}z@b.example,listed,31/01/2026\n")).json()
    assert clear["mapping"]["dates"] == "dmy"
    assert len(clear["preview"]) == 5


async def test_a_file_is_as_large_as_the_operator_allows(context: Context) -> None:
    small = replace(context, own=context.own.model_copy(update={"import_max_mib": 1}))
    async with api_client(SERVICE, small) as client:
        refused = await send(client, "suppressions", "email,note\n" + "kim@example.com,x\n" * 60_000)
        assert refused.status_code == 413
        assert (await send(client, "suppressions", "email\n" + "kim@example.com\n" * 9)).status_code == 201


async def nothing_counted() -> dict[str, list[int]]:
    return {}


async def test_moving_in_asks_how_days_are_written_when_the_whole_file_does_not_say(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Email,NPS,Date\nkim@example.com,9,03/04/2026\n")
    with pytest.raises(CannotMove, match="--dates dmy or --dates mdy"):
        await move_in(database, SECRET, MoveIn(TENANT, "csv", path, {}), list[str]().append, nothing_counted)
    path.write_text("Email,NPS,Rating,Date\nkim@example.com,9,9,2026-03-04\n")
    with pytest.raises(CannotMove, match="--column score="):
        await move_in(database, SECRET, MoveIn(TENANT, "csv", path, {}), list[str]().append, nothing_counted)
    assert await rows(database, "SELECT 1 FROM import_job") == []


async def test_moving_in_ends_when_the_company_leaves(
    client: httpx.AsyncClient, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Response ID,Score,Created At\n1,9,2026-01-10 10:00:00\n")
    company = Tenant(id=TENANT, version=99, name="Acme", time_zone="UTC", country="DK", state="leaving")
    async with database.transaction() as uow:
        await keep_closed(uow, [company])
    wanted = MoveIn(TENANT, "delighted", path, {})
    with pytest.raises(CannotMove, match="company is leaving"):
        async with asyncio.timeout(10):
            await move_in(database, SECRET, wanted, list[str]().append, nothing_counted)


async def test_an_opt_out_that_is_taken_without_a_cell_is_taken_and_told(
    client: httpx.AsyncClient, database: Database
) -> None:
    table = "email,phone\nkim@example.com,12\nnobody,\nlee@example.com,\n"
    sent = (await send(client, "suppressions", table, start=True)).json()
    before = IMPORTED_ROWS.labels("suppressions", "refused")._value.get()
    await take_all(database)
    said = (await client.get(f"{PATH}/{sent['id']}", headers=by_key(KEY))).json()
    assert (said["rows"], said["done_rows"], said["taken"], said["refused"]) == (3, 3, 2, 1)
    assert [(fault["row"], fault["column"]) for fault in said["faults"]] == [(2, "phone"), (3, "email")]
    assert len(await rows(database, "SELECT 1 FROM suppression")) == 2
    assert IMPORTED_ROWS.labels("suppressions", "refused")._value.get() == before + 1
    page = (await client.get(f"/imports/{sent['id']}", headers=a_person())).text
    assert "<dt>Taken</dt><dd>2</dd>" in page
    assert "<dt>Of these without a cell</dt><dd>1</dd>" in page
    assert "<dt>Refused</dt><dd>1</dd>" in page
    assert "Download the 2 faulty rows" in page


async def test_moving_in_takes_answers_unsubscriptions_and_last_questions_by_the_same_imports(
    client: httpx.AsyncClient, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "Response ID,Score,Created At,Email,Sent At,Unsubscribed At,Phone\n"
        "1,9,2026-01-10 10:00:00,kim@example.com,2026-01-09 10:00:00,,\n"
        f"2,2,2026-01-11 10:00:00,{'y' * 400},,,\n"
        ",,,lee@example.com,2026-01-12 10:00:00,,\n"
        ",,,ann@example.com,,2026-01-13 10:00:00,\n"
        ",,,,2026-01-14 10:00:00,,+45 20 12 34 57\n"
        ",,,,,2026-01-15 10:00:00,+45 20 12 34 56\n"
        ",,,,,2026-01-16 10:00:00,\n"
    )
    collector, told = FakeCollector(), list[str]()
    wanted = MoveIn(TENANT, "delighted", path, {})
    looks = []

    async def counted() -> dict[str, list[int]]:
        """What the scorer counts of the answers that have this segment: all of them at the third look."""
        looks.append(1)
        scores = [
            each["score"]
            for each in collector.answers.values()
            if each["segments"] == {"moved_in_from": "delighted"} and len(looks) > 3
        ]
        return {"2026-01": [scores.count(score) for score in range(11)]}

    moving = asyncio.create_task(move_in(database, SECRET, wanted, told.append, counted))
    while not moving.done():
        await take_all(database, collector)
        await asyncio.sleep(0)
    assert list(await moving)[1:] == [
        "2026-01           +0.0 n=2        +100.0 n=1  1 refused: Must have at most 320 characters.",
        "all               +0.0 n=2        +100.0 n=1  1 refused: Must have at most 320 characters.",
    ]
    (answer,) = collector.answers.values()
    assert (answer["id"], answer["invited_at"]) == ("delighted-1", "2026-01-09T10:00:00+00:00")
    listed = await rows(database, "SELECT key, reason FROM suppression")
    assert {tuple(row) for row in listed} == {
        (customer_hash(SECRET, TENANT, each), "unsubscribed") for each in ("ann@example.com", "+4520123456")
    }
    asked = "SELECT id, asked_elsewhere_at AS at FROM customer WHERE asked_elsewhere_at IS NOT NULL"
    assert {(row.id, row.at.isoformat()[:10]) for row in await rows(database, asked)} == {
        (customer_hash(SECRET, TENANT, "lee@example.com"), "2026-01-12"),
        (customer_hash(SECRET, TENANT, "+4520123457"), "2026-01-14"),
    }
    assert await rows(database, "SELECT 1 FROM import_mapping") == []
    assert told[0].startswith("2 answers, 2 who have unsubscribed; 5 rows without a score, 2 of them")
    assert told[1].startswith("1 who have unsubscribed are not taken. They name nobody")
    assert told[-2:] == ["0 of 1 answers are counted"] * 2


async def test_cells_that_are_no_times_ask_for_no_order_of_days_and_choose_none(
    client: httpx.AsyncClient, database: Database
) -> None:
    either = (await send(client, "suppressions", "email,remark\nkim@example.com,02/03/2026\n")).json()
    assert (either["mapping"]["dates"], len(either["preview"])) == ("ymd", 1)
    sure = (await send(client, "suppressions", "email,remark\nkim@example.com,13/03/2026\n")).json()
    assert sure["mapping"]["dates"] == "ymd"
