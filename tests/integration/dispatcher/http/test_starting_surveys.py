"""A survey asks nobody until somebody starts it, and the page says before what it will do."""

from datetime import timedelta

import httpx
import pytest
from support.dispatcher_builders import (
    NOON,
    TENANT,
    a_customer,
    a_transaction,
    consume,
    decide,
    go_live,
    make_survey,
    reasons,
    rows,
)
from support.dispatcher_client import a_person, by_key, form
from support.forms import forms_of

from services.dispatcher.story.handlers import keep_cases
from services.dispatcher.surveys.draft_fields import DEFAULTS, NUMBERS
from services.dispatcher.surveys.labels import FIELD_LABELS, REMEDIES
from shared.db.database import Database
from shared.events import CASES, Case
from shared.events.cases import CaseState
from shared.ids import uuid7
from shared.permissions import Role

RULES = {"name": "After delivery", "trigger": "order.delivered", "delay_minutes": 0}


async def press(client: httpx.AsyncClient, path: str) -> str:
    """Press the button of an act's page; the page that follows."""
    page = (await client.get(path, headers=a_person("editor"))).text
    (one,) = [one for one in forms_of(page) if one.action == path]
    done = await client.post(path, data=one.fields, headers=a_person("editor"))
    return (await client.get(done.headers["location"], headers=a_person("editor"))).text


async def test_what_is_made_asks_nobody_until_it_is_started_by_form_or_by_key(
    client: httpx.AsyncClient, database: Database
) -> None:
    typed = form(**{**DEFAULTS, "name": "By form", "trigger": "order.delivered", "state": "live"})
    by_form = (await client.post("/surveys/new", data=typed, headers=a_person("editor"))).headers["location"]
    made = await client.post("/v1/surveys", json=RULES, headers=by_key())
    assert made.json()["state"] == "draft"
    await decide(database, a_transaction("before"))
    assert await reasons(database) == {"before": "no_survey"}
    where = by_form.partition("?")[0]
    page = (await client.get(f"{where}/start", headers=a_person("editor"))).text
    for words in ("would ask your test addresses only", "after 1\u00a0day", "1 of 1 event was of this type"):
        assert words in page
    assert "It asks from the next event on." in await press(client, f"{where}/start")
    await decide(database, a_transaction("after"))
    assert await reasons(database) == {"before": "no_survey", "after": "invited"}
    again = await client.get(f"{where}/start", headers=a_person("editor"))
    assert again.headers["location"].startswith(where)


@pytest.mark.parametrize(("delay_days", "warned"), [(6, False), (7, True)])
async def test_a_delay_that_leaves_no_day_before_the_maximum_age_is_warned_of_before_the_start(
    client: httpx.AsyncClient, database: Database, delay_days: int, warned: bool
) -> None:
    survey = await make_survey(database, state="draft", delay_minutes=delay_days * 1440, max_age_days=7)
    page = (await client.get(f"/surveys/{survey.id}/start", headers=a_person("editor"))).text
    assert ("Leave a day between the two." in page) is warned


async def test_pausing_says_what_waits_for_it_alone(client: httpx.AsyncClient, database: Database) -> None:
    survey = await make_survey(database)
    await go_live(database)
    await decide(database, *(a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(3)))
    where = f"/surveys/{survey.id}/pause"
    assert "3 mails wait for it" in (await client.get(where, headers=a_person("editor"))).text
    elsewhere = a_person("editor", segments=("store:elsewhere",))
    assert "No mail waits for it" in (await client.get(where, headers=elsewhere)).text
    assert "3 mails wait" in (await client.get("/surveys/stop", headers=a_person())).text
    assert "Paused." in await press(client, where)


