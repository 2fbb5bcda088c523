"""What people and programs see at the dispatcher's doors, and what they do not."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from support.asking import (
    TENANT,
    a_customer,
    a_transaction,
    decide,
    deliver,
    go_live,
    know_tenant,
    list_test_addresses,
    make_survey,
    reasons,
    relayed,
    rows,
    said,
    states,
)
from support.doors import SECRET, a_context, a_door
from support.stack import Postgres

from services.dispatcher.app import SERVICE
from services.dispatcher.handlers import keep_answers, keep_cases
from services.dispatcher.pages.events import live_feed
from services.dispatcher.pages.house import House
from shared.db.database import Database
from shared.events import ANSWERS, CASES, SURVEYS, Answer, Case, KeyDigest
from shared.http.csrf import CsrfGuard
from shared.http.staff import AccessPass, Staff
from shared.http.tokens import LinkSigner
from shared.ids import uuid7
from shared.service import Context
from shared.tenancy import digest_of

KEY, FOREIGN_KEY = "key of havnbo", "key of another"
SURVEY = {"name": "After delivery", "trigger": "order.delivered", "delay_minutes": 60}
NOW = datetime.now(UTC)


@pytest.fixture
async def context(postgres: Postgres) -> AsyncIterator[Context]:
    context = await a_context(SERVICE, postgres, mailbox_url="http://mailbox.example/", local=True)
    for tenant, key in ((TENANT, KEY), ("another", FOREIGN_KEY)):
        scopes = ("surveys:write", "decisions:read")
        digest = KeyDigest(id=f"k-{tenant}", name="shop", digest=digest_of(key), scopes=scopes)
        await know_tenant(context.database, tenant, keys=(digest,))
    yield context
    await context.database.close()


@pytest.fixture
def database(context: Context) -> Database:
    return context.database


@pytest.fixture
async def door(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    async with a_door(SERVICE, context) as client:
        yield client


def by_key(key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def a_person(role: str = "admin", *, tenant: str = TENANT, segments: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a browser of somebody signed in sends."""
    staff = Staff(
        tenant, uuid7(), "Sara Lund", role, segments, "session", datetime.now(UTC) + timedelta(hours=1)
    )  # type: ignore[arg-type]
    return {"Cookie": f"aw_access={AccessPass(SECRET).sign(staff)}", "Accept": "text/html"}


def form(**fields: str) -> dict[str, str]:
    return {"csrf": CsrfGuard(SECRET).token("session"), **fields}


