"""Surveys for programs: made, read, changed and listed by key, and what is wrong is named."""

from typing import Any

import httpx
import pytest
from support.dispatcher_builders import published, relay_all
from support.dispatcher_client import FOREIGN_KEY, SURVEY, by_key

from shared.db.database import Database
from shared.events import SURVEYS
from shared.events.surveys import NO_TRIGGER

ANSWERED_ONLY = {
    "id", "survey_version", "live_version", "created_at", "changed_at", "first_live_at", "first_day_began_at",
}  # fmt: skip
QUESTION = {"id": "how", "kind": "one_of", "options": ["well", "badly"]}
WORDS = {"text": "How?", "options": {"well": "Well", "badly": "Badly"}}
RELATIONAL = {"measurement": "relational", "trigger": ""}
KINDS: dict[str, dict[str, Any]] = {
    "transactional": {},
    "every event": {"trigger": "*", "state": "paused"},
    "relational, with events": {"measurement": "relational"},
    "waves alone": RELATIONAL,
    "programme": {**RELATIONAL, "programme": {"every_days": 91}},
    "anonymous": {"anonymous": True, "state": "draft"},
    "neutral": {"neutral": True, "state": "rehearsal"},
    "rewarded": {"incentive": True, "sampling_percent": 7, "first_day_per_hour": 0},
    "reminders": {"reminders": [{"after_days": 3}, {"after_days": 7}]},
    "conditions": {
        "conditions": {
            "any": [
                {"field": "customer.locale", "op": "in", "value": ["da_DK", "de"]},
                {"field": "customer.country", "op": "!=", "value": "UK"},
            ]
        }
    },
    "sender": {"sender_name": "Kim", "reply_to": "kim@havnbo.dk", "touchpoint": "repair"},
    "questions": {
        "questions": [QUESTION],
        "texts": {"pl": {"question": "Jak?", "questions": {"how": WORDS}}, "da": {"intro": " "}},
        "default_language": "pl",
        "layout": "vertical",
        "edit_hours": 0,
    },
}


