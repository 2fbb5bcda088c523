"""Answers of anonymous surveys: nothing that is stored or published leads from one to its customer."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect
from support.eventually import eventually
from support.stored_texts import texts_in

from services.collector.erasing import erase
from services.collector.models import metadata
from services.collector.recovery import answers_page
from services.collector.repository.anonymous import forget_claims
from services.collector.schedule import OPEN_DAYS, anonymous_loop, last_open_day, send_unsent
from shared.events import Answer
from shared.link_tokens import LinkSigner
from shared.privacy.erased import Target
from shared.privacy.persons import NOBODY

from .conftest import MINUTE, SECRET, Bench, a_page, bearer

PERSON, CONTACT = "p" * 64, "c" * 64
MIDNIGHT = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
"""When the day of the tests began in Copenhagen."""


async def invited(bench: Bench, **changed: Any) -> UUID:
    """An invitation of an anonymous survey."""
    fields: dict[str, Any] = {"anonymous": True, "contact_key": CONTACT, "person": PERSON}
    return await bench.invite(**{**fields, "expires_at": bench.now + OPEN_DAYS * 9, **changed})


def link(invitation: UUID) -> str:
    """The path in the mail."""
    return f"/s/{LinkSigner(SECRET).sign('anonymous', invitation)}"


async def opened(bench: Bench, invitation: UUID) -> dict[str, str]:
    """The hidden fields of a page that is opened now."""
    page = await bench.client.get(link(invitation))
    assert page.status_code == 200
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert {"nonce", "secret", "page"} <= fields.keys()
    return {**fields, "touched": "1"}  # a person's hand is on the page


async def post(bench: Bench, invitation: UUID, fields: dict[str, str], **more: str) -> Any:
    """Post a page's form."""
    return await bench.client.post(link(invitation), data={"action": "send", **fields, **more})


async def stored(bench: Bench) -> list[Any]:
    return await bench.rows("SELECT * FROM answer ORDER BY id")


async def test_without_a_script_one_post_saves_and_thanks(bench: Bench) -> None:
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    sent = await post(bench, invitation, fields, score="3", comment="Too late.")
    assert (sent.status_code, sent.headers["location"]) == (303, link(invitation))
    thanks = await bench.client.get(link(invitation))
    assert thanks.status_code == 200
    assert "This link was answered." in thanks.text
    assert "Too late." not in thanks.text
    (answer,) = await bench.published()
    assert answer.anonymous
    assert answer.state == "sent"
    assert answer.score == 3
    assert answer.comment == "Too late."
    assert answer.segments == {"touchpoint": "delivery", "store": "aarhus"}
    assert answer.test is False
    assert answer.day == date(2026, 11, 20)
    assert answer.id.version == 4
    assert answer.id != invitation


async def test_nothing_joins_an_answer_and_its_customer(bench: Bench) -> None:
    """A walk over all tables and the outbox: by a value, by a time, or by the transaction that wrote a row."""
    bench.now = bench.now.replace(microsecond=123_456)
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    for seq, comment in enumerate(("Wei", "Weird words", "Weird words here")):
        bench.now += timedelta(seconds=7, microseconds=89)
        action = "keep" if seq < 2 else "send"
        await post(bench, invitation, fields, score="2", comment=comment, action=action, seq=str(seq + 1))
    (answer,) = await bench.published()
    replica = msgspec.json.decode((await bench.rows("SELECT body FROM invitation"))[0].body)
    of_customer = {str(invitation), replica["event_id"], replica["customer_id"], PERSON, CONTACT}
    of_customer |= {replica["invited_at"], fields["secret"], fields["secret"].partition(".")[0]}
    of_answer = {str(answer.id), "Weird words here", fields["page"]}
    customers, answers = [], []
    for table in metadata.tables:
        for row in await bench.rows(f"SELECT t.*, xmin::text AS xmin, xmax::text AS xmax FROM {table} t"):
            values = set(texts_in(dict(row._mapping)))
            texts = " ".join(values)
            is_of_customer = any(value in texts for value in of_customer)
            is_of_answer = any(value in texts for value in of_answer)
            assert not (is_of_customer and is_of_answer), (table, row)
            if is_of_customer:
                customers.append((table, values))
            if is_of_answer:
                answers.append((table, values))
    assert {table for table, _ in customers} == {"invitation", "answered_link"}
    assert {table for table, _ in answers} == {"answer", "outbox"}
    # What the survey, the company and the day have in common joins nobody.
    shared = {"acme", "delivery", "aarhus", "north", "sales", "transactional", "en", "2026-11-20"}
    shared |= {replica["survey_id"], "1", "0", "False", "touchpoint", "store", "sent"}
    known = {value for _, values in customers for value in values if len(value) > 3} - shared
    for table, values in answers:
        assert known & values == set(), table
    assert answer.answered_at == answer.changed_at == MIDNIGHT
    assert (answer.customer_id, answer.contact_key, answer.person, answer.event_id, answer.invited_at) == (
        None, None, NOBODY, None, None
    )  # fmt: skip
    assert answer.may_contact is None


