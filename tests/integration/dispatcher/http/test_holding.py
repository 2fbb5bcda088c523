"""A survey's holding time: at both doors, on the pages of surveys and events, in the search and in dry runs."""

from typing import Any

import httpx
import pytest
from support.counter_model import set_table
from support.dispatcher_builders import Clock, a_customer, a_transaction, decide, go_live, published
from support.dispatcher_client import SURVEY, a_person, by_key, form
from support.forms import forms_of

from shared.db.database import Database
from shared.events import SURVEYS, Transaction

from .test_layout import made

KIM = a_customer("kim")
SEGMENTS = {"store": "odense"}
CALLS = {"name": "Call", "trigger": "call", "delay_minutes": 0, "holding_minutes": 600}


async def typed_in(client: httpx.AsyncClient, at: str) -> dict[str, str]:
    page = (await client.get(at, headers=a_person("editor"))).text
    (shown,) = [one for one in forms_of(page) if one.action == at]
    return shown.fields


class TestSetting:
    async def test_the_api_keeps_changes_and_publishes_it_and_it_is_no_new_version(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey = await made(client)
        assert survey["holding_minutes"] == 0
        at = f"/v1/surveys/{survey['id']}"
        held = (await client.patch(at, json={"holding_minutes": 2880}, headers=by_key())).json()
        assert (held["holding_minutes"], held["survey_version"]) == (2880, 1)
        assert (await client.get(at, headers=by_key())).json() == held
        renamed = (await client.patch(at, json={"name": "Other"}, headers=by_key())).json()
        assert renamed["holding_minutes"] == 2880
        assert (await client.put(at, json=SURVEY, headers=by_key())).json()["holding_minutes"] == 0
        said = [event.holding_minutes for event in await published(database, SURVEYS)]
        assert said == [0, 2880, 2880, 0]

    @pytest.mark.parametrize("most", [0, 7 * 1440])
    async def test_it_is_seven_days_at_most(self, client: httpx.AsyncClient, most: int) -> None:
        assert (await made(client, holding_minutes=most))["holding_minutes"] == most

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"holding_minutes": -1}, "0 or more"),
            ({"holding_minutes": 7 * 1440 + 1}, "10080 or less"),
            ({"holding_minutes": 1.5}, "whole number"),
            ({"holding_minutes": 1441, "max_age_days": 1}, "get too old to ask about"),
            ({"holding_minutes": 60, "measurement": "relational"}, "about single events"),
            ({"holding_minutes": 60, "measurement": "relational", "trigger": ""}, "about single events"),
        ],
    )
    async def test_what_cannot_be_is_refused_by_its_field_with_what_to_do(
        self, client: httpx.AsyncClient, changes: dict[str, Any], words: str
    ) -> None:
        refused = await client.post("/v1/surveys", json={**SURVEY, **changes}, headers=by_key())
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert (fault["field"], words in fault["detail"]) == ("/holding_minutes", True)

    async def test_a_survey_that_holds_cannot_come_to_measure_the_relation(
        self, client: httpx.AsyncClient
    ) -> None:
        at = f"/v1/surveys/{(await made(client, holding_minutes=60))['id']}"
        refused = await client.patch(at, json={"measurement": "relational"}, headers=by_key())
        assert [fault["field"] for fault in refused.json()["errors"]] == ["/holding_minutes"]
        both = {"measurement": "relational", "holding_minutes": 0}
        assert (await client.patch(at, json=both, headers=by_key())).status_code == 200

    async def test_an_editor_writes_a_value_and_a_unit(self, client: httpx.AsyncClient) -> None:
        at = f"/surveys/{(await made(client))['id']}"
        typed = await typed_in(client, at)
        assert (typed["holding"], typed["holding_unit"]) == ("0", "minutes")
        wanted = form(**{**typed, "holding": "36", "holding_unit": "hours", "act": "save"})
        assert (await client.post(at, data=wanted, headers=a_person("editor"))).status_code == 303
        assert (await client.get(f"/v1{at}", headers=by_key())).json()["holding_minutes"] == 36 * 60
        typed = await typed_in(client, at)
        assert (typed["holding"], typed["holding_unit"]) == ("36", "hours")
        older = {name: value for name, value in typed.items() if not name.startswith("holding")}
        assert (await client.post(at, data=form(**older), headers=a_person("editor"))).status_code == 303
        assert (await client.get(f"/v1{at}", headers=by_key())).json()["holding_minutes"] == 36 * 60

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"holding": "8", "holding_unit": "days", "max_age_days": "30"}, "seven days are the most"),
            ({"holding": "soon"}, "seven days are the most"),
            ({"holding": "2", "holding_unit": "days", "max_age_days": "1"}, "get too old to ask about"),
            ({"holding": "2", "measurement": "relational"}, "has a holding time. Set it to 0"),
        ],
    )
    async def test_a_fault_stands_beside_its_field_and_what_was_typed_stays(
        self, client: httpx.AsyncClient, changes: dict[str, str], words: str
    ) -> None:
        at = f"/surveys/{(await made(client))['id']}"
        typed = await typed_in(client, at)
        refused = await client.post(at, data=form(**{**typed, **changes}), headers=a_person("editor"))
        assert refused.status_code == 422
        assert "Holding time after the event: " in refused.text
        assert words in refused.text
        (shown,) = [one for one in forms_of(refused.text) if one.action == at]
        assert shown.fields["holding"] == changes["holding"]

    async def test_the_page_that_starts_it_says_what_it_does_and_when_the_first_mail_leaves(
        self, client: httpx.AsyncClient
    ) -> None:
        survey = await made(client, state="paused", delay_minutes=0, holding_minutes=600)
        await client.put("/v1/contact-policy", json={"quiet_hours": None}, headers=by_key())
        page = (await client.get(f"/surveys/{survey['id']}/start", headers=a_person("editor"))).text
        assert "<dt>Holding time</dt><dd>10\u00a0hours after the event; until it leaves" in page
        assert "T22:00:00" in page  # ten hours after noon
        without = await made(client, state="paused")
        page = (await client.get(f"/surveys/{without['id']}/start", headers=a_person("editor"))).text
        assert "Holding time" not in page