class TestSurveysByKey:
    @pytest.mark.parametrize("kind", KINDS)
    async def test_what_is_read_can_be_put_and_made_again_and_changes_nothing(
        self, client: httpx.AsyncClient, kind: str
    ) -> None:
        answer = await client.post("/v1/surveys", json={**SURVEY, **KINDS[kind]}, headers=by_key())
        assert answer.status_code == 201, answer.text
        made = answer.json()
        body = {name: value for name, value in made.items() if name not in ANSWERED_ONLY}
        where = f"/v1/surveys/{made['id']}"
        put = await client.put(where, json=body, headers=by_key())
        assert (put.status_code, put.json()) == (200, made)
        patch = {name: value for name, value in body.items() if name != "version"}
        patched = await client.patch(where, json=patch, headers=by_key())
        assert (patched.status_code, patched.json()) == (200, made)
        again = (await client.post("/v1/surveys", json=patch, headers=by_key())).raise_for_status().json()
        assert {name: again[name] for name in patch} == patch

    @pytest.mark.parametrize("measurement", ["transactional", "relational"])
    async def test_the_mark_of_a_survey_without_events_is_no_trigger(
        self, client: httpx.AsyncClient, measurement: str
    ) -> None:
        sent = {**SURVEY, "measurement": measurement}
        made = (await client.post("/v1/surveys", json=sent, headers=by_key())).json()
        where = f"/v1/surveys/{made['id']}"
        for answer in (
            await client.post("/v1/surveys", json={**sent, "trigger": NO_TRIGGER}, headers=by_key()),
            await client.put(where, json={**sent, "trigger": NO_TRIGGER}, headers=by_key()),
            await client.patch(where, json={"trigger": NO_TRIGGER}, headers=by_key()),
        ):
            assert answer.status_code == 422
            assert [fault["field"] for fault in answer.json()["errors"]] == ["/trigger"]

    async def test_blank_names_and_words_are_refused_or_left_out_at_every_door(
        self, client: httpx.AsyncClient
    ) -> None:
        made = (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
        where = f"/v1/surveys/{made['id']}"
        for answer in (
            await client.post("/v1/surveys", json={**SURVEY, "name": " \u200b"}, headers=by_key()),
            await client.put(where, json={**SURVEY, "name": "\n"}, headers=by_key()),
            await client.patch(where, json={"name": " "}, headers=by_key()),
        ):
            assert answer.status_code == 422
            assert [fault["field"] for fault in answer.json()["errors"]] == ["/name"]
        patched = await client.patch(where, json={"texts": {"en": {"question": " "}}}, headers=by_key())
        assert patched.json()["texts"]["en"]["question"] is None

    async def test_is_made_read_changed_and_listed(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        texts = {"da": {"question": "Hvor {company}?", "follow_up": {"detractor": "Hvad gik galt?"}}}
        made = (
            await client.post("/v1/surveys", json={**SURVEY, "texts": texts}, headers=by_key())
        ).raise_for_status()
        assert made.status_code == 201
        survey = made.json()
        assert (survey["survey_version"], survey["position"], survey["state"]) == (1, 1, "live")
        where = f"/v1/surveys/{survey['id']}"
        assert (await client.get(where, headers=by_key())).json() == survey
        paused = (await client.patch(where, json={"state": "paused"}, headers=by_key())).json()
        assert (paused["state"], paused["survey_version"], paused["texts"]) == ("paused", 1, survey["texts"])
        words = {"texts": {"da": {"question": "Hvad nu?"}}}
        changed = (await client.patch(where, json=words, headers=by_key())).json()
        assert changed["survey_version"] == 2
        listed = (await client.get("/v1/surveys", headers=by_key())).json()["surveys"]
        assert listed == [changed]
        found = [(one.survey_version, one.version, one.state) for one in await published(database, SURVEYS)]
        assert found == [(1, 1, "live"), (1, 2, "paused"), (1, 3, "paused"), (2, 3, "paused")]
        old, new = (await published(database, SURVEYS))[-2:]
        assert (old.texts["da"].question, new.texts["da"].question) == ("Hvor {company}?", "Hvad nu?")

    async def test_the_same_idempotency_key_makes_one(self, client: httpx.AsyncClient) -> None:
        headers = {**by_key(), "Idempotency-Key": "once"}
        made = [
            (await client.post("/v1/surveys", json=SURVEY, headers=headers)).json()["id"] for _ in range(3)
        ]
        other = (
            await client.post(
                "/v1/surveys", json=SURVEY, headers={**by_key(FOREIGN_KEY), "Idempotency-Key": "once"}
            )
        ).json()
        assert len({*made, other["id"]}) == 2

    async def test_an_idempotency_key_is_for_one_request(self, client: httpx.AsyncClient) -> None:
        headers = {**by_key(), "Idempotency-Key": "one request"}
        made = (await client.post("/v1/surveys", json=SURVEY, headers=headers)).json()
        others: list[dict[str, Any]] = [{"name": "Another"}, {"delay_minutes": 7}, {"texts": {}}]
        for other in others:
            refused = await client.post("/v1/surveys", json={**SURVEY, **other}, headers=headers)
            assert refused.status_code == 422
            assert refused.json()["title"] == "This Idempotency-Key was used for another survey."
        changed = {"name": "Changed since"}
        await client.patch(f"/v1/surveys/{made['id']}", json=changed, headers=by_key())
        again = await client.post("/v1/surveys", json=SURVEY, headers=headers)
        assert (again.status_code, again.json()["id"], again.json()["name"]) == (
            201,
            made["id"],
            "Changed since",
        )

    async def test_a_put_that_changes_nothing_says_nothing(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        made = (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
        await relay_all(database)
        again = await client.put(f"/v1/surveys/{made['id']}", json=SURVEY, headers=by_key())
        assert again.json() == made
        assert await published(database, SURVEYS) == []

    async def test_a_change_of_what_somebody_else_has_changed_is_a_conflict(
        self, client: httpx.AsyncClient
    ) -> None:
        made = (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
        where = f"/v1/surveys/{made['id']}"
        answers = [
            await client.put(
                where, json={**SURVEY, "name": name, "version": made["version"]}, headers=by_key()
            )
            for name in ("first", "second")
        ]
        assert [answer.status_code for answer in answers] == [200, 409]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"trigger": "a b"}, "/trigger"),
            ({"trigger": "a*b"}, "/trigger"),
            ({"delay_minutes": "60"}, "/delay_minutes"),
            ({"delay_minutes": -1}, "/delay_minutes"),
            ({"delay_minutes": 20 * 1440}, "/"),
            ({"texts": {"Danish": {}}}, "/texts/Danish/[key]"),
            ({"quarantine": 3}, "/quarantine"),
            ({"name": ""}, "/name"),
        ],
    )
    async def test_what_cannot_be_is_named(
        self, client: httpx.AsyncClient, wrong: dict[str, Any], field: str
    ) -> None:
        answer = await client.post("/v1/surveys", json={**SURVEY, **wrong}, headers=by_key())
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]
        made = (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
        if field != "/quarantine":
            patched = await client.patch(f"/v1/surveys/{made['id']}", json=wrong, headers=by_key())
            assert patched.status_code == 422

    async def test_a_nul_is_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/surveys", json={**SURVEY, "name": "a\0b"}, headers=by_key())
        assert answer.status_code == 400


class TestPlacesInTheOrder:
    async def test_behind_the_last_place_there_is_all_are_numbered_anew(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        for name, place in (("first", 7), ("second", 1_000_000)):
            made = await client.post(
                "/v1/surveys", json={**SURVEY, "name": name, "position": place}, headers=by_key()
            )
            assert made.status_code == 201
        third = await client.post("/v1/surveys", json={**SURVEY, "name": "third"}, headers=by_key())
        assert (third.status_code, third.json()["position"]) == (201, 3)
        listed = (await client.get("/v1/surveys", headers=by_key())).json()["surveys"]
        assert [(one["name"], one["position"]) for one in listed] == [
            ("first", 1),
            ("second", 2),
            ("third", 3),
        ]
        places = {event.name: event.place for event in await published(database, SURVEYS)}
        assert places == {"first": 1, "second": 2, "third": 3}

    async def test_a_place_beyond_what_may_be_sent_today_is_told_and_can_be_changed(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        made = (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
        async with database.transaction() as uow:
            await uow.execute("UPDATE survey SET place = 1000001, delay_minutes = 999999")
        listed = await client.get("/v1/surveys", headers=by_key())
        assert listed.json()["surveys"][0]["position"] == 1_000_001
        change = {"position": 2, "delay_minutes": 60}
        changed = await client.patch(f"/v1/surveys/{made['id']}", json=change, headers=by_key())
        assert (changed.status_code, changed.json()["position"]) == (200, 2)


@pytest.mark.parametrize(
    "name", ["state", "delay_minutes", "quarantine_days", "texts", "measurement", "position"]
)
async def test_null_leaves_a_field_of_a_survey_out(client: httpx.AsyncClient, name: str) -> None:
    made = await client.post("/v1/surveys", json={**SURVEY, name: None}, headers=by_key())
    left_out = await client.post(
        "/v1/surveys", json={k: v for k, v in SURVEY.items() if k != name}, headers=by_key()
    )
    assert made.status_code == 201
    assert made.json()[name] == left_out.json()[name] or name == "position"
    where = f"/v1/surveys/{made.json()['id']}"
    patched = await client.patch(where, json={name: None}, headers=by_key())
    assert (patched.status_code, patched.json()) == (200, made.json())


@pytest.mark.parametrize(
    ("written", "kept"),
    [("pt-BR", "pt-br"), ("zh-Hant-TW", "zh-hant-tw"), ("sr_Latn", "sr-latn"), ("EN", "en")],
)
async def test_a_language_is_taken_however_it_is_written(
    client: httpx.AsyncClient, written: str, kept: str
) -> None:
    body = {**SURVEY, "default_language": written, "texts": {written: {"intro": "x"}}}
    made = await client.post("/v1/surveys", json=body, headers=by_key())
    assert made.status_code == 201
    assert (made.json()["default_language"], list(made.json()["texts"])) == (kept, [kept])


@pytest.mark.parametrize("texts", [{"english": {}}, {"e": {}}, {"x-klingon": {}}, {"pt-BR": {}, "pt_br": {}}])
async def test_what_is_no_language_or_one_twice_is_refused_in_words(
    client: httpx.AsyncClient, texts: dict[str, Any]
) -> None:
    made = await client.post("/v1/surveys", json={**SURVEY, "texts": texts}, headers=by_key())
    assert made.status_code == 422
    (fault,) = made.json()["errors"]
    assert fault["field"].startswith("/texts")
    assert "language" in fault["detail"]
    assert "^" not in fault["detail"]
