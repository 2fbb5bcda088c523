"""The list as a file, by the API and on its page: searched, taken, given and taken away."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from support.audit import audit_lines
from support.dispatcher_builders import (
    TENANT,
    a_customer,
    decided,
    go_live,
    make_survey,
    rows,
)
from support.dispatcher_client import FOREIGN_KEY, a_person, by_key, form
from support.dispatcher_erasing import ask, run_erasing
from support.http_clients import SECRET

from services.dispatcher.suppressions import files, import_commands
from services.dispatcher.suppressions.files import MAX_FAULTS
from shared.db.database import Database
from shared.secrets import customer_hash

IMPORT, EXPORT = "/v1/suppressions/import", "/v1/suppressions/export"
STORED = "SELECT kind, key, reason, created_at, who FROM suppression ORDER BY kind, key"
TABLE = (
    "email,customer_id,reason,since\n"
    "kim@example.com,,unsubscribed,2026-03-02\n"
    "KIM@example.com,,listed,\n"
    ",=c-1,listed,2026-04-01T10:00:00+02:00\n"
    "nobody,,,\n"
    ",guest,,\n"
)


async def send(client: httpx.AsyncClient, table: str, **headers: str) -> httpx.Response:
    return await client.post(
        IMPORT, content=table.encode(), headers={**by_key(), "content-type": "text/csv", **headers}
    )


async def test_a_table_is_taken_once_with_its_faults_and_a_second_time_changes_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    answer = await send(client, TABLE)
    assert answer.status_code == 200
    assert {**answer.json(), "faults": None} == {"taken": 3, "added": 2, "refused": 2, "faults": None}
    assert [(each["row"], each["column"]) for each in answer.json()["faults"]] == [
        (5, "email"),
        (6, "customer_id"),
    ]
    kept = await rows(database, STORED)
    assert [(row.kind, row.key, row.reason, row.created_at.isoformat()[:10]) for row in kept] == [
        ("address", customer_hash(SECRET, TENANT, "kim@example.com"), "unsubscribed", "2026-03-02"),
        ("customer", "=c-1", "listed", "2026-04-01"),
    ]
    assert (await send(client, TABLE)).json()["added"] == 0
    assert await rows(database, STORED) == kept
    (line,) = await audit_lines(database)
    assert (line.act, line.facts) == ("suppression", {"entries": 2})
    await make_survey(database)
    await go_live(database)
    asked = a_customer("a", email="kim@example.com"), a_customer("=c-1"), a_customer("c-2")
    assert await decided(database, *asked) == ["opted_out", "suppressed", "invited"]


async def test_a_row_with_a_bad_cell_is_taken_by_its_others_and_the_cell_is_answered(
    client: httpx.AsyncClient, database: Database
) -> None:
    table = "email,phone,country,reason\nkim@example.com,12,,unsubscribed\n,12,,unsubscribed\n"
    answer = (await send(client, table)).json()
    assert (answer["taken"], answer["added"], answer["refused"]) == (1, 1, 1)
    assert [(each["row"], each["column"]) for each in answer["faults"]] == [(2, "phone"), (3, "phone")]
    (kept,) = await rows(database, STORED)
    assert (kept.key, kept.reason) == (customer_hash(SECRET, TENANT, "kim@example.com"), "unsubscribed")


async def test_what_is_given_as_a_file_is_taken_again_and_no_cell_is_a_formula(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROWS_OF_EXPORT", 2)  # it goes on behind a page
    await send(client, TABLE)
    await send(client, 'customer_id\n+1\n@x\n\'y\n"a,""b"""\nplain\n')
    given = await client.get(EXPORT, headers=by_key())
    assert given.headers["content-type"] == "text/csv; charset=utf-8"
    assert given.text.startswith("\ufeff")
    listed = list(csv.DictReader(io.StringIO(given.text.removeprefix("\ufeff"))))
    ids = {each["customer_id"] for each in listed}
    assert ids == {"", "'+1", "'=c-1", "'@x", "''y", 'a,"b"', "plain"}
    assert "example.com" not in given.text
    before = await rows(database, "SELECT kind, key, reason, created_at FROM suppression ORDER BY kind, key")
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM suppression")
    again = await send(client, given.text)
    assert (again.json()["added"], again.json()["refused"]) == (7, 0)
    assert (
        await rows(database, "SELECT kind, key, reason, created_at FROM suppression ORDER BY kind, key")
        == before
    )
    of_one = await client.get(EXPORT, params={"reason": "unsubscribed"}, headers=by_key())
    assert len(of_one.text.splitlines()) == 2
    assert [line.act for line in await audit_lines(database)].count("suppressions_exported") == 2
    assert len((await client.get(EXPORT, headers=by_key(FOREIGN_KEY))).text.splitlines()) == 1