async def test_a_visit_leaves_no_trace(bench: Bench) -> None:
    invitation = await invited(bench)
    before = await traces(bench)
    for query in ("", "?v=7", "?v=2", "?trap=1"):
        assert (await bench.client.get(link(invitation) + query)).status_code == 200
    assert await traces(bench) == before
    assert await bench.published() == []


async def traces(bench: Bench) -> list[tuple[str, str]]:
    """Every row of every table, with the transactions that wrote or locked it."""
    return [
        (table, str(row))
        for table in metadata.tables
        for row in await bench.rows(f"SELECT t.*, xmin, xmax FROM {table} t")
    ]


async def test_it_is_saved_as_the_customer_writes_and_published_when_it_is_final(bench: Bench) -> None:
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    saved = await post(bench, invitation, fields, score="9", action="keep", seq="1")
    assert saved.json()["saved"] == 9
    fields["drawn"] = saved.json()["drawn"]
    saved = await post(bench, invitation, fields, score="8", comment="Well", action="keep", seq="2")
    assert saved.json() == {**saved.json(), "saved": 8, "conflict": False}
    assert await bench.published() == []
    (row,) = await stored(bench)
    assert (row.state, row.score, row.comment, row.customer_id, row.person) == ("saved", 8, "Well", None, "")
    closed = await post(bench, invitation, fields, score="8", comment="Well done", action="close", seq="3")
    assert closed.status_code == 200
    assert [(one.state, one.score, one.comment) for one in await bench.published()] == [
        ("sent", 8, "Well done")
    ]
    late = await post(bench, invitation, fields, score="0", action="keep", seq="4")
    assert (late.status_code, late.json()) == (409, {"saved": None})
    late = await post(bench, invitation, fields, score="0", action="send", seq="5")
    assert late.status_code == 303
    assert [row.score for row in await stored(bench)] == [8]
    assert len(await bench.published()) == 1
    assert await bench.rows("SELECT 1 FROM answer_history") == []


async def test_a_revision_that_was_overtaken_changes_nothing(bench: Bench) -> None:
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    await post(bench, invitation, fields, score="9", comment="whole", action="keep", seq="2")
    await post(bench, invitation, fields, score="9", comment="who", action="keep", seq="1")
    assert [row.comment for row in await stored(bench)] == ["whole"]


async def test_only_the_page_that_answered_first_can_change_it(bench: Bench) -> None:
    invitation = await invited(bench)
    first, second = await opened(bench, invitation), await opened(bench, invitation)
    assert (await post(bench, invitation, first, score="9", action="keep", seq="1")).status_code == 200
    assert (await post(bench, invitation, second, score="1", action="keep", seq="1")).status_code == 409
    refused = await post(bench, invitation, second, score="1")
    assert (refused.status_code, refused.headers["location"]) == (303, link(invitation))
    again = await bench.client.get(link(invitation) + "?v=1")
    assert "This link was answered." in again.text
    assert "<form" not in again.text
    assert (await post(bench, invitation, first, score="8", action="keep", seq="2")).status_code == 200
    assert [row.score for row in await stored(bench)] == [8]


async def test_a_secret_belongs_to_one_link_and_is_ours(bench: Bench) -> None:
    one, other = await invited(bench), await invited(bench)
    fields, others = await opened(bench, one), await opened(bench, other)
    for secret in ("", "0" * 32, "0" * 32 + "." + "0" * 64, others["secret"], fields["secret"] + "0", "é.é"):
        refused = await post(bench, one, {**fields, "secret": secret}, score="9")
        assert refused.status_code == 409, secret
        assert "Please press Send once more." in refused.text
    assert await stored(bench) == []
    assert await bench.rows("SELECT 1 FROM answered_link") == []


async def test_a_form_with_a_fault_or_in_another_language_keeps_its_secret(bench: Bench) -> None:
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    await post(bench, invitation, fields, score="4", comment="Hm", action="keep", seq="1")
    faulty = await post(bench, invitation, fields, comment="No score")
    danish = await post(bench, invitation, fields, score="4", comment="Hm", speak="da")
    assert (faulty.status_code, danish.status_code) == (422, 200)
    for page in (faulty, danish):
        assert f'name="secret" value="{fields["secret"]}"' in page.text
    assert "Dette spørgeskema er anonymt" in danish.text


