"""Standing programmes in the API, in the form of a survey, and on the page of waves."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from support.dispatcher_builders import Clock, decide, go_live, make_survey, published, rows
from support.dispatcher_client import FOREIGN_KEY, SURVEY, a_person, by_key, csrf_header, form
from support.forms import forms_of
from support.http_clients import SECRET

from services.dispatcher.programmes.publishing import advance_programmes
from shared.db.database import Database
from shared.events import SURVEYS, TRANSACTIONS
from shared.events.surveys import Programme
from shared.permissions import Role

RELATION = {**SURVEY, "measurement": "relational", "programme": {"every_days": 180}}


async def know(client: httpx.AsyncClient, n: int = 90) -> None:
    customers = [{"id": f"c-{number}", "email": f"c-{number}@example.com"} for number in range(n)]
    answer = await client.post("/v1/customers", json={"customers": customers}, headers=by_key())
    assert answer.is_success


async def run(database: Database) -> None:
    while await advance_programmes(database, SECRET):
        pass


class TestApi:
    async def test_a_programme_is_made_read_changed_published_and_taken_away(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        made = (await client.post("/v1/surveys", json=RELATION, headers=by_key())).json()
        assert made["programme"] == {"every_days": 180}
        where = f"/v1/surveys/{made['id']}"
        assert (await client.get(where, headers=by_key())).json() == made
        paused = (await client.patch(where, json={"state": "paused"}, headers=by_key())).json()
        assert paused["programme"] == {"every_days": 180}
        other = (await client.patch(where, json={"programme": {"every_days": 91}}, headers=by_key())).json()
        assert (other["programme"], other["survey_version"]) == ({"every_days": 91}, 1)
        none = (await client.patch(where, json={"programme": {}}, headers=by_key())).json()
        assert none["programme"] is None
        await client.put(where, json=RELATION, headers=by_key())
        without = {name: value for name, value in RELATION.items() if name != "programme"}
        assert (await client.put(where, json=without, headers=by_key())).json()["programme"] is None
        said = [
            event.programme and event.programme.every_days for event in await published(database, SURVEYS)
        ]
        assert said == [180, 180, 91, None, 180, None]

    @pytest.mark.parametrize(
        ("changes", "field", "words"),
        [
            ({"programme": {"every_days": 6}}, "/programme/every_days", "7 or more"),
            ({"programme": {"every_days": 731}}, "/programme/every_days", "730 or less"),
            ({"programme": {"every_days": 9.5}}, "/programme/every_days", "whole number"),
            ({"programme": {"every_days": 30, "n": 1}}, "/programme/n", "no such field"),
            ({"programme": 30}, "/programme", ""),
            ({"measurement": "transactional"}, "/programme", "measures the whole relation"),
        ],
    )
    async def test_a_programme_that_cannot_be_is_refused_and_its_field_named(
        self, client: httpx.AsyncClient, changes: dict[str, Any], field: str, words: str
    ) -> None:
        refused = await client.post("/v1/surveys", json={**RELATION, **changes}, headers=by_key())
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert fault["field"] == field
        assert words in fault["detail"]
        made = (await client.post("/v1/surveys", json=RELATION, headers=by_key())).json()
        patched = await client.patch(f"/v1/surveys/{made['id']}", json=changes, headers=by_key())
        assert patched.status_code == 422
        assert patched.json()["errors"][0]["field"].endswith(field.rpartition("/")[2])

    @pytest.mark.parametrize(("every_days", "days"), [(7, 6), (30, 29), (90, 89), (91, 90), (365, 90)])
    async def test_without_a_quarantine_one_that_fits_it_is_taken_and_only_a_written_one_is_refused(
        self, client: httpx.AsyncClient, every_days: int, days: int
    ) -> None:
        body = {
            "name": "The relation",
            "measurement": "relational",
            "programme": {"every_days": every_days},
        }
        made = await client.post("/v1/surveys", json=body, headers=by_key())
        assert made.status_code == 201, made.text
        assert made.json()["quarantine"] == {"days": days, "scope": "measurement"}
        scoped = {**body, "quarantine": {"scope": "any"}}
        where = f"/v1/surveys/{made.json()['id']}"
        written = await client.put(where, json=scoped, headers=by_key())
        assert written.json()["quarantine"] == {"days": days, "scope": "any"}
        for quarantine in ({"quarantine_days": every_days}, {"quarantine": {"days": every_days}}):
            refused = await client.post("/v1/surveys", json={**body, **quarantine}, headers=by_key())
            assert refused.json()["errors"][0]["field"] == "/programme"
        tried = await client.post("/v1/dry-runs", json={"survey": body}, headers=by_key())
        assert tried.is_success

    async def test_one_that_its_own_quarantine_would_break_is_refused_at_every_door_and_an_old_one_goes_on(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        broken = {**RELATION, "programme": {"every_days": 30}, "quarantine_days": 30}
        made = (await client.post("/v1/surveys", json=RELATION, headers=by_key())).json()
        where = f"/v1/surveys/{made['id']}"
        for answer in (
            await client.post("/v1/surveys", json=broken, headers=by_key()),
            await client.put(where, json=broken, headers=by_key()),
            await client.patch(where, json={"programme": {"every_days": 90}}, headers=by_key()),
            await client.patch(where, json={"quarantine": {"days": 180}}, headers=by_key()),
        ):
            assert answer.status_code == 422
            (fault,) = answer.json()["errors"]
            assert fault["field"] == "/programme"
            assert "Let the quarantine be shorter" in fault["detail"]
        kept = {**broken, "quarantine_days": 29}
        assert (await client.put(where, json=kept, headers=by_key())).status_code == 200
        old = await make_survey(
            database,
            measurement="relational",
            trigger="x",
            programme=Programme(every_days=30),
            quarantine_days=90,
        )
        where = f"/v1/surveys/{old.id}"
        await client.patch(where, json={"state": "paused"}, headers=by_key())
        start = (await client.get(f"/surveys/{old.id}/start", headers=a_person("editor"))).text
        assert "The quarantine of 90 days keeps customers from being asked every 30 days." in start
        for change in ({"state": "paused"}, {"state": "live"}, {"name": "Another"}, {"quarantine_days": 20}):
            assert (await client.patch(where, json=change, headers=by_key())).status_code == 200
        longer = await client.patch(where, json={"quarantine_days": 90}, headers=by_key())
        assert longer.status_code == 422

    async def test_it_says_how_far_it_has_come(
        self, client: httpx.AsyncClient, database: Database, context: Any
    ) -> None:
        clock: Clock = context.database.clock
        await know(client)
        await go_live(database)
        body = {
            **RELATION,
            "state": "live",
            "delay_minutes": 0,
            "programme": {"every_days": 30},
            "quarantine_days": 9,
        }
        made = (await client.post("/v1/surveys", json=body, headers=by_key())).json()
        where = f"/v1/surveys/{made['id']}/programme"
        before = (await client.get(where, headers=by_key())).json()
        assert before == {
            "every_days": 30, "state": "live", "customers": 90, "customers_a_day": 3.0,
            "period_ends_at": None, "published": 0, "decided": {},
        }  # fmt: skip
        await run(database)
        clock.on(days=3)
        await run(database)
        sent = await published(database, TRANSACTIONS)
        await decide(database, *sent)
        (row,) = await rows(database, "SELECT period FROM programme")
        now = [event for event in sent if f"/{row.period}" in event.source]
        after = (await client.get(where, headers=by_key())).json()
        assert after["published"] == len(now)
        assert after["decided"] == ({"invited": len(now)} if now else {})
        assert after["period_ends_at"] is not None
        for refused in (where.replace(made["id"], str(uuid4())), where):
            key = by_key() if refused != where else by_key(FOREIGN_KEY)
            assert (await client.get(refused, headers=key)).status_code == 404
        await client.patch(f"/v1/surveys/{made['id']}", json={"programme": {}}, headers=by_key())
        assert (await client.get(where, headers=by_key())).status_code == 404

    @pytest.mark.parametrize(
        ("role", "limited", "may"),
        [("editor", {}, True), ("editor", {"segments": ("region:north",)}, False), ("analyst", {}, False)],
    )
    async def test_administrators_and_editors_of_the_whole_company_may_read_it(
        self, client: httpx.AsyncClient, role: Role, limited: dict[str, Any], may: bool
    ) -> None:
        made = (await client.post("/v1/surveys", json=RELATION, headers=by_key())).json()
        who = {**a_person(role, **limited), **csrf_header(), "accept": "application/json"}
        answer = await client.get(f"/v1/surveys/{made['id']}/programme", headers=who)
        assert answer.is_success is may


class TestPages:
    async def test_its_days_are_typed_in_the_form_and_faults_stand_beside_them(
        self, client: httpx.AsyncClient
    ) -> None:
        page = (await client.get("/surveys/new", headers=a_person("editor"))).text
        (empty,) = [one for one in forms_of(page) if one.action == "/surveys/new"]
        assert empty.fields["programme"] == ""
        typed = {**empty.fields, **form(name="The relation", trigger="never", measurement="relational")}

        async def post(where: str = "/surveys/new", **fields: str) -> httpx.Response:
            return await client.post(where, data={**typed, **fields}, headers=a_person("editor"))

        for fields, words in (
            ({"programme": "often"}, "Write a whole number of days from 7 to 730, or leave it empty."),
            ({"programme": "6"}, "Write a whole number of days from 7 to 730, or leave it empty."),
            ({"programme": "30", "measurement": "transactional"}, "Only a survey that measures the whole"),
        ):
            refused = await post(**fields)
            assert refused.status_code == 422
            assert f"Days in which it asks each known customer once: {words}" in refused.text
            (again,) = [one for one in forms_of(refused.text) if one.action == "/surveys/new"]
            assert again.fields["programme"] == fields["programme"]
        refused = await post(programme="30", quarantine_days="60")
        assert refused.status_code == 422
        assert "The quarantine of 60 days keeps customers from being asked every 30 days." in refused.text
        assert empty.fields["quarantine_days"] == ""
        shorter = (await post(programme="30")).headers["location"].partition("?")[0]
        api = f"/v1{shorter}"
        assert (await client.get(api, headers=by_key())).json()["quarantine_days"] == 29
        shown = (await client.get(shorter, headers=a_person("editor"))).text
        (stored,) = [one for one in forms_of(shown) if one.action == shorter]
        emptied = {**form(), **stored.fields, "quarantine_days": ""}
        assert (await client.post(shorter, data=emptied, headers=a_person("editor"))).status_code == 422
        where = (await post(programme="91", new_id=str(uuid4()))).headers["location"].partition("?")[0]
        shown = (await client.get(where, headers=a_person("editor"))).text
        (stored,) = [one for one in forms_of(shown) if one.action == where]
        assert stored.fields["programme"] == "91"
        start = (await client.get(f"{where}/start", headers=a_person("editor"))).text
        assert "each customer you know once in 91\u00a0days, evenly spread, from now on" in start
        older = {name: value for name, value in stored.fields.items() if name != "programme"}
        saved = await client.post(where, data={**form(), **older}, headers=a_person("editor"))
        assert saved.status_code == 303
        api = f"/v1{where}"
        assert (await client.get(api, headers=by_key())).json()["programme"] == {"every_days": 91}
        (stored,) = [
            one
            for one in forms_of((await client.get(where, headers=a_person("editor"))).text)
            if one.action == where
        ]
        await client.post(
            where, data={**form(), **stored.fields, "programme": ""}, headers=a_person("editor")
        )
        assert (await client.get(api, headers=by_key())).json()["programme"] is None

    async def test_the_page_of_waves_shows_each_of_the_companys_programmes(
        self, client: httpx.AsyncClient, database: Database, context: Any
    ) -> None:
        clock: Clock = context.database.clock
        page = (await client.get("/waves", headers=a_person())).text
        assert "No survey has a standing programme." in page
        await know(client)
        await go_live(database)
        survey = await make_survey(
            database,
            name="The relation",
            trigger="never",
            measurement="relational",
            delay_minutes=0,
            programme=Programme(every_days=30),
        )
        page = (await client.get("/waves", headers=a_person())).text
        assert "1 standing programme asks." in page
        assert "has not begun" in page
        await run(database)
        clock.on(days=5)
        await run(database)
        await decide(database, *await published(database, TRANSACTIONS))
        await make_survey(
            database, name="Paused", trigger="x", measurement="relational", state="paused",
            programme=Programme(every_days=365),
        )  # fmt: skip
        page = (await client.get("/waves", headers=a_person())).text
        assert "1 standing programme asks." in page
        assert "once in 30\u00a0days" in page
        assert "fewer than 1" in page
        assert "has not begun" in page
        assert f'href="/surveys/{UUID(str(survey.id))}"' in page
        assert "Relation" not in (await client.get("/waves", headers=a_person(tenant="another"))).text
