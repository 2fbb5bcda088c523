"""Who looked at or changed what: one line for each act, in its transaction, and never changed."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy.exc import DBAPIError
from support.audit import an_actor, audit_lines
from support.dispatcher_builders import TENANT, rows
from support.dispatcher_client import SURVEY, a_person, by_key, csrf_header, form

from services.dispatcher.audit.handlers import keep_audit
from services.dispatcher.sending.sending_commands import add_test_address, sending_version, set_mode
from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.suppression_commands import suppress
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.survey_commands import change_survey, create_survey
from shared.db.database import Database
from shared.events import AUDIT, AuditLine
from shared.events.retention import MIN_AUDIT_DAYS
from shared.ids import uuid7
from shared.permissions import ROLES, Role
from shared.privacy.audit import AUDIT_ACTS, record_audit


async def keep(database: Database, *kept: AuditLine, tenant: str = TENANT) -> None:
    async with database.transaction() as uow:
        await keep_audit(uow, [AUDIT.event(tenant, line, database.clock()) for line in kept])


def a_line(database: Database, **changes: Any) -> AuditLine:
    facts: dict[str, Any] = {"id": uuid7(), "at": database.clock(), "who": "Jonas Holt", "act": "survey"}
    return AuditLine(**{**facts, **changes})


async def test_each_change_of_a_rule_is_one_line_and_what_changes_nothing_is_none(database: Database) -> None:
    survey = uuid7()
    draft = SurveyDraft(name="Delivery", trigger="order.delivered", state="paused")
    async with database.transaction() as uow:
        made = await create_survey(uow, TENANT, survey, draft, who=an_actor("Jonas Holt"))
        await create_survey(uow, TENANT, survey, draft, who=an_actor("Jonas Holt"))
        await change_survey(uow, TENANT, survey, made.draft, who=an_actor("Jonas Holt"))
        await set_mode(uow, TENANT, an_actor("Anna"), "live")
        await set_mode(uow, TENANT, an_actor("Anna"), "live")
        await add_test_address(uow, TENANT, an_actor("Anna"), "karen@example.com")
        await suppress(
            uow, TENANT, [SuppressionEntry("address", "0" * 64)], reason="listed", who=an_actor("the key k")
        )
        await suppress(
            uow, TENANT, [SuppressionEntry("address", "1" * 64)], reason="unsubscribed", who=an_actor("-")
        )
    found = await audit_lines(database)
    assert [(line.who, line.act) for line in found] == [
        ("Jonas Holt", "survey"), ("Anna", "sending"), ("Anna", "sending"), ("the key k", "suppression"),
    ]  # fmt: skip
    assert (found[0].about, found[1].facts["mode"]) == (str(survey), "live")
    assert "karen" not in str(found)


async def test_each_act_by_the_api_and_the_pages_is_one_line_and_names_no_customer(
    client: httpx.AsyncClient, database: Database
) -> None:
    admin, key = a_person() | csrf_header(), by_key()
    made = (await client.post("/v1/surveys", json=SURVEY, headers=key)).raise_for_status().json()
    path = f"/v1/surveys/{made['id']}"
    (await client.patch(path, json={"state": "paused"}, headers=admin)).raise_for_status()
    (await client.patch(path, json={"state": "paused"}, headers=admin)).raise_for_status()
    await client.put(path, json={"name": ""}, headers=admin)
    listed = {"email": "karen@example.com", "customer_id": "karen-1"}
    for entry in (await client.post("/v1/suppressions", json=listed, headers=key)).json()["suppressions"]:
        answer = await client.delete(f"/v1/suppressions/{entry['id']}", headers=key)
        assert answer.status_code == 204
    for _ in range(2):
        await client.put("/v1/placeholder-ids", json={"ids": ["karen walk-in"]}, headers=admin)
        await client.put("/v1/retention", json={"comments": 100}, headers=admin)
    fields = form(addresses="karen@example.com", version=await version(database))
    assert (await client.post("/surveys/test-addresses", data=fields, headers=a_person())).status_code == 303
    found = await audit_lines(database)
    assert [(line.act, line.who_kind) for line in found] == [
        ("survey", "key"), ("survey", "staff"), ("suppression", "key"), ("suppression_lifted", "key"),
        ("suppression_lifted", "key"), ("placeholder_ids", "staff"), ("retention", "staff"),
        ("sending", "staff"),
    ]  # fmt: skip
    assert found[1].facts == {"version": 2, "state": "paused"}
    assert found[6].facts["comments"] == 100
    assert all(line.who_id for line in found)
    assert "karen" not in str(found)


async def version(database: Database) -> str:
    async with database.reading() as uow:
        return await sending_version(uow, TENANT)


async def test_reading_what_has_no_address_leaves_no_line(
    client: httpx.AsyncClient, database: Database
) -> None:
    for path in ("/v1/suppressions", "/v1/suppressions/lifted", "/v1/audit", "/v1/retention"):
        assert (await client.get(path, headers=a_person())).status_code == 200
    for path in ("/surveys", "/events", "/audit", "/erasures", "/retention"):
        assert (await client.get(path, headers=a_person())).status_code == 200
    assert await audit_lines(database) == []


async def test_what_is_stored_is_counted_by_act_once(database: Database) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("afterword_audit_lines_total", {"act": "key_revoked"}) or 0

    line, before = a_line(database, act="key_revoked"), counted()
    await keep(database, line)
    await keep(database, line)
    assert counted() == before + 1


async def test_an_act_that_is_rolled_back_leaves_no_line(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as uow:
            await set_mode(uow, TENANT, an_actor("Anna"), "live")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await audit_lines(database) == []


async def test_a_line_that_is_consumed_again_is_kept_once(database: Database) -> None:
    line = a_line(database)
    await keep(database, line, line)
    await asyncio.gather(*(keep(database, line) for _ in range(3)))
    assert len(await rows(database, "SELECT 1 FROM audit_line")) == 1


@pytest.mark.parametrize(
    "change", ["UPDATE audit_line SET who = 'nobody'", "DELETE FROM audit_line", "TRUNCATE audit_line"]
)
async def test_a_line_is_never_changed_nor_deleted_before_its_time(database: Database, change: str) -> None:
    await keep(database, a_line(database))
    with pytest.raises(DBAPIError, match="only ever added"):
        async with database.transaction() as uow:
            await uow.execute(change)


@pytest.mark.parametrize("change", ["DELETE FROM audit_line", "UPDATE audit_line SET who = 'nobody'"])
async def test_a_line_that_is_old_can_be_deleted_but_not_changed(database: Database, change: str) -> None:
    """The trigger measures by the database's own clock."""
    for days, is_old in ((MIN_AUDIT_DAYS - 1, False), (MIN_AUDIT_DAYS + 1, True)):
        at = datetime.now(UTC) - timedelta(days=days)
        await keep(database, a_line(database, at=at))
        if is_old and change.startswith("DELETE"):
            async with database.transaction() as uow:
                await uow.execute(f"{change} WHERE at = :at", {"at": at})
        else:
            with pytest.raises(DBAPIError, match="only ever added"):
                async with database.transaction() as uow:
                    await uow.execute(f"{change} WHERE at = :at", {"at": at})