@pytest.fixture
async def given_way(client: httpx.AsyncClient, database: Database) -> tuple[Transaction, Transaction]:
    """A call whose mail gave way to a delivery."""
    await made(client)
    await made(client, **CALLS)
    await go_live(database)
    await set_table(database)
    call = a_transaction("call-1", KIM, type="call")
    order = a_transaction("order-1", KIM, segments=SEGMENTS)
    for event in (call, order):
        await decide(database, event)
    return call, order


class TestWhatBecameOfIt:
    async def test_both_pages_say_it_with_a_link_to_the_other(
        self, client: httpx.AsyncClient, given_way: tuple[Transaction, Transaction]
    ) -> None:
        call, order = given_way
        page = (await client.get(f"/events/{call.event_id}", headers=a_person())).text
        for shown in (
            "The mail was not sent. While it waited an event came that a survey before it in the order asks about.",
            "The mail about a more valuable event leaves in its place.",
            f'href="/events/{order.event_id}"',
            "holding time of the survey, by the clock of",
            "<dt>Holding time</dt><dd>10\u00a0hours</dd>",
        ):
            assert shown in page
        page = (await client.get(f"/events/{order.event_id}", headers=a_person())).text
        assert "It leaves in place of a mail about a less valuable event." in page
        assert f'href="/events/{call.event_id}"' in page
        reader = a_person("editor", segments=("store:odense",))
        page = (await client.get(f"/events/{order.event_id}", headers=reader)).text
        assert "It leaves in place of a mail about a less valuable event." in page
        assert str(call.event_id) not in page

    async def test_the_search_finds_it_by_its_reason_at_both_doors(
        self,
        client: httpx.AsyncClient,
        database: Database,
        given_way: tuple[Transaction, Transaction],
    ) -> None:
        call, order = given_way
        await decide(database, a_transaction("call-2", a_customer("bo"), type="call"))
        search = {"reason": "outranked"}
        found = (await client.get("/v1/decisions", params=search, headers=by_key())).json()["decisions"]
        (one,) = found
        assert (one["event_id"], one["reason"]) == ("call-1", "invited")
        assert (one["outranking_event_id"], one["relational_event_id"]) == (str(order.event_id), None)
        assert one["invitation"]["state"] == "dropped"
        assert one["values"]["holding_minutes"] == CALLS["holding_minutes"]
        assert one["values"]["held_by"] == ["holding"]
        page = (await client.get("/events", params=search, headers=a_person())).text
        assert "Gave way to a more valuable event" in page
        assert str(call.event_id) in page
        assert "call-2" not in page
        reader = a_person("analyst", segments=("store:aarhus",))
        page = (await client.get("/events", params=search, headers=reader)).text
        assert "call-1" in page

    @pytest.mark.usefixtures("given_way")
    async def test_nothing_is_postponed_by_a_holding_time(self, client: httpx.AsyncClient) -> None:
        refused = await client.get("/v1/decisions", params={"postponed_by": "holding"}, headers=by_key())
        assert refused.status_code == 422
        page = await client.get("/events", params={"postponed_by": "holding"}, headers=a_person())
        assert page.status_code == 422

    async def test_a_dry_run_says_what_a_holding_time_would_have_done(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await made(client)
        calls = await made(client, **{**CALLS, "holding_minutes": 0, "delay_minutes": 60})
        await go_live(database)
        await set_table(database)
        clock: Clock = database.clock  # type: ignore[assignment]
        await decide(database, a_transaction("call-1", KIM, type="call"))
        await decide(database, a_transaction("order-1", KIM))
        clock.on(minutes=1)
        names = ("name", "trigger", "delay_minutes")
        survey = {"id": calls["id"], **{name: calls[name] for name in names}, "holding_minutes": 600}
        found = (await client.post("/v1/dry-runs", json={"survey": survey}, headers=by_key())).json()
        assert found["was"] == {"invited": 1, "quarantine": 1}
        assert found["would_be"] == {"invited": 2}
