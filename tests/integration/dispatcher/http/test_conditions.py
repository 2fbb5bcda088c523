"""A survey's conditions and its sampling, from the API and the form to the decision and its page."""

import tracemalloc
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
import pytest
from support.dispatcher_builders import (
    NOON,
    TENANT,
    a_customer,
    a_transaction,
    decide,
    go_live,
    list_test_addresses,
    make_survey,
    published,
    reasons,
    rows,
)
from support.dispatcher_client import FOREIGN_KEY, SURVEY, a_person, by_key, csrf_header, form
from support.forms import forms_of
from support.http_clients import SECRET

from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.explanation import encode_facts
from services.dispatcher.decisions.sampling import is_sampled, sampling_key
from services.dispatcher.surveys.draft_fields import DEFAULTS
from services.dispatcher.surveys.matches import EVENTS_AT_ONCE, count_matches
from services.dispatcher.surveys.test_mails import TEST_SOURCE
from shared.db.database import Database
from shared.events import SURVEYS, Transaction
from shared.events.conditions import Condition
from shared.events.transactions import WAVE_SOURCE

AT_LEAST_50 = {"field": "attributes.total", "op": ">=", "value": 50}
NESTED = {"all": [AT_LEAST_50, {"any": [{"field": "touchpoint", "op": "in", "value": ["shop", "checkout"]}]}]}


def an_order(id_: str, total: str = "60", **changes: Any) -> Transaction:
    attributes = msgspec.Raw(f'{{"total":{total},"basket":{{"lines":3}}}}'.encode())
    return a_transaction(id_, a_customer(f"c-{id_}"), attributes=attributes, **changes)