async def test_who_asks_to_be_contacted_is_known_with_the_answer_as_today(bench: Bench) -> None:
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    # The script keeps what is written, and the choice: nothing of a person before Send.
    await post(bench, invitation, fields, score="2", comment="Ca", may_contact="yes", action="keep", seq="1")
    (row,) = await stored(bench)
    assert (row.may_contact, row.customer_id, row.person) == (None, None, NOBODY)
    bench.now += timedelta(minutes=3)
    sent = await post(bench, invitation, fields, score="2", comment="Call me", may_contact="yes", seq="2")
    assert sent.status_code == 303
    (row,) = await stored(bench)
    assert (row.id, row.customer_id, row.contact_key, row.person) == (invitation, "kw-4711", CONTACT, PERSON)
    (answer,) = await bench.published()
    assert answer.id == invitation
    assert answer.may_contact
    assert not answer.anonymous
    assert answer.state == "sent"
    assert answer.comment == "Call me"
    assert answer.event_id is not None
    assert answer.answered_at == bench.now
    thanks = await bench.client.get(link(invitation))
    assert "Somebody will contact you." in thanks.text
    assert "your answer carries your name" in thanks.text
    assert "change=1" not in thanks.text
    # It is final, too, whatever is posted.
    assert (await post(bench, invitation, fields, score="9", seq="3")).status_code == 303
    assert (await post(bench, invitation, fields, score="9", action="keep", seq="4")).status_code == 409
    assert len(await bench.published()) == 1


async def test_a_page_that_is_closed_with_yes_leaves_an_anonymous_answer(bench: Bench) -> None:
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    await post(bench, invitation, fields, score="2", may_contact="yes", action="close", seq="1")
    (answer,) = await bench.published()
    assert answer.anonymous
    assert answer.customer_id is None
    assert answer.may_contact is None


async def test_what_was_left_unsent_becomes_final_when_no_page_can_be_open(bench: Bench) -> None:
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    await post(bench, invitation, fields, score="6", comment="Hm", action="keep", seq="1")
    bench.now += OPEN_DAYS
    await run(bench)
    assert await bench.published() == []
    bench.now += timedelta(days=1)
    await run(bench)
    await run(bench)
    (answer,) = await bench.published()
    assert (answer.state, answer.score, answer.comment, answer.changed_at) == ("sent", 6, "Hm", MIDNIGHT)
    # Of the link it is known only that it was answered.
    (row,) = await bench.rows("SELECT * FROM answered_link")
    assert tuple(row) == ("acme", invitation, None, None)
    assert "This link was answered." in (await bench.client.get(link(invitation))).text


async def run(bench: Bench) -> None:
    """A turn of the loop."""
    async with bench.context.database.transaction() as uow:
        await send_unsent(uow, last_open_day(uow))
    async with bench.context.database.transaction() as uow:
        await forget_claims(uow, last_open_day(uow))


async def test_the_order_of_the_links_is_forgotten(bench: Bench) -> None:
    invitations = [await invited(bench) for _ in range(5)]
    for invitation in reversed(invitations):
        await post(bench, invitation, await opened(bench, invitation), score="9")
    bench.now += OPEN_DAYS + timedelta(days=1)
    await run(bench)
    rows = await bench.rows("SELECT invitation_id, xmin::text AS writer FROM answered_link ORDER BY ctid")
    assert [row.invitation_id for row in rows] == sorted(invitations)
    assert len({row.writer for row in rows}) == 1


async def test_an_answer_that_is_not_final_is_not_published_by_a_recovery(bench: Bench) -> None:
    invitation = await invited(bench)
    await post(bench, invitation, await opened(bench, invitation), score="6", action="keep", seq="1")
    async with bench.context.database.transaction() as uow:
        assert await answers_page(uow, None, 10) == ([], None)


async def test_the_list_of_answers_has_none_that_is_anonymous(bench: Bench) -> None:
    invitation = await invited(bench)
    await post(bench, invitation, await opened(bench, invitation), score="9")
    named = await bench.invite()
    await bench.submit(named, 3)
    answers = (await bench.client.get("/v1/answers", headers=bearer())).json()["answers"]
    assert [answer["id"] for answer in answers] == [str(named)]