async def test_a_put_without_a_state_neither_starts_nor_pauses(client: httpx.AsyncClient) -> None:
    for state in ("draft", "rehearsal", "live", "paused"):
        made = (await client.post("/v1/surveys", json={**RULES, "state": state}, headers=by_key())).json()
        put = await client.put(
            f"/v1/surveys/{made['id']}", json={**RULES, "name": "Renamed"}, headers=by_key()
        )
        assert (put.json()["name"], put.json()["state"]) == ("Renamed", state)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        *(("name", typed) for typed in ("", "   ", "x" * 201)),
        *(("trigger", typed) for typed in ("", "a b", "a*b", "**", "x" * 201)),
        *((name, typed) for name in NUMBERS for typed in ("-3", "1.5", "x", "9" * 40)),
        *((name, "") for name in NUMBERS if name not in {"position", "quarantine_days"}),
        *(("delay", typed) for typed in ("-3", "1.5", "", "x", "366")),
        ("measurement", "sideways"),
        ("default_language", "Danish"),
    ],
)
async def test_each_fault_is_a_sentence_for_people_and_named_once_above(
    client: httpx.AsyncClient, field: str, typed: str
) -> None:
    fields = {**DEFAULTS, "name": "x", "trigger": "x.y", field: typed}
    page = await client.post("/surveys/new", data=form(**fields), headers=a_person("editor"))
    assert page.status_code == 422
    assert page.text.count(f'<a href="#{field}">{FIELD_LABELS[field]}: ') == 1
    assert str(REMEDIES[field]) in page.text or "The mail would leave when" in page.text
    for raw in ("Does not have the form", "without quotes", "[^", "Must be", "Must have"):
        assert raw not in page.text


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "at once"), (1, "after 1\u00a0minute"), (45, "after 45\u00a0minutes"), (60, "after 1\u00a0hour"), (1440, "after 1\u00a0day"), (2880, "after 2\u00a0days")],
)  # fmt: skip
async def test_times_have_their_unit_and_come_back_as_they_were(
    client: httpx.AsyncClient, database: Database, minutes: int, shown: str
) -> None:
    survey = await make_survey(database, delay_minutes=minutes)
    page = (await client.get("/surveys", headers=a_person())).text
    assert f">{shown}<" in page
    where = f"/surveys/{survey.id}"
    page = (await client.get(where, headers=a_person("editor"))).text
    (one,) = [one for one in forms_of(page) if one.action == where]
    await client.post(where, data=one.fields, headers=a_person("editor"))
    (row,) = await rows(database, "SELECT delay_minutes, version FROM survey")
    assert (row.delay_minutes, row.version) == (minutes, survey.version)


async def test_empty_fields_show_the_standard_words_and_the_preview_leads_back(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database)
    page = (await client.get(f"/surveys/{survey.id}", headers=a_person("editor"))).text
    assert 'placeholder="Hvor sandsynligt er det, at du vil anbefale Havnbo' in page
    preview = await client.get(f"/surveys/{survey.id}/preview?language=da", headers=a_person())
    assert f'href="/surveys/{survey.id}">Back' in preview.text
    assert f'src="/surveys/{survey.id}/mail?language=da"' in preview.text
    assert "frame-src 'self'" in preview.headers["content-security-policy"]


async def test_the_list_says_what_became_of_todays_events_of_the_readers_segments(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database)
    code = "a1" * 32
    await decide(
        database,
        a_transaction("asked", a_customer("c-1")),
        a_transaction("other", a_customer(code), type="order.lost"),
    )
    page = (await client.get("/events", headers=a_person())).text
    assert "Of 2 events today 0 were asked about, 2 not." in page
    assert ">No survey asks</a>: 1" in page
    assert ">Would have been asked</a>: 1" in page
    assert code not in page.replace(f"?q={code}", "")
    assert "code a1a1a1a1…" in page
    nobody = (await client.get("/events", headers=a_person(segments=("store:elsewhere",)))).text
    assert "events today" not in nobody


async def test_the_frame_counts_the_open_cases_for_who_sees_all_of_them(
    client: httpx.AsyncClient, database: Database
) -> None:
    states: tuple[CaseState, ...] = ("open", "assigned", "closed")
    cases = [
        Case(
            id=uuid7(), number=number, version=1, state=state, answer_id=uuid7(), event_id=uuid7(), score=2,
            opened_at=NOON, due_at=NOON + timedelta(days=1),
        )
        for number, state in enumerate(states, 1)
    ]  # fmt: skip
    readers: list[tuple[Role, tuple[str, ...], bool]] = [
        ("admin", (), True), ("agent", (), True), ("analyst", (), False), ("agent", ("store:a",), False),
    ]  # fmt: skip
    await consume(database, keep_cases, CASES, *cases, tenant=TENANT)
    for path in ("/surveys", "/events"):
        for role, segments, shown in readers:
            page = (await client.get(path, headers=a_person(role, segments=segments))).text
            assert ('id="open-cases" data-live>2<' in page) is shown
        other = (await client.get(path, headers=a_person(tenant="another"))).text
        assert 'id="open-cases" data-live>0<' in other