class TestSurveysByKey:
    async def test_is_made_read_changed_and_listed(self, door: httpx.AsyncClient, database: Database):
        texts = {"da": {"question": "Hvor {company}?", "follow_up": {"detractor": "Hvad gik galt?"}}}
        made = (
            await door.post("/v1/surveys", json={**SURVEY, "texts": texts}, headers=by_key())
        ).raise_for_status()
        assert made.status_code == 201
        survey = made.json()
        assert (survey["survey_version"], survey["position"], survey["state"]) == (1, 1, "live")
        where = f"/v1/surveys/{survey['id']}"
        assert (await door.get(where, headers=by_key())).json() == survey
        paused = (await door.patch(where, json={"state": "paused"}, headers=by_key())).json()
        assert (paused["state"], paused["survey_version"], paused["texts"]) == ("paused", 1, survey["texts"])
        words = {"texts": {"da": {"question": "Hvad nu?"}}}
        changed = (await door.patch(where, json=words, headers=by_key())).json()
        assert changed["survey_version"] == 2
        listed = (await door.get("/v1/surveys", headers=by_key())).json()["surveys"]
        assert listed == [changed]
        found = [(one.survey_version, one.version, one.state) for one in await said(database, SURVEYS)]
        assert found == [(1, 1, "live"), (1, 2, "paused"), (1, 3, "paused"), (2, 3, "paused")]
        old, new = (await said(database, SURVEYS))[-2:]
        assert (old.texts["da"].question, new.texts["da"].question) == ("Hvor {company}?", "Hvad nu?")

    async def test_the_same_idempotency_key_makes_one(self, door: httpx.AsyncClient):
        headers = {**by_key(), "Idempotency-Key": "once"}
        made = [(await door.post("/v1/surveys", json=SURVEY, headers=headers)).json()["id"] for _ in range(3)]
        other = (
            await door.post(
                "/v1/surveys", json=SURVEY, headers={**by_key(FOREIGN_KEY), "Idempotency-Key": "once"}
            )
        ).json()
        assert len({*made, other["id"]}) == 2

    async def test_a_put_that_changes_nothing_says_nothing(self, door: httpx.AsyncClient, database: Database):
        made = (await door.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
        await relayed(database)
        again = await door.put(f"/v1/surveys/{made['id']}", json=SURVEY, headers=by_key())
        assert again.json() == made
        assert await said(database, SURVEYS) == []

    async def test_a_change_of_what_somebody_else_has_changed_is_a_conflict(self, door: httpx.AsyncClient):
        made = (await door.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
        where = f"/v1/surveys/{made['id']}"
        answers = [
            await door.put(where, json={**SURVEY, "name": name, "version": made["version"]}, headers=by_key())
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
    async def test_what_cannot_be_is_named(self, door: httpx.AsyncClient, wrong: dict, field: str):
        answer = await door.post("/v1/surveys", json={**SURVEY, **wrong}, headers=by_key())
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]
        made = (await door.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
        if field != "/quarantine":
            patched = await door.patch(f"/v1/surveys/{made['id']}", json=wrong, headers=by_key())
            assert patched.status_code == 422

    async def test_a_nul_is_refused(self, door: httpx.AsyncClient):
        answer = await door.post("/v1/surveys", json={**SURVEY, "name": "a\0b"}, headers=by_key())
        assert answer.status_code == 400


class TestSuppressions:
    async def test_are_added_listed_by_pages_and_removed(self, door: httpx.AsyncClient, database: Database):
        for number in range(3):
            body = {"email": f"C-{number}@Example.com", "customer_id": f"c-{number}"}
            added = await door.post("/v1/suppressions", json=body, headers=by_key())
            assert added.status_code == 201
            assert len(added.json()["suppressions"]) == 2
        found, after = [], ""
        while after is not None:
            page = (
                await door.get("/v1/suppressions", params={"after": after, "limit": 4}, headers=by_key())
            ).json()
            found += page["suppressions"]
            after = page["next"]
        assert len({one["id"] for one in found}) == 6
        assert "example" not in str(found).lower()
        await make_survey(database)
        await decide(database, a_transaction("before"))
        (entry,) = [one["id"] for one in found if one["id"] == "customer:c-1"]
        address = (
            await door.post("/v1/suppressions", json={"email": "c-1@example.com"}, headers=by_key())
        ).json()
        for one in (entry, address["suppressions"][0]["id"]):
            assert (await door.delete(f"/v1/suppressions/{one}", headers=by_key())).status_code == 204
            assert (await door.delete(f"/v1/suppressions/{one}", headers=by_key())).status_code == 404
        await decide(database, a_transaction("after"))
        assert await reasons(database) == {"before": "suppressed", "after": "invited"}

    async def test_somebody_must_be_named(self, door: httpx.AsyncClient):
        assert (await door.post("/v1/suppressions", json={}, headers=by_key())).status_code == 422


async def test_decisions_are_found_by_the_back_ends_id(door: httpx.AsyncClient, database: Database):
    await make_survey(database)
    await decide(
        database, a_transaction("o/1 ?"), a_transaction("o/1 ?", source="store", customer=a_customer("c-2"))
    )
    told = (await door.get("/v1/decisions", params={"event_id": "o/1 ?"}, headers=by_key())).json()
    assert {one["source"] for one in told["decisions"]} == {"webshop", "store"}
    one = (
        await door.get("/v1/decisions", params={"event_id": "o/1 ?", "source": "store"}, headers=by_key())
    ).json()
    (decision,) = one["decisions"]
    assert decision["reason"] == "invited"
    assert decision["invitation"]["state"] == "withheld"
    assert decision["values"]["quarantine_days"] == 90
    assert decision["considered"][0]["why"] == "invited"
    assert decision["see"] == f"http://afterword.example/events/{decision['id']}"
    params = {"event_id": "o/1 ?", "limit": "1"}
    first = (await door.get("/v1/decisions", params=params, headers=by_key())).json()
    rest = (
        await door.get("/v1/decisions", params={**params, "after": first["next"]}, headers=by_key())
    ).json()
    assert rest["next"] is None
    assert {first["decisions"][0]["id"], rest["decisions"][0]["id"]} == {
        each["id"] for each in told["decisions"]
    }


async def test_who_is_limited_to_segments_gets_full_pages_of_their_own_decisions(
    door: httpx.AsyncClient, database: Database
):
    await decide(
        database,
        *(
            a_transaction("one", source=f"shop-{number}", segments={"store": store})
            for number, store in enumerate(("aarhus", "odense") * 4)
        ),
    )
    person = a_person("agent", segments=("store:odense",))
    params = {"event_id": "one", "limit": "3"}
    first = (await door.get("/v1/decisions", params=params, headers=person)).json()
    rest = (await door.get("/v1/decisions", params={**params, "after": first["next"]}, headers=person)).json()
    assert (len(first["decisions"]), len(rest["decisions"]), rest["next"]) == (3, 1, None)
    assert {each["source"] for each in (*first["decisions"], *rest["decisions"])} == {
        f"shop-{number}" for number in (1, 3, 5, 7)
    }


class TestUnsubscribe:
    @pytest.fixture
    async def invited(self, database: Database) -> UUID:
        await make_survey(database)
        await go_live(database)
        await decide(database, a_transaction())
        (invitation_id,) = await states(database)
        return invitation_id

    @staticmethod
    def link(invitation_id: UUID, purpose: Any = "unsubscribe") -> str:
        return f"/u/{LinkSigner(SECRET).sign(purpose, invitation_id)}"

    async def test_opening_the_link_changes_nothing(
        self, door: httpx.AsyncClient, database: Database, invited: UUID
    ):
        for method in ("GET", "HEAD", "GET"):
            answer = await door.request(method, self.link(invited))
            assert answer.status_code == 200
        assert "Vil du hellere være fri for at blive spurgt?" in answer.text
        assert "Havnbo" in answer.text
        assert "c-1" not in answer.text
        assert await rows(database, "SELECT 1 FROM suppression") == []

    @pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {}])
    async def test_a_post_without_a_cookie_unsubscribes_at_once_and_for_good(
        self, door: httpx.AsyncClient, database: Database, invited: UUID, body: dict
    ):
        for _ in range(2):
            answer = await door.post(self.link(invited), data=body)
            assert answer.status_code == 200
            assert "Du bliver ikke spurgt igen." in answer.text
        found = await rows(database, "SELECT kind, key, reason FROM suppression ORDER BY kind")
        assert [(one.kind, one.reason) for one in found] == [
            ("address", "unsubscribed"),
            ("customer", "unsubscribed"),
        ]
        assert "example.com" not in found[0].key
        await decide(database, a_transaction("next", a_customer("new id", email="C-1@example.com")))
        assert (await reasons(database))["next"] == "opted_out"

    async def test_a_multipart_one_click_works_too(
        self, door: httpx.AsyncClient, database: Database, invited: UUID
    ):
        answer = await door.post(self.link(invited), files={"List-Unsubscribe": (None, "One-Click")})
        assert answer.status_code == 200
        assert len(await rows(database, "SELECT 1 FROM suppression")) == 2

    async def test_an_unsubscription_takes_the_place_of_a_list(
        self, door: httpx.AsyncClient, database: Database, invited: UUID
    ):
        await door.post("/v1/suppressions", json={"customer_id": "c-1"}, headers=by_key())
        await door.post(self.link(invited))
        await door.post("/v1/suppressions", json={"customer_id": "c-1"}, headers=by_key())
        (row,) = await rows(database, "SELECT reason FROM suppression WHERE kind = 'customer'")
        assert row.reason == "unsubscribed"

    async def test_wrong_foreign_and_forgotten_links_get_one_page(
        self, door: httpx.AsyncClient, database: Database, invited: UUID
    ):
        wrong = [
            self.link(invited, "answer"),
            self.link(uuid4()),
            self.link(invited)[:-1] + "!",
            "/u/x",
            self.link(invited) + "x",
        ]
        answers = [await door.request(method, link) for link in wrong for method in ("GET", "POST")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
        assert "does not work" in answers[0].text
        assert await rows(database, "SELECT 1 FROM suppression") == []


class TestPages:
    async def test_empty_pages_say_what_to_do_next(self, door: httpx.AsyncClient):
        events = await door.get("/events", headers=a_person())
        assert "No event has come yet." in events.text
        assert "/v1/events" in events.text
        assert "No survey asks anybody yet." in (await door.get("/surveys", headers=a_person())).text

    async def test_one_page_tells_everything_of_an_event(self, door: httpx.AsyncClient, database: Database):
        await make_survey(database, delay_minutes=0)
        await go_live(database)
        transaction = a_transaction(occurred_at=NOW, accepted_at=NOW)
        await decide(database, transaction)
        (invitation_id,) = await states(database)
        where = f"/events/{transaction.event_id}"
        page = (await door.get(where, headers=a_person())).text
        assert "The mail waits for its time." in page
        answer = {
            "id": invitation_id,
            "origin": "survey",
            "event_id": transaction.event_id,
            "changed_at": NOW,
        }
        clicked = Answer(**answer, version=1, state="clicked")
        await deliver(database, keep_answers, ANSWERS, clicked)
        assert "opened the link" in (await door.get(where, headers=a_person())).text
        saved = Answer(**answer, version=3, state="sent", score=3, answered_at=NOW)
        await deliver(database, keep_answers, ANSWERS, saved, clicked)
        page = (await door.get(where, headers=a_person())).text
        assert "answered 3 and sent it" in page
        assert "/segments?segment=touchpoint%3Acheckout" in page
        assert "/segments?segment=organisation%3Anorth/sales" in page
        case = Case(
            id=uuid7(), number=17, version=1, state="open", answer_id=invitation_id, score=3,
            event_id=transaction.event_id, opened_at=NOW, due_at=NOW,
        )  # fmt: skip
        await deliver(database, keep_cases, CASES, case)
        page = (await door.get(where, headers=a_person())).text
        assert f'href="/cases/{case.id}"' in page
        closed = msgspec.structs.replace(
            case, version=2, state="closed", closed_at=NOW, cause="delivery/late"
        )
        await deliver(database, keep_cases, CASES, closed)
        await deliver(database, keep_cases, CASES, case)
        page = (await door.get(where, headers=a_person())).text
        assert "Case 17 is closed." in page
        listed = (await door.get("/events", headers=a_person())).text
        assert "Case 17 closed" in listed

    async def test_events_are_paged_and_found_by_event_and_customer(
        self, door: httpx.AsyncClient, database: Database
    ):
        await decide(database, *(a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(60)))
        seen: set[str] = set()
        address: str | None = "/events"
        while address:
            page = (await door.get(address, headers=a_person())).text
            here = {f"order-{n}" for n in range(60) if f">order-{n}<" in page}
            assert not here & seen
            seen |= here
            address = page.partition('href="/events?before=')[2].partition('"')[0]
            address = f"/events?before={address}" if address else None
        assert len(seen) == 60
        for search in ("order-7", "c-7"):
            page = (await door.get("/events", params={"q": search}, headers=a_person())).text
            assert ">order-7<" in page
            assert ">order-8<" not in page
        assert (
            "No event says" in (await door.get("/events", params={"q": "nothing"}, headers=a_person())).text
        )

    async def test_who_has_segments_sees_their_events_only(self, door: httpx.AsyncClient, database: Database):
        transaction = a_transaction()
        await decide(database, transaction)
        where = f"/events/{transaction.event_id}"
        for segment, may in (
            ("organisation:north", True),
            ("touchpoint:checkout", True),
            ("store:copenhagen", False),
        ):
            person = a_person("agent", segments=(segment,))
            assert (await door.get(where, headers=person)).status_code == (200 if may else 404)
            assert (">order-1<" in (await door.get("/events", headers=person)).text) is may
            found = (await door.get("/v1/decisions", params={"event_id": "order-1"}, headers=person)).json()
            assert len(found["decisions"]) == may

    async def test_a_difference_is_shown(self, door: httpx.AsyncClient, database: Database):
        await decide(database, a_transaction())
        await decide(database, a_transaction(digest="other", type="order.lost"))
        page = (await door.get(f"/events/{a_transaction().event_id}", headers=a_person())).text
        assert "other content" in page
        assert "type" in page

    async def test_an_analyst_neither_reads_nor_searches_by_the_customers_id(
        self, door: httpx.AsyncClient, database: Database
    ):
        await decide(database, a_transaction(customer=a_customer("jens@example.com")))
        for role, named in (("admin", True), ("analyst", False)):
            person = a_person(role)
            listed = (await door.get("/events", headers=person)).text
            story = (await door.get(f"/events/{a_transaction().event_id}", headers=person)).text
            found = (await door.get("/events?q=jens@example.com", headers=person)).text
            told = await door.get("/v1/decisions?event_id=order-1", headers=person)
            assert [word in page for page, word in ((listed, "jens@"), (story, "jens@"))] == [named, named]
            assert (">order-1<" in found) is named
            assert ("jens@" in told.text) is named

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"attributes": msgspec.Raw(b'{"b":2,"a":1}')}, "customer"),
            ({"attributes": msgspec.Raw(b'{"a":1.0,"b":2}')}, "attributes"),
            (
                {"occurred_at": NOW.astimezone(ZoneInfo("Europe/Copenhagen")), "handled_by": "p-2"},
                "handled_by",
            ),
            ({"customer": a_customer(email="new@example.com")}, "customer"),
            ({"segments": {"store": "aarhus", "touchpoint": "checkout"}, "type": "order.lost"}, "type"),
        ],
    )
    async def test_only_what_differs_is_named(
        self, door: httpx.AsyncClient, database: Database, changes: dict, named: str
    ):
        first = a_transaction(occurred_at=NOW, attributes=msgspec.Raw(b'{"a":1,"b":2}'))
        await decide(database, first)
        await decide(database, msgspec.structs.replace(first, digest="other", **changes))
        page = (await door.get(f"/events/{first.event_id}", headers=a_person())).text
        assert re.search(r"other content .*</time>: (.+?)\. The first", page)[1] == named

    async def test_a_click_and_its_score_in_one_batch_are_both_told(
        self, door: httpx.AsyncClient, database: Database
    ):
        await make_survey(database, delay_minutes=0)
        await go_live(database)
        await decide(database, a_transaction(occurred_at=NOW, accepted_at=NOW))
        (invitation_id,) = await states(database)
        facts = {"id": invitation_id, "origin": "survey", "event_id": a_transaction().event_id}
        changed = [NOW + timedelta(seconds=second) for second in range(4)]
        versions = [
            Answer(**facts, version=1, state="clicked", changed_at=changed[0]),
            Answer(**facts, version=2, state="saved", score=3, answered_at=changed[1], changed_at=changed[1]),
            Answer(**facts, version=3, state="sent", score=3, answered_at=changed[1], changed_at=changed[2]),
            Answer(**facts, version=4, state="sent", score=2, answered_at=changed[1], changed_at=changed[3]),
        ]
        await deliver(database, keep_answers, ANSWERS, *versions)
        (row,) = await rows(database, "SELECT clicked_at, saved_at, sent_at, score FROM answer_heard")
        assert tuple(row) == (changed[0], changed[1], changed[2], 2)
        page = await door.get(f"/events/{a_transaction().event_id}", headers=a_person())
        assert "opened the link" in page.text

    async def test_a_survey_is_made_by_form_and_faults_keep_what_was_typed(
        self, door: httpx.AsyncClient, database: Database
    ):
        fields = {
            "name": "Ny <levering>", "trigger": "order delivered", "measurement": "transactional", "state": "live",
            "default_language": "da", "delay_minutes": "60", "quarantine_days": "90", "link_days": "30",
            "max_age_days": "7", "position": "", "da.question": "Hvad synes du om {company}?",
        }  # fmt: skip
        refused = await door.post("/surveys/new", data=form(**fields), headers=a_person("editor"))
        assert refused.status_code == 422
        assert "Ny &lt;levering&gt;" in refused.text
        assert "Hvad synes du om" in refused.text
        fields["trigger"] = "order.delivered"
        made = await door.post("/surveys/new", data=form(**fields), headers=a_person("editor"))
        assert made.status_code == 303
        page = await door.get(made.headers["location"], headers=a_person("editor"))
        assert "Hvad synes du om" in page.text
        mail = await door.get(
            f"{made.headers['location']}/mail", params={"language": "da"}, headers=a_person()
        )
        assert "Hvad synes du om Havnbo?" in mail.text
        assert "script" not in mail.headers["content-security-policy"]
        version = page.text.partition('name="version" value="')[2].partition('"')[0]
        fields["version"] = version
        first = await door.post(
            made.headers["location"], data=form(**{**fields, "name": "one"}), headers=a_person("editor")
        )
        second = await door.post(
            made.headers["location"], data=form(**{**fields, "name": "two"}), headers=a_person("editor")
        )
        assert (first.status_code, second.status_code) == (303, 422)
        assert 'value="two"' in second.text
        assert [one.draft_name for one in await rows(database, "SELECT name AS draft_name FROM survey")] == [
            "one"
        ]

    async def test_going_live_is_confirmed_logged_and_said(self, door: httpx.AsyncClient, database: Database):
        await make_survey(database)
        assert "Test mode" in (await door.get("/surveys", headers=a_person())).text
        assert (await door.get("/surveys/live", headers=a_person())).status_code == 200
        unconfirmed = await door.post("/surveys/live", data=form(), headers=a_person())
        assert unconfirmed.status_code == 422
        await relayed(database)
        assert (
            await door.post("/surveys/live", data=form(confirmed="on"), headers=a_person())
        ).status_code == 303
        assert [one.test for one in await said(database, SURVEYS)] == [False]
        assert "Sara Lund went live" in (await door.get("/surveys", headers=a_person())).text
        await door.post("/surveys/stop", data=form(), headers=a_person())
        assert (await said(database, SURVEYS))[-1].stopped
        assert "All sending is stopped." in (await door.get("/events", headers=a_person())).text
        await door.post("/surveys/resume", data=form(), headers=a_person())
        assert not (await said(database, SURVEYS))[-1].stopped

    async def test_test_addresses_are_listed_by_form(self, door: httpx.AsyncClient, database: Database):
        wrong = await door.post(
            "/surveys/test-addresses", data=form(addresses="me@example.com nobody"), headers=a_person()
        )
        assert wrong.status_code == 422
        assert "nobody" in wrong.text
        await door.post(
            "/surveys/test-addresses",
            data=form(addresses="Me@Example.com\nyou@example.com"),
            headers=a_person(),
        )
        (row,) = await rows(database, "SELECT test_addresses FROM sending")
        assert row.test_addresses == ["me@example.com", "you@example.com"]

    @pytest.mark.parametrize(
        ("role", "path"),
        [
            *(
                ("editor", path)
                for path in ("/surveys/live", "/surveys/stop", "/surveys/resume", "/surveys/test-mode")
            ),
            *(
                (role, path)
                for role in ("leader", "agent", "analyst")
                for path in ("/surveys/new", "/surveys/test-addresses")
            ),
        ],
    )
    async def test_who_may_not_press_a_button_finds_none(
        self, door: httpx.AsyncClient, database: Database, role: str, path: str
    ):
        answer = await door.post(path, data=form(confirmed="on"), headers=a_person(role))
        assert answer.status_code == 404
        assert await rows(database, "SELECT 1 FROM sending") == []

    async def test_a_form_without_its_token_does_nothing(self, door: httpx.AsyncClient, database: Database):
        for path in ("/surveys/stop", "/surveys/live", "/surveys/new", "/surveys/test-addresses"):
            answer = await door.post(path, data={"confirmed": "on", "csrf": "x"}, headers=a_person())
            assert answer.status_code == 403
        assert await rows(database, "SELECT 1 FROM sending") == []

    async def test_live_pages_hear_that_a_story_goes_on(self, context: Context, database: Database):
        feed = live_feed(House(context, None, None))  # type: ignore[arg-type]
        heard = feed.listen(TENANT)
        await anext(heard)
        transaction = a_transaction()
        await decide(database, transaction)
        async with asyncio.timeout(10):
            message = await anext(heard)
        assert str(transaction.event_id).encode() in message
        await heard.aclose()


