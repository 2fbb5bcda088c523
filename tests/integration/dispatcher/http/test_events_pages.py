"""The events and the story of each: what people see, whose they see, and what differs."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    TENANT,
    a_customer,
    a_transaction,
    consume,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    rows,
    states,
)
from support.dispatcher_client import a_person

from services.dispatcher.story.handlers import keep_answers, keep_cases
from services.dispatcher.story.pages import live_feed
from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.suppression_commands import suppress
from shared.db.database import Database
from shared.events import ANSWERS, CASES, Answer, Case, People
from shared.ids import uuid7
from shared.permissions import Role
from shared.service import Context

NOW = datetime.now(UTC)


class TestPages:
    async def test_empty_pages_say_what_to_do_next(self, client: httpx.AsyncClient) -> None:
        events = await client.get("/events", headers=a_person())
        assert "No event has come yet." in events.text
        assert "/v1/events" in events.text
        assert "No survey asks anybody yet." in (await client.get("/surveys", headers=a_person())).text

    async def test_what_was_known_of_the_customer_and_not_said_by_the_event_is_named(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database, delay_minutes=0)
        await go_live(database)
        known = a_customer("kim", locale="de", time_zone="America/New_York")
        await decide(database, a_transaction("known", known, type="visit"))
        asked, said = (
            a_transaction(id_, a_customer("kim", **words))
            for id_, words in (
                ("asked", {"locale": None}),
                ("said", {"locale": "nl", "time_zone": "Asia/Tokyo"}),
            )
        )
        await decide(database, asked, said)
        page = (await client.get(f"/events/{asked.event_id}", headers=a_person())).text
        heading = "Known before of the customer, and not said by the event"
        assert f"<dt>{heading}</dt><dd>language, time zone</dd>" in page
        assert heading not in (await client.get(f"/events/{said.event_id}", headers=a_person())).text

    async def test_what_was_sent_and_not_understood_is_named_without_its_value(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        dropped = ("/customer/time_zone", "/handled_by")
        await decide(database, a_transaction("helps", dropped=dropped), a_transaction("plain"))
        event_id = a_transaction("helps").event_id
        page = (await client.get(f"/events/{event_id}", headers=a_person())).text
        assert "not understood and left out: customer time zone, handled by." in page
        plain = (await client.get(f"/events/{a_transaction('plain').event_id}", headers=a_person())).text
        assert "left out" not in plain
        again = msgspec.structs.replace(a_transaction("helps"), digest="other", type="order.returned")
        await decide(database, again)
        page = (await client.get(f"/events/{event_id}", headers=a_person())).text
        assert re.search(r"came with other content .*: type\. The first counts", page, re.DOTALL)

    async def test_one_page_tells_everything_of_an_event(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database, delay_minutes=0)
        await go_live(database)
        transaction = a_transaction(occurred_at=NOW, accepted_at=NOW)
        await decide(database, transaction)
        (invitation_id,) = await states(database)
        where = f"/events/{transaction.event_id}"
        page = (await client.get(where, headers=a_person())).text
        assert "The mail waits for its time." in page
        answer: dict[str, Any] = {
            "id": invitation_id,
            "origin": "survey",
            "event_id": transaction.event_id,
            "changed_at": NOW,
        }
        clicked = Answer(**answer, version=1, state="clicked")
        await consume(database, keep_answers, ANSWERS, clicked)
        assert "opened the link" in (await client.get(where, headers=a_person())).text
        saved = Answer(**answer, version=3, state="sent", score=3, answered_at=NOW)
        await consume(database, keep_answers, ANSWERS, saved, clicked)
        page = (await client.get(where, headers=a_person())).text
        assert "answered 3 and sent it" in page
        assert "/segments?segment=touchpoint%3Acheckout" in page
        assert "/segments?segment=organisation%3Anorth/sales" in page
        case = Case(
            id=uuid7(), number=17, version=1, state="open", answer_id=invitation_id, score=3,
            event_id=transaction.event_id, opened_at=NOW, due_at=NOW,
        )  # fmt: skip
        await consume(database, keep_cases, CASES, case)
        page = (await client.get(where, headers=a_person())).text
        assert f'href="/cases/{case.id}"' in page
        closed = msgspec.structs.replace(
            case, version=2, state="closed", closed_at=NOW, cause="delivery/late"
        )
        await consume(database, keep_cases, CASES, closed)
        await consume(database, keep_cases, CASES, case)
        page = (await client.get(where, headers=a_person())).text
        assert "Case 17 is closed." in page
        listed = (await client.get("/events", headers=a_person())).text
        assert "Case 17 closed" in listed

    async def test_what_an_answer_counts_for_is_told_as_far_as_the_reader_may_see_its_score(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database, delay_minutes=0)
        await go_live(database)
        ida = "organisation:service/chat/ida"
        named: dict[str, Any] = {
            "segments": {"agent": "ida", "store": "aarhus"},
            "organisation": ("service", "chat", "ida"),
        }
        transaction = a_transaction(occurred_at=NOW, accepted_at=NOW, **named)
        await decide(database, transaction)
        (invitation_id,) = await states(database)
        answer = Answer(
            id=invitation_id, version=1, origin="survey", state="sent", score=9, answered_at=NOW,
            event_id=transaction.event_id, changed_at=NOW,
        )  # fmt: skip
        await consume(database, keep_answers, ANSWERS, answer)

        async def told(role: Role, *segments: str) -> set[str]:
            page = await client.get(
                f"/events/{transaction.event_id}", headers=a_person(role, segments=segments)
            )
            return {unquote(found) for found in re.findall(r"/segments\?segment=([^\"]*)", page.text)}

        teams = {"organisation:service", "organisation:service/chat"}
        roles: tuple[Role, ...] = ("admin", "leader", "agent")
        for role in roles:
            assert await told(role) == {"", "store:aarhus", *teams}
        assert await told("leader", "organisation:service/chat") == {"organisation:service/chat"}
        assert await told("agent", ida) == set()
        await keep_tenant(database, version=2, people=People(shown=True))
        assert await told("admin") == {"", "store:aarhus", *teams}
        assert await told("leader") == {"", "store:aarhus", *teams, ida, "agent:ida"}
        assert await told("leader", "organisation:service/chat") == {"organisation:service/chat", ida}
        assert await told("agent", ida) == {ida}

    async def test_events_are_paged_and_found_by_event_and_customer(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await decide(database, *(a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(60)))
        seen: set[str] = set()
        address: str | None = "/events"
        while address:
            page = (await client.get(address, headers=a_person())).text
            here = {f"order-{n}" for n in range(60) if f">order-{n}<" in page}
            assert not here & seen
            seen |= here
            address = page.partition('href="/events?before=')[2].partition('"')[0]
            address = f"/events?before={address}" if address else None
        assert len(seen) == 60
        for search in ("order-7", "c-7"):
            page = (await client.get("/events", params={"q": search}, headers=a_person())).text
            assert ">order-7<" in page
            assert ">order-8<" not in page
        assert (
            "No event was found."
            in (await client.get("/events", params={"q": "nothing"}, headers=a_person())).text
        )

    async def test_who_has_segments_sees_their_events_only(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        transaction = a_transaction()
        await decide(database, transaction)
        where = f"/events/{transaction.event_id}"
        for segment, may in (
            ("organisation:north", True),
            ("touchpoint:checkout", True),
            ("store:copenhagen", False),
        ):
            person = a_person("agent", segments=(segment,))
            assert (await client.get(where, headers=person)).status_code == (200 if may else 404)
            assert (">order-1<" in (await client.get("/events", headers=person)).text) is may
            found = (await client.get("/v1/decisions", params={"event_id": "order-1"}, headers=person)).json()
            assert len(found["decisions"]) == may

    async def test_a_difference_is_shown(self, client: httpx.AsyncClient, database: Database) -> None:
        await decide(database, a_transaction())
        await decide(database, a_transaction(digest="other", type="order.lost"))
        page = (await client.get(f"/events/{a_transaction().event_id}", headers=a_person())).text
        assert "other content" in page
        assert "type" in page

    async def test_an_analyst_neither_reads_nor_searches_by_the_customers_id(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await decide(database, a_transaction(customer=a_customer("jens@example.com")))
        readers: list[tuple[Role, bool]] = [("admin", True), ("analyst", False)]
        for role, named in readers:
            person = a_person(role)
            listed = (await client.get("/events", headers=person)).text
            story = (await client.get(f"/events/{a_transaction().event_id}", headers=person)).text
            found = (await client.get("/events?q=jens@example.com", headers=person)).text
            told = await client.get("/v1/decisions?event_id=order-1", headers=person)
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
        self, client: httpx.AsyncClient, database: Database, changes: dict[str, Any], named: str
    ) -> None:
        first = a_transaction(occurred_at=NOW, attributes=msgspec.Raw(b'{"a":1,"b":2}'))
        await decide(database, first)
        await decide(database, msgspec.structs.replace(first, digest="other", **changes))
        page = (await client.get(f"/events/{first.event_id}", headers=a_person())).text
        found = re.search(r"other content .*</time>: (.+?)\. The first", page)
        assert found is not None
        assert found[1] == named

    async def test_a_click_and_its_score_in_one_batch_are_both_told(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database, delay_minutes=0)
        await go_live(database)
        await decide(database, a_transaction(occurred_at=NOW, accepted_at=NOW))
        (invitation_id,) = await states(database)
        facts: dict[str, Any] = {
            "id": invitation_id,
            "origin": "survey",
            "event_id": a_transaction().event_id,
        }
        changed = [NOW + timedelta(seconds=second) for second in range(4)]
        versions = [
            Answer(**facts, version=1, state="clicked", changed_at=changed[0]),
            Answer(**facts, version=2, state="saved", score=3, answered_at=changed[1], changed_at=changed[1]),
            Answer(**facts, version=3, state="sent", score=3, answered_at=changed[1], changed_at=changed[2]),
            Answer(**facts, version=4, state="sent", score=2, answered_at=changed[1], changed_at=changed[3]),
        ]
        await consume(database, keep_answers, ANSWERS, *versions)
        (row,) = await rows(database, "SELECT clicked_at, saved_at, sent_at, score FROM answer_heard")
        assert tuple(row) == (changed[0], changed[1], changed[2], 2)
        page = await client.get(f"/events/{a_transaction().event_id}", headers=a_person())
        assert "opened the link" in page.text

    async def test_live_pages_hear_that_a_story_goes_on(self, context: Context, database: Database) -> None:
        feed = live_feed(context)
        heard = feed.listen(TENANT)
        await anext(heard)
        transaction = a_transaction()
        await decide(database, transaction)
        async with asyncio.timeout(10):
            message = await anext(heard)
        assert str(transaction.event_id).encode() in message
        await heard.aclose()


async def test_the_page_says_that_an_id_was_taken_for_none_and_whose_no_it_was(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database)
    async with database.transaction() as uow:
        await suppress(
            uow,
            TENANT,
            [SuppressionEntry("customer", "c-1")],
            reason="unsubscribed",
            who=an_actor("the customer"),
        )
    guest = a_transaction("guest", a_customer("<Guest>", email="kim@example.com"))
    gone = a_transaction("gone", a_customer("c-1"))
    await decide(database, guest, gone)
    page = (await client.get(f"/events/{guest.event_id}", headers=a_person())).text
    assert "&lt;Guest&gt;</code> stands for nobody" in page
    assert "kim@example.com" not in page
    page = (await client.get(f"/events/{gone.event_id}", headers=a_person())).text
    assert "stands for nobody" not in page
    assert "The customer id’s, with whatever address it comes" in page


async def test_an_event_that_is_not_here_yet_says_that_it_may_come(client: httpx.AsyncClient) -> None:
    """Who follows ``see`` of an accepted event at once may be faster than its way through the topic."""
    answer = await client.get(f"/events/{uuid7()}", headers={**a_person(), "Accept": "text/html"})
    assert answer.status_code == 404
    assert "accepted a moment ago is here within seconds: load the page again" in answer.text