async def test_another_link_of_the_same_invitation_is_not_the_anonymous_one(bench: Bench) -> None:
    """A version that knows no anonymous surveys signs and reads links for answers with a name alone."""
    invitation = await invited(bench)
    anonymous = LinkSigner(SECRET).sign("anonymous", invitation)
    assert LinkSigner(SECRET).read("answer", anonymous) is None


async def test_the_link_ends_like_any_other(bench: Bench) -> None:
    invitation = await invited(bench, expires_at=bench.now + timedelta(days=1))
    fields = await opened(bench, invitation)
    bench.now += timedelta(days=1)
    assert (await bench.client.get(link(invitation))).status_code == 404
    assert (await post(bench, invitation, fields, score="9")).status_code == 404
    assert await stored(bench) == []


@pytest.mark.parametrize(("language", "words"), [
    ("en", "This survey is anonymous"), ("da", "Dette spørgeskema er anonymt"), ("nl", "Deze enquête is anoniem"),
])  # fmt: skip
async def test_the_page_says_so_in_each_language(bench: Bench, language: str, words: str) -> None:
    invitation = await invited(bench)
    assert words in (await bench.client.get(f"{link(invitation)}?lang={language}")).text


async def test_the_loop_has_a_step(bench: Bench) -> None:
    assert callable(anonymous_loop(bench.context))


@pytest.mark.parametrize("action", ["keep", "send"])
async def test_an_erased_customer_has_no_link_left_and_the_answer_of_nobody_stays(
    bench: Bench, action: str
) -> None:
    invitation = await invited(bench)
    fields = await opened(bench, invitation)
    await post(bench, invitation, fields, score="4", comment="Hm", action=action, seq="1")
    before = await stored(bench)
    async with bench.context.database.transaction() as uow:
        await erase(uow, [Target("acme", PERSON, PERSON, None)])
    assert await bench.rows("SELECT 1 FROM answered_link") == []
    assert (await bench.client.get(link(invitation))).status_code == 404
    late = await post(bench, invitation, fields, score="4", may_contact="yes", seq="2")
    assert late.status_code == 404
    assert await stored(bench) == before


async def shown(bench: Bench, page: Page, origin: str, query: str = "") -> str:
    address = f"{origin}{link(await invited(bench))}"
    await page.goto(address + query)
    return address


@pytest.mark.browser
async def test_leaving_the_page_makes_the_answer_final(bench: Bench, browser: Browser, origin: str) -> None:
    async with a_page(browser) as page:
        address = await shown(bench, page, origin)
        await page.get_by_role("radio", name="4").check()
        await page.get_by_label("What is the primary reason for your score?").fill("Slow")
        await expect(page.get_by_text("Your score is saved: 4. So is what you write.")).to_be_visible()
        assert await bench.published() == []
        await page.goto("about:blank")

        async def look() -> list[Answer]:
            return await bench.published()

        (answer,) = await eventually(look)
        assert (answer.state, answer.score, answer.comment) == ("sent", 4, "Slow")
        await page.goto(address)
        await expect(page.get_by_text("This link was answered.")).to_be_visible()


@pytest.mark.browser
async def test_send_with_yes_gives_the_name(bench: Bench, browser: Browser, origin: str) -> None:
    async with a_page(browser) as page:
        await shown(bench, page, origin, "?v=2")
        await page.get_by_label("Yes").check()
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Somebody will contact you.")).to_be_visible()
        (answer,) = await bench.published()
        assert not answer.anonymous
        assert answer.customer_id == "kw-4711"


@pytest.mark.browser
async def test_looking_at_the_page_answers_nothing(bench: Bench, browser: Browser, origin: str) -> None:
    async with a_page(browser) as page:
        await shown(bench, page, origin, "?v=2")
        await page.goto("about:blank")
        await page.wait_for_timeout(300)
    assert await stored(bench) == []


async def test_what_scans_a_mail_before_it_is_taken_answers_nothing_and_who_takes_their_time_is_not_refused(
    bench: Bench,
) -> None:
    """Nobody could judge such an answer: it is refused, but no person waits until our events have come."""
    invitation = await invited(bench, state="sending", due_at=bench.now - MINUTE, sent_at=None)
    fields = {**await opened(bench, invitation), "touched": ""}
    bench.now += timedelta(seconds=3)
    refused = await post(bench, invitation, fields, score="0")
    assert refused.status_code == 409
    assert await stored(bench) == []
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', refused.text))
    bench.now += timedelta(seconds=6)
    assert (await post(bench, invitation, again, score="9")).status_code == 303
    assert [row.score for row in await stored(bench)] == [9]