async def make(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    made = await client.post("/v1/surveys", json={**SURVEY, **changes}, headers=by_key())
    assert made.status_code == 201, made.text
    survey: dict[str, Any] = made.json()
    return survey


async def considered(client: httpx.AsyncClient, event_id: str) -> list[dict[str, Any]]:
    found = await client.get("/v1/decisions", params={"event_id": event_id}, headers=by_key())
    (decision,) = found.json()["decisions"]
    answered: list[dict[str, Any]] = decision["considered"]
    return answered


async def event_page(client: httpx.AsyncClient, event: Transaction, role: Any = "admin") -> str:
    return (await client.get(f"/events/{event.event_id}", headers=a_person(role))).text


class TestConditions:
    async def test_come_back_as_they_were_sent_and_go_away_by_put_or_patch(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey = await make(client, conditions=NESTED)
        assert (survey["conditions"], survey["sampling_percent"]) == (NESTED, 100)
        (event,) = await published(database, SURVEYS)
        assert msgspec.json.decode(msgspec.json.encode(event.conditions)) == NESTED
        where = f"/v1/surveys/{survey['id']}"
        renamed = (await client.patch(where, json={"name": "Renamed"}, headers=by_key())).json()
        assert (renamed["conditions"], renamed["survey_version"]) == (NESTED, 1)
        assert (await client.patch(where, json={"conditions": {"all": []}}, headers=by_key())).json()[
            "conditions"
        ] is None
        put = await client.put(where, json={**SURVEY, "conditions": AT_LEAST_50}, headers=by_key())
        assert put.json()["conditions"] == AT_LEAST_50
        assert (await client.put(where, json=SURVEY, headers=by_key())).json()["conditions"] is None

    async def test_an_event_that_does_not_meet_them_says_which_comparison_failed_and_what_it_had(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await go_live(database)
        survey = await make(client, conditions=NESTED)
        small, elsewhere = an_order("small", "49.990"), an_order("mail", segments={"touchpoint": "mail"})
        await decide(database, small, elsewhere, an_order("large", "50"))
        assert await reasons(database) == {"small": "conditions", "mail": "conditions", "large": "invited"}
        (one,) = await considered(client, "small")
        assert (one["survey_id"], one["why"]) == (survey["id"], "conditions")
        assert one["failed"] == [{"index": 0, **AT_LEAST_50}]
        (one,) = await considered(client, "mail")
        (failed,) = one["failed"]
        assert (failed["index"], failed["field"]) == (1, "touchpoint")
        page = await event_page(client, small)
        assert "It did not meet the conditions of the survey." in page
        assert "attributes.total is at least 50” did not hold: it was 49.990." in page
        assert "it was “mail”" in await event_page(client, elsewhere)
        hidden = await event_page(client, small, "analyst")
        assert "attributes.total is at least 50” did not hold." in hidden
        assert "49.990" not in hidden
        (stored,) = await rows(database, "SELECT grounds FROM decision WHERE source_id = 'small'")
        assert b"49.99" not in bytes(stored.grounds)

    async def test_are_the_weakest_reason_and_let_the_next_survey_ask(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await go_live(database)
        await make(client, name="Large", conditions=AT_LEAST_50)
        await make(client, name="Paused", state="paused")
        await decide(database, an_order("one", "1"))
        await make(client, name="All", max_age_days=7)
        await decide(database, an_order("two", "1"))
        await decide(database, a_transaction("three", a_customer("c-two")))
        assert await reasons(database) == {"one": "paused", "two": "invited", "three": "quarantine"}
        assert [one["why"] for one in await considered(client, "two")] == ["conditions", "paused", "invited"]

    async def test_what_is_refused_is_named_by_its_place(self, client: httpx.AsyncClient) -> None:
        sent = {**SURVEY, "conditions": {"all": [AT_LEAST_50, {"field": "total", "op": "exists"}]}}
        refused = await client.post("/v1/surveys", json=sent, headers=by_key())
        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert fault["field"] == "/conditions/all/1/field"
        assert "customer.country" in fault["detail"]


class TestMatches:
    async def test_counts_the_recent_events_of_the_company_and_names_unknown_fields(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        totals = ["10", "49.99", "50", "70", '"70"']
        await decide(database, *(an_order(f"o-{n}", total) for n, total in enumerate(totals)))
        await decide(database, an_order("call", "99", type="call.ended"))
        unknown = {"field": "attributes.totla", "op": "=", "value": 1}
        sent = {"trigger": "order.*", "conditions": {"any": [AT_LEAST_50, unknown]}}
        found = (await client.post("/v1/surveys/matches", json=sent, headers=by_key())).json()
        since = found.pop("since")
        assert found == {
            "events": 6,
            "matched": 2,
            "all_counted": True,
            "unknown_fields": ["attributes.totla"],
        }
        assert since == "2026-11-13T12:00:00Z"
        plain = (await client.post("/v1/surveys/matches", json={"trigger": "*"}, headers=by_key())).json()
        assert (plain["matched"], plain["unknown_fields"]) == (6, [])
        foreign = await client.post("/v1/surveys/matches", json=sent, headers=by_key(FOREIGN_KEY))
        assert (foreign.json()["events"], foreign.json()["unknown_fields"]) == (0, [])

    async def test_counts_what_clients_sent_and_not_our_own_events(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Of waves, programmes and tests; a client's event may have any source, and say anything."""
        survey = await make_survey(database, trigger="order.*")
        ours = [
            an_order(
                f"w-{n}", type=f"wave.{survey.id}", source=f"{WAVE_SOURCE}{survey.id}", survey_id=survey.id
            )
            for n in range(20)
        ]
        ours += [an_order("test", source=TEST_SOURCE, survey_id=survey.id)]
        theirs = [
            an_order("order"),
            an_order("odd", source=f"{WAVE_SOURCE}of our own"),
            a_transaction(
                "named", a_customer("named"), attributes=msgspec.Raw(b'{"survey_id":"x","seen":1}')
            ),
        ]
        await decide(database, *theirs, *ours)
        found = await client.post("/v1/surveys/matches", json={"trigger": "*"}, headers=by_key())
        assert (found.json()["matched"], found.json()["events"]) == (3, 3)
        editor = a_person("editor")
        page = (await client.get(f"/surveys/{survey.id}", headers=editor)).text
        assert "It would have matched 3 of the 3 events" in page
        assert '<option value="attributes.seen">' in page
        await client.patch(f"/v1/surveys/{survey.id}", json={"state": "paused"}, headers=by_key())
        assert (
            "3 of 3 events were of such types"
            in (await client.get(f"/surveys/{survey.id}/start", headers=editor)).text
        )

    async def test_many_long_events_are_counted_page_by_page(self, database: Database) -> None:
        """Whatever their order and their times: each once, and never more than a page in the memory."""
        many, most = 7 * EVENTS_AT_ONCE + 1, 8 * EVENTS_AT_ONCE
        facts = encode_facts(
            a_transaction("long", attributes=msgspec.Raw(b'{"text":"%s"}' % (b"x" * 65_000)))
        )
        fill = """
            INSERT INTO decision (
                tenant, event_id, decided_at, source, source_id, customer_id, digest, reason, segments, facts,
                grounds
            )
            SELECT :tenant, CAST(md5('m' || n) AS uuid),
                CAST(:noon AS timestamptz) - (n / 150) * interval '1 hour', 'webshop', 'm' || n, 'c', '',
                'no_survey', '{}', :facts, '{}'
            FROM generate_series(1, :many) AS n
        """
        async with database.transaction() as uow:
            await uow.execute(fill, {"tenant": TENANT, "noon": NOON, "facts": facts, "many": many})
        condition = Condition(field="attributes.text", op="exists")
        tracemalloc.start()
        try:
            found = await count_matches(database, TENANT, (), "order.*", condition, most=most)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (found.events, found.matched, found.all_counted) == (many, many, True)
        assert "attributes.text" in found.fields_seen
        assert peak < many * len(facts) / 2
        fewer = await count_matches(database, TENANT, (), "order.*", None, most=EVENTS_AT_ONCE + 50)
        assert (fewer.events, fewer.matched, fewer.all_counted) == (150, 150, False)

    async def test_counts_the_events_of_the_callers_segments(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await decide(database, an_order("here"), an_order("there", segments={"store": "odense"}))
        headers = {**a_person("editor", segments=("store:odense",)), **csrf_header()}
        found = await client.post("/v1/surveys/matches", json={"trigger": "*"}, headers=headers)
        assert found.json()["events"] == 1

    async def test_are_for_those_who_may_change_surveys(self, client: httpx.AsyncClient) -> None:
        refused = await client.post("/v1/surveys/matches", json={"trigger": "*"})
        assert refused.status_code == 401


def survey_form(page: str, action: str) -> dict[str, str]:
    (found,) = [one for one in forms_of(page) if one.action == action]
    return found.fields


def typed_rows(*rows: Sequence[str], match: str = "all") -> dict[str, str]:
    typed = {"condition_match": match}
    for number, row in enumerate(rows, 1):
        for part, value in zip(("field", "op", "value"), row, strict=True):
            typed[f"condition_{number}_{part}"] = value
    return typed


class TestForm:
    async def test_rows_become_conditions_and_come_back_as_they_were_typed(
        self, client: httpx.AsyncClient
    ) -> None:
        typed = typed_rows(
            ("attributes.total", ">=", "49.99"),
            ("segments.store", "in", 'aarhus, "Odense, C"'),
            ("attributes.code", "=", '"12"'),
            ("attributes.member", "=", "true"),
            ("handled_by", "missing", ""),
            match="any",
        )
        fields = form(**{**DEFAULTS, "name": "x", "trigger": "order.*", "sampling_percent": "30", **typed})
        made = await client.post("/surveys/new", data=fields, headers=a_person("editor"))
        assert made.status_code == 303, made.text
        where = made.headers["location"].partition("?")[0]
        survey = (await client.get(f"/v1{where}", headers=by_key())).json()
        assert survey["sampling_percent"] == 30
        assert survey["conditions"] == {
            "any": [
                {"field": "attributes.total", "op": ">=", "value": 49.99},
                {"field": "segments.store", "op": "in", "value": ["aarhus", "Odense, C"]},
                {"field": "attributes.code", "op": "=", "value": "12"},
                {"field": "attributes.member", "op": "=", "value": True},
                {"field": "handled_by", "op": "missing"},
            ]
        }
        page = await client.get(where, headers=a_person("editor"))
        shown = survey_form(page.text, where)
        assert {name: shown[name] for name in typed} == typed
        assert [shown[f"condition_{n}_field"] for n in (6, 7, 8)] == ["", "", ""]
        assert "condition_9_field" not in shown
        saved = await client.post(where, data=shown, headers=a_person("editor"))
        assert saved.status_code == 303
        again = (await client.get(f"/v1{where}", headers=by_key())).json()
        assert again["version"] == survey["version"]
        emptied = {
            name: "" if name.endswith(("_field", "_value")) else value for name, value in shown.items()
        }
        await client.post(where, data=emptied, headers=a_person("editor"))
        assert (await client.get(f"/v1{where}", headers=by_key())).json()["conditions"] is None

    @pytest.mark.parametrize(
        ("row", "name", "said"),
        [
            (("total", "=", "1"), "field", "Write one of type, touchpoint"),
            (("", "=", "1"), "field", "Write one of type, touchpoint"),
            (("attributes.total", ">=", "49,99"), "value", "Write a number with a point"),
            (("attributes.total", ">=", "many"), "value", "Write a number, such as 49.99."),
            (("attributes.total", "=", '"open'), "value", "A quote is opened"),
            (("attributes.total", "=", ""), "value", "Write a value."),
            (("attributes.total", "exists", "1"), "value", "This comparison takes no value."),
            (("attributes.total", "~", "1"), "op", "Must be one of"),
            (("customer.country", "=", "Danmark"), "value", "Write a country as its two"),
        ],
    )
    async def test_a_fault_stands_beside_its_field_and_keeps_what_was_typed(
        self, client: httpx.AsyncClient, row: tuple[str, str, str], name: str, said: str
    ) -> None:
        typed = typed_rows(("", "=", ""), ("type", "exists", ""), row)
        fields = form(**{**DEFAULTS, "name": "x", "trigger": "order.*", **typed})
        refused = await client.post("/surveys/new", data=fields, headers=a_person("editor"))
        assert refused.status_code == 422
        assert f'id="condition_3_{name}-wrong">{said}' in refused.text
        assert f'href="#condition_3_{name}"' in refused.text
        shown = survey_form(refused.text, "/surveys/new")
        assert shown["condition_3_field"] == row[0]
        assert shown["condition_3_value"] == row[2]

    async def test_conditions_that_rows_cannot_show_stand_as_a_sentence_and_are_kept(
        self, client: httpx.AsyncClient
    ) -> None:
        survey = await make(client, conditions=NESTED)
        where = f"/surveys/{survey['id']}"
        page = (await client.get(where, headers=a_person("editor"))).text
        assert "attributes.total is at least 50 and touchpoint is one of “shop”, “checkout”" in page
        assert "changed by the API" in page
        shown = survey_form(page, where)
        assert not [name for name in shown if name.startswith("condition")]
        saved = await client.post(where, data={**shown, "name": "Renamed"}, headers=a_person("editor"))
        assert saved.status_code == 303
        kept = (await client.get(f"/v1{where}", headers=by_key())).json()
        assert (kept["name"], kept["conditions"]) == ("Renamed", NESTED)

    async def test_says_how_many_recent_events_would_have_matched_and_warns_of_unknown_fields(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await decide(database, *(an_order(f"o-{n}", f"{n * 20}") for n in range(5)))
        survey = await make(client, state="paused", conditions=AT_LEAST_50)
        where = f"/surveys/{survey['id']}"
        page = (await client.get(f"{where}?did=saved", headers=a_person("editor"))).text
        assert "It would have matched 2 of the 5 events of the last 7\u00a0days." in page
        assert '<option value="attributes.basket.lines">' in page
        assert "had this field" not in page
        started = (await client.get(f"{where}/start", headers=a_person("editor"))).text
        assert "attributes.total is at least 50" in started
        assert "It would have matched 2 of the 5 events" in started
        typo = {**AT_LEAST_50, "field": "attributes.totla"}
        await client.patch(f"/v1{where}", json={"conditions": typo}, headers=by_key())
        page = (await client.get(where, headers=a_person("editor"))).text
        assert 'aria-describedby="condition_1_field-hint"' in page
        assert "had this field" in page
        assert "It would have matched 0 of the 5 events" in page


class TestSampling:
    async def test_asks_the_drawn_and_says_so_to_the_others_whom_the_next_survey_asks(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await go_live(database)
        survey = await make_survey(database, sampling_percent=30)
        orders = [an_order(f"{n:02}") for n in range(40)]
        await decide(database, *orders)
        key = sampling_key(SECRET)
        expected = {
            order.id: "invited"
            if is_sampled(
                key, contact_key_of(SECRET, TENANT, order.customer, frozenset()), survey.id, 30, "person"
            )
            else "sampled_out"
            for order in orders
        }
        assert set(expected.values()) == {"invited", "sampled_out"}
        assert await reasons(database) == expected
        undrawn = next(order for order in orders if expected[order.id] == "sampled_out")
        (one,) = await considered(client, undrawn.id)
        assert (one["why"], one["sampling_percent"]) == ("sampled_out", 30)
        page = await event_page(client, undrawn)
        assert "It asks 30 % of the customers." in page
        drawn = next(order for order in orders if expected[order.id] == "invited")
        assert "30 % of the customers, and each test address" in await event_page(client, drawn)
        await make_survey(database, name="The next")
        again = a_transaction("again", undrawn.customer)
        await decide(database, again)
        assert [each["why"] for each in await considered(client, "again")] == ["sampled_out", "invited"]

    async def test_a_test_address_is_always_asked_and_other_reasons_come_first(
        self, database: Database
    ) -> None:
        await go_live(database)
        survey = await make_survey(database, sampling_percent=1)
        key = sampling_key(SECRET)
        (customer, *others) = [
            each
            for each in (a_customer(f"c-{n}") for n in range(50))
            if not is_sampled(key, contact_key_of(SECRET, TENANT, each, frozenset()), survey.id, 1, "person")
        ][:3]
        await list_test_addresses(database, customer.email or "")
        without = msgspec.structs.replace(others[0], email=None)
        await decide(
            database,
            a_transaction("test", customer),
            a_transaction("none", without),
            a_transaction("other", others[1]),
        )
        assert await reasons(database) == {"test": "invited", "none": "no_address", "other": "sampled_out"}

    @pytest.mark.parametrize("percent", [0, 101, 1.5, "30"])
    async def test_is_a_whole_number_from_1_to_100(self, client: httpx.AsyncClient, percent: Any) -> None:
        refused = await client.post(
            "/v1/surveys", json={**SURVEY, "sampling_percent": percent}, headers=by_key()
        )
        assert refused.json()["errors"][0]["field"] == "/sampling_percent"


async def test_a_row_of_an_earlier_version_has_no_conditions_and_asks_everybody(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database, conditions=Condition(field="type", op="missing"), sampling_percent=1)
    async with database.transaction() as uow:
        await uow.execute("UPDATE survey SET conditions = NULL, sampling_percent = DEFAULT")
    read = (await client.get(f"/v1/surveys/{survey.id}", headers=by_key())).json()
    assert (read["conditions"], read["sampling_percent"]) == (None, 100)