async def test_thousands_of_rows_are_kept_in_parts_and_faults_are_answered_up_to_a_bound(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_commands, "ROWS_AT_ONCE", 500)
    lines = [f"c-{number},{'' if number % 3 else 'never'}" for number in range(6_000)]
    table = "customer_id,since\n" + "\n".join(lines) + "\n" * 1_100_000

    async def parts() -> AsyncIterator[bytes]:
        for begin in range(0, len(table), 65_536):
            yield table[begin : begin + 65_536].encode()

    answer = await client.post(IMPORT, content=parts(), headers=by_key())
    assert answer.status_code == 200
    found = answer.json()
    assert (found["taken"], found["added"], found["refused"]) == (4_000, 4_000, 2_000)
    assert len(found["faults"]) == MAX_FAULTS
    ((kept,),) = await rows(database, "SELECT count(*) FROM suppression")
    assert kept == 4_000


@pytest.mark.parametrize(
    ("table", "headers", "status"),
    [("name\nkim", {}, 400), ("", {}, 400), ("email\n", {"content-encoding": "gzip"}, 415)],
)
async def test_what_is_no_such_table_is_refused_whole(
    client: httpx.AsyncClient, database: Database, table: str, headers: dict[str, str], status: int
) -> None:
    assert (await send(client, table, **headers)).status_code == status
    assert await rows(database, STORED) == []


async def test_a_longer_file_than_is_read_here_is_refused_and_other_routes_take_no_more_than_before(
    client: httpx.AsyncClient,
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(17):
            yield b"x" * 1024 * 1024

    async def parts() -> AsyncIterator[bytes]:
        for part in endless():
            yield part

    assert (await client.post(IMPORT, content=parts(), headers=by_key())).status_code == 413
    large = await client.post("/v1/suppressions", content=b"x" * 1_100_000, headers=by_key())
    assert large.status_code == 413


async def test_the_id_of_an_erased_customer_is_not_kept_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database)
    await decided(database, a_customer("gone"))
    await ask(database, customer_id="gone")
    assert await run_erasing(database) == []
    assert (await send(client, "customer_id,reason\ngone,unsubscribed\nstays,\n")).json()["taken"] == 2
    ids = await rows(database, "SELECT key FROM suppression WHERE kind = 'customer'")
    assert [row.key for row in ids] == ["stays"]


async def test_an_entry_is_found_by_address_id_and_reason(
    client: httpx.AsyncClient, database: Database
) -> None:
    await send(client, TABLE)

    async def found(**query: str) -> list[str]:
        answer = await client.get("/v1/suppressions", params=query, headers=by_key())
        return [each["reason"] for each in answer.json()["suppressions"]]

    assert await found(email=" Kim@EXAMPLE.com ") == ["unsubscribed"]
    assert await found(customer_id="=c-1") == ["listed"]
    assert sorted(await found(customer_id="=c-1", email="kim@example.com")) == ["listed", "unsubscribed"]
    assert await found(email="bo@example.com") == await found(customer_id="c-1") == []
    assert await found(reason="listed") == ["listed"]
    assert await found(email="kim@example.com", reason="listed") == []
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO suppression (tenant, kind, key, reason, who, created_at) "
            "SELECT 't', 'address', 'k' || n, 'listed', 'we', now() FROM generate_series(1, 5000) n"
        )
        await uow.execute("ANALYZE suppression")
        plan = await uow.execute(
            "EXPLAIN SELECT 1 FROM suppression WHERE tenant = 't' AND kind = 'address' AND key = 'k'"
        )
        assert "pk_suppression" in "".join(plan.scalars())


async def test_a_phone_number_is_listed_found_in_any_notation_and_taken_away(
    client: httpx.AsyncClient, database: Database
) -> None:
    added = await client.post("/v1/suppressions", json={"phone": "20 12 34 56"}, headers=by_key())
    assert added.status_code == 201
    (entry,) = added.json()["suppressions"]
    assert entry["id"] == f"address:{customer_hash(SECRET, TENANT, '+4520123456')}"
    again = await send(client, "phone;reason\n+45 2012-3456;unsubscribed\nnobody;\n")
    assert (again.json()["added"], again.json()["taken"]) == (0, 1)
    assert [(each["row"], each["column"]) for each in again.json()["faults"]] == [(3, "phone")]
    query = {"phone": "0045 20123456"}
    found = await client.get("/v1/suppressions", params=query, headers=by_key())
    assert [each["reason"] for each in found.json()["suppressions"]] == ["unsubscribed"]
    page = await client.get("/suppressions", params={"q": "(20) 123456"}, headers=a_person("editor"))
    assert "has unsubscribed" in page.text
    assert "20123456" not in (await client.get("/suppressions", headers=a_person("editor"))).text
    exported = await client.get("/v1/suppressions/export", headers=by_key())
    assert entry["id"].partition(":")[2] in exported.text
    assert "+45" not in exported.text
    assert (await client.delete(f"/v1/suppressions/{entry['id']}", headers=by_key())).status_code == 409
    refused = await client.post("/v1/suppressions", json={"phone": "123x"}, headers=by_key())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/phone")
    unknown = await client.get("/v1/suppressions", params={"phone": "nobody"}, headers=by_key())
    assert unknown.json()["suppressions"] == []