async def test_every_act_is_published_as_it_is_recorded(database: Database) -> None:
    async with database.transaction() as uow:
        for act in AUDIT_ACTS:
            record_audit(uow, TENANT, an_actor("Anna"), act, "x", n=1, yes=True, code="c")
    assert [line.act for line in await audit_lines(database)] == list(AUDIT_ACTS)


class TestPageAndApi:
    @pytest.fixture(autouse=True)
    async def kept(self, database: Database) -> None:
        begin = database.clock() - timedelta(days=3)
        for number in range(120):
            about = None if number % 2 else f"case-{number}"
            at, act = begin + timedelta(minutes=number), "address_shown" if about else "survey"
            who = "Jonas Holt" if number % 3 else "the command line"
            await keep(
                database,
                a_line(
                    database, at=at, act=act, who=who, who_id=f"id-{number}", about=about, facts={"n": number}
                ),
            )
        await keep(database, a_line(database, who="Zoe Zander"), tenant="another")

    async def test_administrators_search_and_go_through_it_page_by_page(
        self, client: httpx.AsyncClient
    ) -> None:
        shown, address = [], "/audit"
        while address:
            page = (await client.get(address, headers=a_person())).text
            shown += re.findall(r"n: (\d+)<", page)
            more = re.search(r'href="(/audit\?before=[^"]+)"', page)
            address = more[1] if more else ""
        assert shown == [str(number) for number in reversed(range(120))]
        found = (await client.get("/audit?who=jonas+holt&act=address_shown", headers=a_person())).text
        assert re.findall(r"n: (\d+)<", found) == [str(n) for n in reversed(range(0, 120, 2)) if n % 3]
        assert "looked at the address of a customer" in found
        by_id = (await client.get("/audit?who=id-7", headers=a_person())).text
        assert re.findall(r"n: (\d+)<", by_id) == ["7"]
        one = (await client.get("/audit?about=case-8", headers=a_person())).text
        assert re.findall(r"n: (\d+)<", one) == ["8"]
        assert (
            "Nothing like that is written down."
            in (await client.get("/audit?about=nobody", headers=a_person())).text
        )

    async def test_days_are_days_of_the_company_and_a_wrong_one_is_refused(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        day = (database.clock() - timedelta(days=3)).date()
        for query, count in ((f"since={day}&until={day}", 120), (f"since={day + timedelta(days=2)}", 0)):
            file = await client.get(f"/audit/export?{query}", headers=a_person())
            assert (len(file.json()["lines"]), file.json()["complete"]) == (count, True)
        for wrong in ("2026-02-30", "soon", "0001-01-01", "99999-01-01"):
            answer = await client.get("/audit", params={"since": wrong}, headers=a_person())
            assert answer.status_code == 422

    async def test_the_api_answers_the_same_with_a_cursor(self, client: httpx.AsyncClient) -> None:
        found: list[int] = []
        after = ""
        while after is not None:
            answer = await client.get(
                "/v1/audit", params={"limit": 50, "after": after}, headers=a_person() | csrf_header()
            )
            body = answer.json()
            found += [line["facts"]["n"] for line in body["lines"]]
            after = body["next"]
        assert found == list(reversed(range(120)))

    @pytest.mark.parametrize("role", sorted(set(ROLES) - {"admin"}))
    async def test_nobody_else_sees_it(self, client: httpx.AsyncClient, role: Role) -> None:
        for path, refused in (("/audit", 404), ("/audit/export", 404), ("/v1/audit", 403)):
            assert (await client.get(path, headers=a_person(role))).status_code == refused
        assert (await client.get("/v1/audit", headers=by_key())).status_code == 403

    async def test_the_page_is_in_the_reader_s_language(self, client: httpx.AsyncClient) -> None:
        page = (await client.get("/audit", headers={**a_person(), "Accept-Language": "da"})).text
        assert "så en kundes adresse" in page
        assert "kommandolinjen" in page.lower()

    @pytest.mark.parametrize(
        ("language", "who"),
        [("da", "Kommandolinjen"), ("en", "the command line"), ("nl", "De opdrachtregel")],
    )
    async def test_the_command_line_is_found_by_its_name_in_each_language(
        self, client: httpx.AsyncClient, language: str, who: str
    ) -> None:
        headers = {**a_person(), "Accept-Language": language}
        page = (await client.get("/audit", params={"who": who}, headers=headers)).text
        assert len(re.findall(r"n: (\d+)<", page)) == 40

    async def test_a_key_is_found_by_its_name_alone(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await keep(database, a_line(database, who="the key Shop", who_kind="key", facts={"n": 500}))
        for who in ("shop", "the key shop"):
            page = (await client.get("/audit", params={"who": who}, headers=a_person())).text
            assert re.findall(r"n: (\d+)<", page) == ["500"]
