"""The search on ``/events`` and in ``GET /v1/decisions``: the same filters, by whoever may use them."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from support.dispatcher_builders import (
    NOON,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    make_survey,
    rows,
    say_no,
)
from support.dispatcher_client import FOREIGN_KEY, a_person, by_key

from services.dispatcher.story import pages
from shared.db.database import Database

ADDRESS = "kim.wexelblatt@example.com"
NUMBER = "+4520123456"
KIM = a_customer("c-kim", email=ADDRESS, phone=NUMBER)


@pytest.fixture
async def surveys(database: Database) -> dict[str, str]:
    """Five events on two days, each with another outcome, by two surveys: their ids by name."""
    delivery = await make_survey(database, name="After delivery", delay_minutes=0)
    ticket = await make_survey(database, name="After a ticket", trigger="ticket.*", delay_minutes=0)
    await go_live(database)
    clock = database.clock
    assert isinstance(clock, Clock)
    clock.now = NOON - timedelta(days=1)
    await say_no(database, a_customer("c-no"))
    await decide(database, at(clock, "asked", KIM), at(clock, "no", a_customer("c-no")))
    clock.now = NOON
    await decide(
        database,
        at(clock, "again", KIM, source="store"),
        at(clock, "other", a_customer("c-2"), type="ticket.closed", segments={"store": "odense"}),
        at(clock, "nobody", a_customer("c-3"), type="visit"),
    )
    async with database.transaction() as uow:
        await uow.execute("UPDATE invitation SET state = 'failed' WHERE survey_id = :id", {"id": ticket.id})
        await uow.execute("UPDATE invitation SET reason = 'first_day' WHERE state = 'waiting'")
    return {"delivery": str(delivery.id), "ticket": str(ticket.id)}


def at(clock: Clock, id_: str, customer: Any, **changes: Any) -> Any:
    return a_transaction(id_, customer, **{"occurred_at": clock.now, "accepted_at": clock.now, **changes})


FILTERS: list[tuple[dict[str, str], dict[str, str], list[str]]] = [
    ({}, {}, ["again", "asked", "no", "nobody", "other"]),
    ({"q": "asked"}, {"event_id": "asked", "source": "webshop", "limit": "9"}, ["asked"]),
    ({"q": "c-kim"}, {"customer_id": "c-kim"}, ["again", "asked"]),
    ({"q": f" {ADDRESS.upper()}"}, {"email": ADDRESS.upper()}, ["again", "asked"]),
    ({"q": "else@example.com"}, {"email": "else@example.com"}, []),
    ({"q": NUMBER}, {"phone": NUMBER}, ["again", "asked"]),
    ({"q": "+45 20 12 34 56"}, {"phone": "45 2012-3456"}, ["again", "asked"]),
    ({"q": "+4520123457"}, {"phone": "+4520123457"}, []),
    ({"q": NUMBER, "reason": "quarantine"}, {"phone": NUMBER, "reason": "quarantine"}, ["again"]),
    ({"reason": "quarantine"}, {"reason": "quarantine"}, ["again"]),
    ({"reason": "opted_out"}, {"reason": "opted_out"}, ["no"]),
    ({"survey": "ticket"}, {"survey_id": "ticket"}, ["other"]),
    ({"survey": "delivery"}, {"survey_id": "delivery"}, ["again", "asked", "no"]),
    (
        {"survey": "delivery", "reason": "quarantine"},
        {"survey_id": "delivery", "reason": "quarantine"},
        ["again"],
    ),
    ({"survey": "delivery", "reason": "invited"}, {"survey_id": "delivery", "reason": "invited"}, ["asked"]),
    ({"survey": "ticket", "reason": "quarantine"}, {"survey_id": "ticket", "reason": "quarantine"}, []),
    (
        {"survey": "delivery", "channel": "mail"},
        {"survey_id": "delivery", "channel": "mail"},
        ["asked"],
    ),
    ({"channel": "mail"}, {"channel": "mail"}, ["asked", "other"]),
    ({"state": "failed"}, {"state": "failed"}, ["other"]),
    ({"state": "waiting"}, {"state": "waiting"}, ["asked"]),
    ({"postponed_by": "first_day"}, {"postponed_by": "first_day"}, ["asked"]),
    ({"postponed_by": "cap"}, {"postponed_by": "cap"}, []),
    (
        {"since": "2026-11-19", "until": "2026-11-19"},
        {"since": "2026-11-18T23:00:00Z", "until": "2026-11-19T23:00:00Z"},
        ["asked", "no"],
    ),
    ({"since": "2026-11-20"}, {"since": "2026-11-19T23:00:00Z"}, ["again", "nobody", "other"]),
    (
        {"q": "c-kim", "reason": "quarantine", "since": "2026-11-20", "until": "2026-11-20"},
        {"customer_id": "c-kim", "reason": "quarantine", "since": "2026-11-20T00:00:00+01:00"},
        ["again"],
    ),
    ({"q": "c-kim", "reason": "opted_out"}, {"email": ADDRESS, "reason": "opted_out"}, []),
]


@pytest.mark.parametrize(("typed", "asked", "expected"), FILTERS)
async def test_page_and_api_find_the_same_by_each_filter(
    client: httpx.AsyncClient,
    surveys: dict[str, str],
    typed: dict[str, str],
    asked: dict[str, str],
    expected: list[str],
) -> None:
    def filled(query: dict[str, str]) -> dict[str, str]:
        return {
            name: surveys[value] if name in {"survey", "survey_id"} else value
            for name, value in query.items()
        }

    page = await client.get("/events", params=filled(typed), headers=a_person())
    assert listed(page.text) == expected
    told = (await client.get("/v1/decisions", params=filled(asked), headers=by_key())).json()
    assert sorted(one["event_id"] for one in told["decisions"]) == expected
    assert told["next"] is None
    foreign = await client.get("/v1/decisions", params=filled(asked), headers=by_key(FOREIGN_KEY))
    assert foreign.json()["decisions"] == []


async def test_a_search_by_survey_counts_whom_it_asked_and_by_which_rule_it_asked_the_others_not(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = await make_survey(database, name="First", trigger="order.*", delay_minutes=0)
    second = await make_survey(database, name="Second", trigger="order.delivered", delay_minutes=0)
    await go_live(database)
    await say_no(database, a_customer("c-no"))
    await decide(
        database,
        a_transaction("both", a_customer("c-1")),
        a_transaction("no", a_customer("c-no")),
    )
    for survey, words in ((first, "Invited: 1"), (second, "a survey before it in the order asks: 1")):
        page = await client.get("/events", params={"survey": str(survey.id)}, headers=a_person())
        assert listed(page.text) == ["both", "no"]
        said = re.sub(r"<[^>]+>", "", page.text)
        assert words in said
        assert "Has unsubscribed: 1" in said
        shown = await client.get(f"/surveys/{survey.id}", headers=a_person("editor"))
        assert f'href="/events?survey={survey.id}"' in shown.text
        asks = {"survey": str(survey.id), "reason": "invited"}
        asked = listed((await client.get("/events", params=asks, headers=a_person())).text)
        assert asked == (["both"] if survey is first else [])


def listed(page: str) -> list[str]:
    """The events of a list, by their ids."""
    return sorted(re.findall(r'href="/events/[0-9a-f-]{36}">([^<]+)<', page))


@pytest.mark.usefixtures("surveys")
async def test_pages_of_the_api_follow_one_another_with_the_filters(client: httpx.AsyncClient) -> None:
    found: list[str] = []
    params = {"limit": "1", "channel": "mail"}
    while True:
        told = (await client.get("/v1/decisions", params=params, headers=by_key())).json()
        found += [one["event_id"] for one in told["decisions"]]
        if told["next"] is None:
            break
        params["after"] = told["next"]
    assert found == ["other", "asked"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", "boredom"),
        ("survey_id", "1"),
        ("channel", "pigeon"),
        ("state", "lost"),
        ("since", "2026-11-20"),
        ("until", "soon"),
        ("email", "kim"),
        ("email", "@"),
        ("phone", "kim"),
        ("phone", "12"),
        ("customer_id", ""),
        ("after", "0190a5c0-8a3b-7c1d-9e2f-4b5a6c7d8e9f"),
        ("limit", "201"),
    ],
)
async def test_the_api_names_a_filter_that_it_cannot_use(
    client: httpx.AsyncClient, name: str, value: str
) -> None:
    refused = await client.get("/v1/decisions", params={name: value}, headers=by_key())
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["errors"]] == [f"query/{name}"]


async def test_a_place_that_is_no_id_is_named_where_one_event_is_read(client: httpx.AsyncClient) -> None:
    params = {"event_id": "asked", "after": "x"}
    refused = await client.get("/v1/decisions", params=params, headers=by_key())
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["errors"]] == ["query/after"]


@pytest.mark.parametrize("name", ["reason", "survey", "channel", "state", "since", "until", "before"])
async def test_the_page_names_a_filter_that_it_cannot_use(client: httpx.AsyncClient, name: str) -> None:
    refused = await client.get("/events", params={name: "nonsense"}, headers=a_person())
    assert refused.status_code == 422


@pytest.mark.usefixtures("surveys")
class TestWhoMay:
    async def test_who_sees_no_names_searches_by_no_customer(self, client: httpx.AsyncClient) -> None:
        analyst = a_person("analyst")
        for q in ("c-kim", ADDRESS, NUMBER):
            page = (await client.get("/events", params={"q": q}, headers=analyst)).text
            assert listed(page) == []
            assert "Your role does not search by customers." in page
        assert listed((await client.get("/events?q=asked", headers=analyst)).text) == ["asked"]
        for query in ({"customer_id": "c-kim"}, {"email": ADDRESS}, {"phone": NUMBER}):
            refused = await client.get("/v1/decisions", params=query, headers=analyst)
            assert refused.status_code == 403
        told = await client.get("/v1/decisions", params={"reason": "quarantine"}, headers=analyst)
        assert [one["customer_id"] for one in told.json()["decisions"]] == [None]

    async def test_who_is_limited_to_segments_finds_and_counts_their_own_by_every_filter(
        self, client: httpx.AsyncClient, surveys: dict[str, str]
    ) -> None:
        here = a_person("leader", segments=("store:odense",))
        queries: list[dict[str, str]] = [
            {},
            {"q": "c-2"},
            {"q": "other"},
            {"q": "c-2@example.com"},
            {"reason": "invited"},
            {"survey": surveys["ticket"]},
            {"channel": "mail"},
            {"state": "failed"},
            {"since": "2026-11-01", "until": "2026-11-30"},
        ]
        elsewhere = a_person("leader", segments=("store:vejle",))
        for query in queries:
            assert listed((await client.get("/events", params=query, headers=here)).text) == ["other"], query
            assert listed((await client.get("/events", params=query, headers=elsewhere)).text) == []
        page = (await client.get("/events", headers=here)).text
        assert "Of 1 event today 0 were asked about, 1 not." in page
        page = (await client.get("/events?since=2026-11-01", headers=here)).text
        assert "Of 1 event from 1 November 0 were asked about, 1 not." in page
        for name, value in (
            ("customer_id", "c-2"),
            ("email", "c-2@example.com"),
            ("reason", "invited"),
            ("state", "failed"),
            ("since", "2026-11-01T00:00:00Z"),
        ):
            for person, found in ((here, ["other"]), (elsewhere, [])):
                told = await client.get("/v1/decisions", params={name: value}, headers=person)
                assert [one["event_id"] for one in told.json()["decisions"]] == found

    @pytest.mark.parametrize(
        ("name", "searched", "part"),
        [("email", "nobody.knows@example.com", "nobody.knows"), ("phone", "+4520998877", "20998877")],
    )
    async def test_an_address_is_neither_stored_nor_logged(
        self, client: httpx.AsyncClient, database: Database, name: str, searched: str, part: str
    ) -> None:
        with capture_logs() as logs:
            page = await client.get("/events", params={"q": searched}, headers=a_person())
            told = await client.get("/v1/decisions", params={name: searched}, headers=by_key())
        assert (page.status_code, told.status_code) == (200, 200)
        assert part not in str(logs)
        names = await rows(database, "SELECT relname FROM pg_stat_user_tables")
        for row in names:
            sql = f"SELECT 1 FROM {row.relname} t WHERE CAST(t AS text) LIKE '%{part}%'"
            kept = await rows(database, sql)
            assert kept == []


@pytest.mark.usefixtures("surveys")
class TestHead:
    async def test_the_outcomes_of_today_lead_to_their_events(self, client: httpx.AsyncClient) -> None:
        page = (await client.get("/events", headers=a_person())).text
        assert "Of 3 events today 0 were asked about, 3 not." in page
        links = outcome_links(page)
        assert set(links) == {"Mail refused: 1", "Asked not long ago: 1", "No survey asks: 1"}
        found = {
            words: listed((await client.get(link, headers=a_person())).text) for words, link in links.items()
        }
        assert found == {
            "Mail refused: 1": ["other"],
            "Asked not long ago: 1": ["again"],
            "No survey asks: 1": ["nobody"],
        }

    async def test_the_outcomes_of_a_period_lead_to_its_events(self, client: httpx.AsyncClient) -> None:
        where = "/events?since=2026-11-19&until=2026-11-19"
        page = (await client.get(where, headers=a_person())).text
        assert "Of 2 events on 19 November 1 was asked about, 1 not." in page
        links = outcome_links(page)
        assert list(links) == ["Has unsubscribed: 1"]
        assert listed((await client.get(links["Has unsubscribed: 1"], headers=a_person())).text) == ["no"]

    async def test_only_the_newest_are_counted(
        self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "MAX_COUNTED", 2)
        page = (await client.get("/events?since=2026-11-01", headers=a_person())).text
        assert re.search(r"Of the newest 2 events from 1 November \d (was|were) asked about", page)

    async def test_a_narrower_search_says_what_it_shows_and_counts_nothing(
        self, client: httpx.AsyncClient, surveys: dict[str, str]
    ) -> None:
        query = {"survey": surveys["ticket"], "state": "failed", "since": "2026-11-20"}
        page = (await client.get("/events", params=query, headers=a_person())).text
        assert "Events: survey “After a ticket”, mail: Refused, from 20 November" in page
        assert "were asked about" not in page


def outcome_links(page: str) -> dict[str, str]:
    """The links of the head, by their words with the count."""
    lede = page.partition('<p class="lede">')[2].partition("</p>")[0]
    return {
        f"{words}{n}": unescape(link)
        for link, words, n in re.findall(r'<a href="([^"]+)">([^<]+)</a>(: \d+)', lede)
    }


@pytest.mark.usefixtures("surveys")
async def test_an_empty_result_says_what_was_searched_and_how_to_widen_it(client: httpx.AsyncClient) -> None:
    query = {"q": "c-kim", "reason": "opted_out", "until": "2026-11-20"}
    page = (await client.get("/events", params=query, headers=a_person())).text
    assert "No event was found." in page
    assert "You searched for: “c-kim”, Has unsubscribed, until 20 November." in page
    wider = [unescape(link) for link in re.findall(r'<li><a href="(/events[^"]*)">without', page)]
    assert wider == [
        "/events?reason=opted_out&until=2026-11-20",
        "/events?q=c-kim&until=2026-11-20",
        "/events?q=c-kim&reason=opted_out",
    ]
    assert listed((await client.get(wider[0], headers=a_person())).text) == ["no"]


async def test_a_text_of_the_company_keeps_its_direction_in_the_words_of_a_search(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database, name="بعد <b>التسليم</b>")
    query = {"survey": str(survey.id), "q": "طلب & 1"}
    page = (await client.get("/events", params=query, headers=a_person())).text
    assert "“<bdi>طلب &amp; 1</bdi>”, survey “<bdi>بعد &lt;b&gt;التسليم&lt;/b&gt;</bdi>”" in page


async def test_the_form_and_the_next_page_keep_what_was_searched(
    client: httpx.AsyncClient, database: Database
) -> None:
    await decide(database, *(a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(60)))
    query = {"q": "", "reason": "no_survey", "since": "2026-11-01", "until": "2026-11-30", "channel": ""}
    page = (await client.get("/events", params=query, headers=a_person())).text
    assert '<option value="no_survey" selected>' in page
    assert 'value="2026-11-01"' in page
    first = listed(page)
    link = unescape(re.findall(r'href="(/events\?[^"]*before=[^"]*)"', page)[0])
    assert link.startswith("/events?reason=no_survey&since=2026-11-01&until=2026-11-30&before=")
    rest = listed((await client.get(link, headers=a_person())).text)
    assert (len(first), len(rest), len({*first, *rest})) == (50, 10, 60)


async def test_a_day_is_one_of_the_companys_time_zone_also_when_its_clock_changes(
    client: httpx.AsyncClient, database: Database
) -> None:
    clock = database.clock
    assert isinstance(clock, Clock)
    moments = {  # Copenhagen, 25 October 2026: 25 hours
        "before": datetime(2026, 10, 24, 21, 59, tzinfo=UTC),
        "first": datetime(2026, 10, 24, 22, 0, tzinfo=UTC),
        "last": datetime(2026, 10, 25, 22, 59, tzinfo=UTC),
        "after": datetime(2026, 10, 25, 23, 0, tzinfo=UTC),
    }
    for name, moment in moments.items():
        clock.now = moment
        await decide(database, at(clock, name, a_customer(name)))
    page = await client.get("/events?since=2026-10-25&until=2026-10-25", headers=a_person())
    assert listed(page.text) == ["first", "last"]