async def test_a_number_is_of_the_country_that_is_given_and_never_of_another_by_chance(
    client: httpx.AsyncClient, database: Database
) -> None:
    german = "0176 12345678"
    refused = await client.post("/v1/suppressions", json={"phone": german}, headers=by_key())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/phone")
    body = {"phone": german, "country": "DE"}
    added = await client.post("/v1/suppressions", json=body, headers=by_key())
    key = f"address:{customer_hash(SECRET, TENANT, '+4917612345678')}"
    assert [each["id"] for each in added.json()["suppressions"]] == [key]
    found = await client.get("/v1/suppressions", params=body, headers=by_key())
    assert [each["id"] for each in found.json()["suppressions"]] == [key]
    unknown = {**body, "country": "Atlantis"}
    for answer in (
        await client.post("/v1/suppressions", json=unknown, headers=by_key()),
        await client.get("/v1/suppressions", params=unknown, headers=by_key()),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "/country")
    table = f"phone;country;reason\n{german};DE;listed\n{german};;listed\n20123456;;bounced\n"
    taken = (await send(client, table)).json()
    assert [(each["row"], each["column"]) for each in taken["faults"]] == [(3, "phone"), (4, "reason")]
    page = await client.post("/suppressions", data=form(table=table, act="try"), headers=a_person("editor"))
    assert "not from a phone number" in page.text
    assert len(await rows(database, STORED)) == 1


class TestThePage:
    """What colleagues see and do."""

    async def test_lists_finds_and_names_no_address(self, client: httpx.AsyncClient) -> None:
        await send(client, TABLE)
        page = (await client.get("/suppressions", headers=a_person("editor"))).text
        code = customer_hash(SECRET, TENANT, "kim@example.com")
        assert f"{code[:8]}…" in page
        assert "=c-1" in page
        assert "has unsubscribed" in page
        found = (await client.get("/suppressions?q=kim@example.com", headers=a_person("editor"))).text
        assert code[:8] in found
        assert "=c-1" not in found
        assert (
            "Nobody like that" in (await client.get("/suppressions?q=c-9", headers=a_person("editor"))).text
        )

    async def test_has_pages_of_entries(self, client: httpx.AsyncClient) -> None:
        await send(client, "customer_id\n" + "\n".join(f"c-{number:03}" for number in range(60)))
        first = (await client.get("/suppressions?reason=listed", headers=a_person())).text
        (further,) = re.findall(r'href="(/suppressions\?[^"]*after=[^"]*)"', first)
        second = (await client.get(further.replace("&amp;", "&"), headers=a_person())).text
        assert "c-049" in first
        assert "c-050" not in first
        assert "c-050" in second
        assert "after=" not in second

    async def test_takes_a_table_only_as_it_was_shown(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        shown = await client.post("/suppressions", data=form(table=TABLE, act="try"), headers=a_person())
        assert "3 rows would be taken." in shown.text
        assert "Row 5" in shown.text
        (seen,) = re.findall(r'name="seen" value="([0-9a-f]+)"', shown.text)
        changed = form(table=f"{TABLE},c-3,,\n", act="save", seen=seen)
        assert (await client.post("/suppressions", data=changed, headers=a_person())).status_code == 200
        assert await rows(database, STORED) == []
        saved = await client.post(
            "/suppressions", data=form(table=TABLE, act="save", seen=seen), headers=a_person()
        )
        assert saved.headers["location"] == "/suppressions?taken=2"
        assert "2 entries are new" in (await client.get(saved.headers["location"], headers=a_person())).text
        assert len(await rows(database, STORED)) == 2
        refused = await client.post("/suppressions", data=form(table="a,b", act="try"), headers=a_person())
        assert refused.status_code == 422

    async def test_takes_a_list_entry_away_and_a_no_only_for_an_administrator_who_says_why(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await send(client, "customer_id,reason\nlisted,\nsaid-no,unsubscribed\n")

        async def take(role: str, **fields: str) -> int:
            answer = await client.post(
                "/suppressions/lift",
                data=form(**fields),
                headers=a_person(role),  # type: ignore[arg-type]
            )
            return answer.status_code

        assert await take("editor", entry="customer:said-no", why="they called") == 409
        assert await take("admin", entry="customer:said-no", why=" ") == 409
        assert await take("admin", entry="customer:nobody") == 409
        assert len(await rows(database, STORED)) == 2
        assert await take("editor", entry="customer:listed") == 303
        assert await take("admin", entry="customer:said-no", why="they called") == 303
        assert await rows(database, STORED) == []
        lifted = await rows(database, "SELECT was, reason FROM suppression_lift ORDER BY was")
        assert [tuple(row) for row in lifted] == [("listed", None), ("unsubscribed", "they called")]

    async def test_is_of_editors_of_the_whole_company_and_the_file_is_logged(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        for who in (a_person("agent"), a_person("analyst"), a_person("editor", segments=("store:aarhus",))):
            for path in ("/suppressions", "/suppressions/download"):
                assert (await client.get(path, headers=who)).status_code in {403, 404}
        assert (await client.get("/suppressions/download", headers=a_person("editor"))).status_code == 200
        assert [line.act for line in await audit_lines(database)] == ["suppressions_exported"]