async def test_another_companys_anything_is_not_there(door: httpx.AsyncClient, database: Database):
    survey = await make_survey(database)
    transaction = a_transaction()
    await decide(database, transaction)
    await list_test_addresses(database, "canary@example.com")
    stranger, key = a_person(tenant="another"), by_key(FOREIGN_KEY)
    for path in (
        f"/surveys/{survey.id}",
        f"/surveys/{survey.id}/mail",
        f"/events/{transaction.event_id}",
        f"/v1/surveys/{survey.id}",
    ):
        assert (
            await door.get(path, headers=key if path.startswith("/v1") else stranger)
        ).status_code == 404, path
    assert (await door.put(f"/v1/surveys/{survey.id}", json=SURVEY, headers=key)).status_code == 404
    assert (
        await door.patch(f"/v1/surveys/{survey.id}", json={"state": "paused"}, headers=key)
    ).status_code == 404
    assert (await door.get("/v1/surveys", headers=key)).json() == {"surveys": []}
    assert (await door.get("/v1/decisions", params={"event_id": "order-1"}, headers=key)).json()[
        "decisions"
    ] == []
    assert ">order-1<" not in (await door.get("/events", headers=stranger)).text
    page = (await door.get("/surveys", headers=stranger)).text
    assert "canary" not in page
    assert "After delivery" not in page
    await door.post("/surveys/stop", data=form(), headers=stranger)
    found = {row.tenant: row.stopped for row in await rows(database, "SELECT tenant, stopped FROM sending")}
    assert found == {TENANT: False, "another": True}


async def test_without_a_key_or_a_person_there_is_no_door(door: httpx.AsyncClient):
    for path in ("/v1/surveys", "/v1/suppressions", "/v1/decisions?event_id=x"):
        assert (await door.get(path)).status_code == 401
    for path in ("/surveys", "/events", f"/events/{uuid7()}"):
        answer = await door.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login/renew")
