"""Adaptive sampling in the API, in the form of a survey with its table of segments, and on events' pages."""

from typing import Any

import httpx
import pytest
from support.adaptive import ADAPTIVE, a_history, an_order, compute, drawn, undrawn
from support.dispatcher_builders import TENANT, Clock, decide, go_live, make_survey, published, rows
from support.dispatcher_client import FOREIGN_KEY, SURVEY, a_person, by_key, form
from support.forms import forms_of

from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import SURVEYS

WANTED = {"dimension": "store", "margin": 5, "window_days": 30}
BODY = {**SURVEY, "adaptive_sampling": WANTED}


@pytest.fixture
def clock(context: Any) -> Clock:
    clock: Clock = context.database.clock
    return clock


async def a_computed_survey(database: Database, clock: Clock) -> StoredSurvey:
    """A live survey with a history of which the shares of its segments are computed."""
    await go_live(database)
    survey = await make_survey(database, **ADAPTIVE)
    await a_history(database, clock)
    await compute(database)
    return survey


class TestApi:
    async def test_it_is_made_read_changed_published_and_taken_away(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        short = {**BODY, "adaptive_sampling": {"dimension": " Store ", "margin": 5}}
        made = (await client.post("/v1/surveys", json=short, headers=by_key())).json()
        assert made["adaptive_sampling"] == {"dimension": "Store", "margin": 5, "window_days": 90}
        where = f"/v1/surveys/{made['id']}"
        assert (await client.get(where, headers=by_key())).json() == made
        paused = (await client.patch(where, json={"state": "paused"}, headers=by_key())).json()
        assert paused["adaptive_sampling"] == made["adaptive_sampling"]
        other = (await client.patch(where, json={"adaptive_sampling": WANTED}, headers=by_key())).json()
        assert (other["adaptive_sampling"], other["survey_version"]) == (WANTED, 1)
        copied = await client.post(f"{where}/copies", headers=by_key())
        assert copied.json()["adaptive_sampling"] == WANTED
        none = (await client.patch(where, json={"adaptive_sampling": {}}, headers=by_key())).json()
        assert none["adaptive_sampling"] is None
        await client.put(where, json=BODY, headers=by_key())
        assert (await client.put(where, json=SURVEY, headers=by_key())).json()["adaptive_sampling"] is None
        said = [
            each.adaptive_sampling and each.adaptive_sampling.margin
            for each in await published(database, SURVEYS)
        ]
        assert said == [5, 5, 5, 5, None, 5, None]

    @pytest.mark.parametrize(
        ("changes", "field", "words"),
        [
            ({"adaptive_sampling": {**WANTED, "margin": 0}}, "/adaptive_sampling/margin", "1 or more"),
            ({"adaptive_sampling": {**WANTED, "margin": 51}}, "/adaptive_sampling/margin", "50 or less"),
            ({"adaptive_sampling": {**WANTED, "margin": 2.5}}, "/adaptive_sampling/margin", "whole number"),
            ({"adaptive_sampling": {**WANTED, "window_days": 6}}, "/adaptive_sampling/window_days", "7 or"),
            ({"adaptive_sampling": {**WANTED, "window_days": 366}}, "/adaptive_sampling/window_days", "365"),
            ({"adaptive_sampling": {"dimension": "store"}}, "/adaptive_sampling", "Say which margin"),
            ({"adaptive_sampling": {"margin": 5}}, "/adaptive_sampling", "Name the dimension"),
            ({"adaptive_sampling": {**WANTED, "dimension": " "}}, "/adaptive_sampling", "no name"),
            ({"adaptive_sampling": {**WANTED, "dimension": "agent"}}, "/adaptive_sampling", "employees"),
            ({"adaptive_sampling": {**WANTED, "dimension": "organisation"}}, "/adaptive_sampling", "The org"),
            ({"adaptive_sampling": {**WANTED, "n": 1}}, "/adaptive_sampling/n", "no such field"),
            ({"measurement": "relational"}, "/adaptive_sampling", "one purchase or contact"),
            ({"anonymous": True}, "/adaptive_sampling", "anonymous survey cannot"),
        ],
    )
    async def test_what_cannot_be_is_refused_and_its_field_named(
        self, client: httpx.AsyncClient, changes: dict[str, Any], field: str, words: str
    ) -> None:
        refused = await client.post("/v1/surveys", json={**BODY, **changes}, headers=by_key())
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert fault["field"] == field
        assert words in fault["detail"]
        made = (await client.post("/v1/surveys", json=BODY, headers=by_key())).json()
        patched = await client.patch(f"/v1/surveys/{made['id']}", json=changes, headers=by_key())
        assert patched.status_code == 422
        assert patched.json()["errors"][0]["field"].endswith(field)

    async def test_decisions_tell_the_share(
        self, client: httpx.AsyncClient, database: Database, clock: Clock
    ) -> None:
        survey = await a_computed_survey(database, clock)
        name, *_ = undrawn(survey, (f"n-{n}" for n in range(50)), 20)
        await decide(database, an_order("aarhus", name, clock))
        answer = await client.get(f"/v1/decisions?event_id=aarhus-{name}-0", headers=by_key())
        (one,) = answer.json()["decisions"][0]["considered"]
        assert one["share"] == {"segment": "store:aarhus", "percent": 20, "margin": 25, "answers": 300}
        assert (one["why"], one["sampling_percent"]) == ("sampled_out", 100)
        foreign = await client.get(f"/v1/decisions?event_id=aarhus-{name}-0", headers=by_key(FOREIGN_KEY))
        assert foreign.json()["decisions"] == []


class TestForm:
    async def test_it_is_typed_in_the_form_and_faults_stand_beside_the_fields(
        self, client: httpx.AsyncClient
    ) -> None:
        page = (await client.get("/surveys/new", headers=a_person("editor"))).text
        (empty,) = [one for one in forms_of(page) if one.action == "/surveys/new"]
        names = ("adaptive_dimension", "adaptive_margin", "adaptive_window_days")
        assert [empty.fields[name] for name in names] == ["", "", "90"]
        typed = {**empty.fields, **form(name="After delivery", trigger="order.delivered")}

        async def post(where: str = "/surveys/new", **fields: str) -> httpx.Response:
            return await client.post(where, data={**typed, **fields}, headers=a_person("editor"))

        for fields, words in (
            ({"adaptive_dimension": "store"}, "Margin that each of them is to reach: Say which margin"),
            (
                {"adaptive_dimension": "store", "adaptive_margin": "wide"},
                "Margin that each of them is to reach: Write whole points from 1 to 50",
            ),
            ({"adaptive_margin": "5"}, "Segments of which fewer are asked: Name the dimension"),
            (
                {"adaptive_dimension": "agent", "adaptive_margin": "5"},
                "Segments of which fewer are asked: The organisation and single employees",
            ),
            (
                {"adaptive_dimension": "store", "adaptive_margin": "5", "adaptive_window_days": "3"},
                "Days within which the answers give it: Write a whole number of days from 7 to 365.",
            ),
        ):
            refused = await post(**fields)
            assert refused.status_code == 422
            assert words in refused.text
            (again,) = [one for one in forms_of(refused.text) if one.action == "/surveys/new"]
            assert {name: again.fields[name] for name in fields} == fields
        wanted = {"adaptive_dimension": "store", "adaptive_margin": "5", "adaptive_window_days": "30"}
        where = (await post(**wanted)).headers["location"].partition("?")[0]
        api = f"/v1{where}"
        assert (await client.get(api, headers=by_key())).json()["adaptive_sampling"] == WANTED
        shown = (await client.get(where, headers=a_person("editor"))).text
        (stored,) = [one for one in forms_of(shown) if one.action == where]
        assert {name: stored.fields[name] for name in wanted} == wanted
        start = (await client.get(f"{where}/start", headers=a_person("editor"))).text
        assert "as many of each <bdi>store</bdi> as it needs for ±5" in start
        older = {name: value for name, value in stored.fields.items() if not name.startswith("adaptive")}
        saved = await client.post(where, data={**form(), **older}, headers=a_person("editor"))
        assert saved.status_code == 303
        assert (await client.get(api, headers=by_key())).json()["adaptive_sampling"] == WANTED
        shown = (await client.get(where, headers=a_person("editor"))).text
        (stored,) = [one for one in forms_of(shown) if one.action == where]
        blank = dict.fromkeys(("adaptive_dimension", "adaptive_margin"), "")
        await client.post(where, data={**form(), **stored.fields, **blank}, headers=a_person("editor"))
        assert (await client.get(api, headers=by_key())).json()["adaptive_sampling"] is None


class TestPages:
    async def test_the_surveys_page_shows_each_segment_that_the_reader_may_see(
        self, client: httpx.AsyncClient, database: Database, clock: Clock
    ) -> None:
        await go_live(database)
        survey = await make_survey(database, **ADAPTIVE)
        where = f"/surveys/{survey.id}"
        page = (await client.get(where, headers=a_person())).text
        assert "Everybody, until the shares are computed." in page
        await a_history(database, clock)
        await compute(database)
        names = [f"n-{n}" for n in range(40)]
        await decide(database, *(an_order("aarhus", name, clock) for name in names))
        asked = sum(drawn(survey, name, 20) for name in names)
        async with database.transaction() as uow:
            await uow.execute("UPDATE invitation SET state = 'sent' WHERE state = 'waiting'")
        clock.on(hours=1, minutes=-56)
        async with database.transaction() as uow:
            await uow.execute("UPDATE adaptive_share SET computed_at = computed_at - interval '1 hour'")
        await compute(database)
        page = (await client.get(where, headers=a_person())).text
        assert f"{4 * asked} mails were saved." in page
        for cell in ("Aarhus", "±25", "±11", "300", "Odense", "few answers", "100 %"):
            assert cell in page, cell
        limited = (await client.get(where, headers=a_person(segments=("store:odense",)))).text
        assert "Odense" in limited
        assert "store%3Aaarhus" not in limited
        dry = await client.post(
            f"{where}/dry-run",
            data={**form(), **forms_of(page)[-1].fields, "adaptive_margin": "25"},
            headers=a_person("editor"),
        )
        assert "Fewer of a segment are asked by what is known of it now." in dry.text

    async def test_a_dimension_that_the_company_says_is_of_employees_is_not_shown(
        self, client: httpx.AsyncClient, database: Database, clock: Clock
    ) -> None:
        survey = await a_computed_survey(database, clock)
        async with database.transaction() as uow:
            await uow.execute(
                "UPDATE tenant SET body = convert_to(replace(convert_from(body, 'UTF8'), "
                "'\"dimensions\":[]', '\"dimensions\":[\"store\"]'), 'UTF8') WHERE id = :id",
                {"id": TENANT},
            )
        page = (await client.get(f"/surveys/{survey.id}", headers=a_person())).text
        assert "These are single employees, so nothing of them is shown." in page
        assert "store%3Aaarhus" not in page

    async def test_an_events_page_says_why_somebody_was_spared_or_asked_nevertheless(
        self, client: httpx.AsyncClient, database: Database, clock: Clock
    ) -> None:
        survey = await a_computed_survey(database, clock)
        detractor, *_ = undrawn(survey, (f"a-{n}" for n in range(1, 300, 2)), 20)
        spared, *_ = undrawn(survey, (f"n-{n}" for n in range(50)), 20)
        lucky = next(name for n in range(99) if drawn(survey, name := f"n-{n}", 20))
        await decide(database, *(an_order("aarhus", name, clock, 1) for name in (detractor, spared, lucky)))

        async def page_of(name: str) -> str:
            (row,) = await rows(
                database, "SELECT event_id FROM decision WHERE source_id = :id", id=f"aarhus-{name}-1"
            )
            return (await client.get(f"/events/{row.event_id}", headers=a_person())).text

        assert "It asks 20 % of the customers of <bdi>Aarhus</bdi>: by 300 answers" in await page_of(spared)
        assert "enough for ±25 points" in await page_of(spared)
        assert "asked nevertheless: the last answer of the customer was 0 to 6" in await page_of(detractor)
        assert "20 % of the customers, this one among them" in await page_of(lucky)
