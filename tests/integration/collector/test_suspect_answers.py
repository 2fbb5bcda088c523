"""Answers that may be a machine's: held, shown with their signs, judged and judged again, and given by a person after
all.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.async_api import Browser, expect
from support.accessibility import violations
from support.browser import look, views

from services.collector.recovery import answers_page, restore_answers
from services.collector.repository import suspects
from services.collector.suspicion import SIGNS
from shared.events import ANSWERS, AUDIT, Answer, FollowUp, Question, QuestionTexts, SurveyTexts
from shared.events.answers import MachineSign
from shared.http.csrf import CsrfGuard
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff
from shared.ids import uuid7
from shared.link_tokens import LinkSigner
from shared.permissions import JUDGING_ROLES, ROLES, Role

from .conftest import MINUTE, SECRET, Bench, a_page, bearer

WAIT = Question(id="wait", kind="one_of", options=("long", "ok"))
FIELD_PATTERN = re.compile(r'<input type="(?:hidden|text)" name="(\w+)"(?: value="([^"]*)")?')


async def opened(bench: Bench, invitation: UUID, query: str = "") -> dict[str, str]:
    """The fields of a page that is opened now, as a browser without a script has them."""
    page = await bench.client.get(f"/s/{bench.token(invitation)}{query}")
    assert page.status_code == 200
    return dict(FIELD_PATTERN.findall(page.text))


async def press_send(
    bench: Bench,
    invitation: UUID,
    fields: dict[str, str],
    score: int,
    agent: str = "Mozilla/5.0",
    **more: str,
) -> httpx.Response:
    form = {"action": "send", **fields, "score": str(score), **more}
    return await bench.client.post(f"/s/{bench.token(invitation)}", data=form, headers={"user-agent": agent})


async def a_suspect(bench: Bench, score: int = 0, **changed: Any) -> UUID:
    """An answer that came at once after its page was opened, without a hand on it."""
    invitation = await bench.invite(**changed)
    sent = await press_send(bench, invitation, await opened(bench, invitation), score, comment="Click here")
    assert sent.status_code == 303
    return invitation


async def last(bench: Bench) -> Answer:
    return (await bench.published())[-1]


async def judge(bench: Bench, answer: UUID, judgement: str, tenant: str = "acme") -> httpx.Response:
    return await bench.client.post(
        f"/v1/answers/{answer}/judgement", json={"judgement": judgement}, headers=bearer(tenant)
    )


async def listed(bench: Bench, **query: Any) -> list[dict[str, Any]]:
    reply = await bench.client.get("/v1/answers", params=query, headers=bearer())
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["answers"]
    return found


@pytest.mark.parametrize(
    ("form", "agent", "later", "signs"),
    [
        ({"website": "https://sold.example", "touched": "1"}, "Mozilla/5.0", MINUTE, ["honeypot"]),
        ({"touched": "1"}, "Mimecast URL Protect", MINUTE, ["agent"]),
        ({"touched": "0"}, "Mozilla/5.0", MINUTE, ["untouched"]),
        ({}, "Mozilla/5.0", timedelta(seconds=4), ["early"]),
        ({"nonce": ""}, "Mozilla/5.0", timedelta(), ["early", "fast"]),
        ({}, "Mozilla/5.0", timedelta(seconds=6), []),
        ({"touched": "1"}, "Mozilla/5.0", timedelta(), []),
    ],
)
async def test_b19_an_answer_with_a_sign_is_held_and_shown_with_it(
    bench: Bench, form: dict[str, str], agent: str, later: timedelta, signs: list[str]
) -> None:
    """B19: a honeypot hit flags. So do the other signs; of a page without any of them the answer counts."""
    invitation = await bench.invite(sent_at=bench.now)
    fields = {**await opened(bench, invitation), **form}
    bench.now += later
    if form.get("nonce") == "":
        fields["nonce"] = bench.nonce(invitation)
    assert (await press_send(bench, invitation, fields, 2, agent)).status_code == 303
    event = await last(bench)
    assert list(event.signs) == signs
    if signs:
        assert (event.state, event.score, event.comment) == ("clicked", None, None)
        assert event.held is not None
        assert event.held.score == 2
    else:
        assert (event.state, event.score, event.held) == ("sent", 2, None)
    (answer,) = await listed(bench, suspect=bool(signs))
    assert (answer["suspect"], answer["signs"], answer["state"]) == (bool(signs), signs, "sent")
    assert await listed(bench, suspect=not signs) == []


@pytest.mark.parametrize("state", ["keep", "send"])
async def test_b19_who_asks_for_no_suspect_answers_is_given_none_that_is_held(
    bench: Bench, state: str
) -> None:
    """As readers of the events, a program that knows no signs counts what counts, whatever is judged when."""
    person = await bench.invite()
    await bench.submit(person, 9)
    suspect = await bench.invite()
    await bench.submit(suspect, 0, action=state, website="x", comment="Click here")

    async def of(**query: Any) -> set[str]:
        return {answer["id"] for answer in await listed(bench, **query)}

    assert await of() == await of(suspect=False) == {str(person)}
    assert await of(suspect=True) == {str(suspect)}
    await judge(bench, suspect, "machine")
    assert await of() == {str(person)}
    (answer,) = await listed(bench, suspect=True)
    assert (answer["judgement"], answer["suspect"], answer["score"]) == ("machine", True, 0)
    await judge(bench, suspect, "human")
    assert await of() == {str(person), str(suspect)}
    assert await of(suspect=True) == {str(suspect)}
    assert await of(suspect=False) == {str(person)}
    counted = {event.id: event.score for event in await bench.published()}
    assert {answer["id"]: answer["score"] for answer in await listed(bench)} == {
        str(id_): score for id_, score in counted.items() if score is not None
    }


async def test_b18_a_person_after_a_bot_is_never_locked_out_and_counts_on_their_own_day(bench: Bench) -> None:
    invitation = await a_suspect(bench)
    bench.now += timedelta(days=20)  # long after an answer of a person would be final
    fields = {**await opened(bench, invitation), "comment": "Good."}
    bench.now += MINUTE
    assert (await press_send(bench, invitation, fields, 9)).status_code == 303
    answer = await last(bench)
    assert answer.comment == "Good."
    assert (answer.state, answer.score, answer.signs, answer.held) == ("sent", 9, (), None)
    assert answer.day == bench.now.date()
    assert await listed(bench, suspect=True) == []


async def test_b18_after_eleven_links_in_two_seconds_the_person_counts_once(bench: Bench) -> None:
    invitation = await bench.invite(sent_at=bench.now)
    for score in range(11):
        await bench.client.get(f"/s/{bench.token(invitation)}?v={score}")
        bench.now += timedelta(milliseconds=180)
    assert await bench.published() == []
    bench.now += MINUTE
    assert (await bench.submit(invitation, 9)).status_code == 303
    (event,) = await bench.published()
    assert (event.score, event.signs) == (9, ())
    (answer,) = await listed(bench)
    assert (answer["visits"], answer["flag"]) == ("bot", "scores")


async def test_a_visit_before_anybody_had_the_mail_is_suspect_and_no_click(bench: Bench) -> None:
    invitation = await bench.invite(sent_at=bench.now)
    await bench.client.get(f"/s/{bench.token(invitation)}?v=7")
    assert await bench.published() == []
    bench.now += MINUTE
    await bench.client.get(f"/s/{bench.token(invitation)}?v=7")
    assert [answer.state for answer in await bench.published()] == ["clicked"]
    await bench.submit(invitation, 7)
    (answer,) = await listed(bench)
    assert (answer["visits"], answer["flag"], answer["seconds_to_score"]) == ("suspect", None, None)


async def test_a_machine_changes_no_answer_of_a_person(bench: Bench) -> None:
    invitation = await bench.invite()
    await bench.submit(invitation, 9, comment="Good.")
    before = await bench.published()
    fields = await opened(bench, invitation, "?change=1")
    for more in ({"website": "x"}, {"action": "keep", "website": "x"}):
        answer = await press_send(bench, invitation, fields, 0, comment="Click here", **more)
        assert answer.status_code == 409
    assert await bench.published() == before
    # Not even one that was judged to be a person's.
    suspect = await a_suspect(bench, 8)
    await judge(bench, suspect, "human")
    fields = await opened(bench, suspect, "?change=1")
    await press_send(bench, suspect, fields, 0, website="x")
    assert (await last(bench)).score == 8


async def test_b20_parallel_posts_of_a_machine_and_a_person_leave_one_answer_of_the_person(
    bench: Bench,
) -> None:
    invitation = await bench.invite()
    fields = await opened(bench, invitation)
    posts = [press_send(bench, invitation, fields, 0, website="x") for _ in range(3)]
    posts += [press_send(bench, invitation, fields, 8, touched="1") for _ in range(3)]
    assert {answer.status_code for answer in await asyncio.gather(*posts)} == {303}
    assert [(row.score, row.signs) for row in await bench.rows("SELECT score, signs FROM answer")] == [
        (8, [])
    ]
    assert len({answer.id for answer in await bench.published()}) == 1
    assert (await last(bench)).score == 8


async def test_a_judgement_counts_the_answer_on_its_day_and_the_other_one_takes_it_back(bench: Bench) -> None:
    answer_id = await a_suspect(bench, 3)
    day = bench.now.date()
    bench.now += timedelta(days=3)
    judged = await judge(bench, answer_id, "human")
    assert judged.json() == {"id": str(answer_id), "version": 3, "suspect": False, "judgement": "human"}
    event = await last(bench)
    assert (event.state, event.score, event.comment, event.day) == ("sent", 3, "Click here", day)
    said = len(await bench.published())
    assert (await judge(bench, answer_id, "human")).json()["version"] == 3
    assert len(await bench.published()) == said, "the same again says nothing"
    assert (await judge(bench, answer_id, "machine")).json()["suspect"] is True
    event = await last(bench)
    assert (event.state, event.score, event.judgement) == ("clicked", None, "machine")
    rows = await bench.rows("SELECT value FROM outbox WHERE topic = 'audit.v1' ORDER BY seq")
    lines = [AUDIT.decode(row.value).data for row in rows]
    assert [(line.act, line.about, line.facts) for line in lines] == [
        ("answer_judged", str(answer_id), {"judgement": judgement}) for judgement in ("human", "machine")
    ]
    # A judgement writes nothing new, so the history has nothing of it.
    assert await bench.rows("SELECT * FROM answer_history") == []


async def test_nobody_judges_an_answer_that_is_not_suspect_or_not_theirs(bench: Bench) -> None:
    suspect, invitation = await a_suspect(bench), await bench.invite()
    await bench.submit(invitation, 9)
    assert (await judge(bench, invitation, "machine")).status_code == 404
    assert (await judge(bench, uuid7(), "machine")).status_code == 404
    assert (await judge(bench, suspect, "human", "zenith")).status_code == 404
    assert (await judge(bench, suspect, "perhaps")).status_code == 422
    assert (await last(bench)).score == 9
    assert (await listed(bench, suspect=True))[0]["judgement"] is None


WHILE_HANDED_OVER = [
    # state, when it was due, when it was taken, the last reminder: begun, taken; all in seconds before the visit
    {"state": "sending", "due_at": 30, "sent_at": None},
    {"state": "waiting", "due_at": 300, "sent_at": None},
    {"state": "sent", "due_at": 60, "sent_at": 3},
    {"state": "sent", "due_at": 5 * 86_400, "sent_at": 5 * 86_400, "reminding_since": 1},
    {"state": "sent", "due_at": 5 * 86_400, "sent_at": 5 * 86_400, "reminding_since": 4, "reminded_at": 3},
    {
        "state": "sent",
        "due_at": 9 * 86_400,
        "sent_at": 9 * 86_400,
        "reminding_since": 1,
        "reminded_at": 86_400,
    },
]


def known(bench: Bench, facts: dict[str, Any]) -> dict[str, Any]:
    """An invitation's facts, with times in place of seconds."""
    return {
        name: bench.now - timedelta(seconds=value) if isinstance(value, int) else value
        for name, value in facts.items()
    }


@pytest.mark.parametrize("facts", WHILE_HANDED_OVER)
async def test_b17_what_comes_before_anybody_has_the_mail_or_a_reminder_is_no_click_and_no_answer(
    bench: Bench, facts: dict[str, Any]
) -> None:
    invitation = await bench.invite(**known(bench, facts))
    fields = await opened(bench, invitation, "?v=0")
    assert await bench.published() == []
    bench.now += timedelta(milliseconds=400)
    await press_send(bench, invitation, fields, 0)
    event = await last(bench)
    assert "early" in event.signs
    assert (event.state, event.score) == ("clicked", None)
    assert event.held is not None
    (answer,) = await listed(bench, suspect=True)
    assert (answer["visits"], answer["seconds_to_score"]) == ("suspect", None)


@pytest.mark.parametrize(
    "facts",
    [
        # Nothing of the mail has come here for long, as while events are late: nobody is held for that.
        {"state": "sending", "due_at": 1_800, "sent_at": None},
        {"state": "waiting", "due_at": 4_000, "sent_at": None},
        {"state": "unknown", "due_at": 60, "sent_at": None},
        {"state": "sent", "due_at": 60, "sent_at": 6},
        {
            "state": "sent",
            "due_at": 5 * 86_400,
            "sent_at": 5 * 86_400,
            "reminding_since": 7,
            "reminded_at": 6,
        },
        {"state": "sent", "due_at": 5 * 86_400, "sent_at": 5 * 86_400, "reminding_since": 1_800},
    ],
)
async def test_a_person_is_taken_for_one_soon_after_a_mail_and_long_after_one_of_which_nothing_is_heard(
    bench: Bench, facts: dict[str, Any]
) -> None:
    invitation = await bench.invite(**known(bench, facts))
    fields = await opened(bench, invitation)
    assert [answer.state for answer in await bench.published()] == ["clicked"]
    bench.now += timedelta(seconds=5)
    await press_send(bench, invitation, fields, 9)
    assert ((await last(bench)).score, (await last(bench)).signs) == (9, ())
    (answer,) = await listed(bench)
    assert (answer["visits"], answer["seconds_to_score"]) == ("human", 5)


async def test_a_hand_on_the_page_outweighs_that_the_mail_is_not_known_to_be_taken(bench: Bench) -> None:
    invitation = await bench.invite(state="sending", due_at=bench.now - timedelta(minutes=2), sent_at=None)
    await press_send(bench, invitation, {**await opened(bench, invitation), "touched": "1"}, 9)
    assert ((await last(bench)).score, (await last(bench)).signs) == (9, ())


async def test_who_judges_sees_all_that_was_said(bench: Bench) -> None:
    """The follow-up and the further questions, each with its reply: they tell a person from a machine."""
    words = {
        "wait": QuestionTexts(text="How long did it take?", options={"long": "Too <long>", "ok": "As said"}),
        "why": QuestionTexts(text="Who told you?"),
    }
    texts = SurveyTexts(follow_up=FollowUp(detractor="What should change?"), question_texts=words)
    await bench.keep_survey({"en": texts}, questions=(WAIT,))
    invitation = await bench.invite()
    await bench.submit(
        invitation, 3, website="x", asked="wait", q_wait="long", follow_up_detractor="The legs."
    )
    page = (await bench.client.get("/suspect-answers", headers=headers_of(bench, "admin"))).text
    for said in ("What should change?", "The legs.", "How long did it take?", "Too &lt;long&gt;"):
        assert said in page


def headers_of(bench: Bench, role: Role, *segments: str, tenant: str = "acme") -> dict[str, str]:
    expires = datetime.now(UTC) + timedelta(hours=1)
    staff = Staff(tenant, uuid7(), "Sara Lund", role, segments, "s-1", expires)
    cookie = AccessPass(SECRET, clock=lambda: bench.now).sign(staff)
    return {"cookie": f"{ACCESS_COOKIE}={cookie}", "accept": "text/html", "sec-fetch-site": "same-origin"}


async def press(bench: Bench, answer: UUID, judgement: str, headers: dict[str, str]) -> int:
    form = {"judgement": judgement, "csrf": CsrfGuard(SECRET).token("s-1")}
    answered = await bench.client.post(f"/suspect-answers/{answer}/judgement", data=form, headers=headers)
    return answered.status_code


@pytest.mark.parametrize("role", ROLES)
async def test_on_the_page_the_roles_that_may_judge_answers_of_their_segments(
    bench: Bench, role: Role
) -> None:
    answer = await a_suspect(bench)
    status = 303 if role in JUDGING_ROLES else 404
    whole = headers_of(bench, role)
    page = await bench.client.get("/suspect-answers", headers=whole)
    assert page.status_code == (200 if role in JUDGING_ROLES else 404)
    assert ("Click here" in page.text) == (role in JUDGING_ROLES)
    for others in (headers_of(bench, role, "store:odense"), headers_of(bench, role, tenant="zenith")):
        assert "Click here" not in (await bench.client.get("/suspect-answers", headers=others)).text
        assert await press(bench, answer, "human", others) == 404
    assert await press(bench, answer, "perhaps", whole) == (422 if status == 303 else 404)
    assert await press(bench, answer, "human", headers_of(bench, role, "store:aarhus")) == status
    assert ((await last(bench)).score == 0) == (role in JUDGING_ROLES)


async def test_the_pages_together_show_each_answer_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.collector.suspect_pages.ANSWERS_PER_PAGE", 2)
    answers = [await a_suspect(bench) for _ in range(5)]
    seen: list[str] = []
    address = "/suspect-answers"
    while address:
        page = await bench.client.get(address, headers=headers_of(bench, "leader"))
        seen += re.findall(r'id="answer-([\w-]+)"', page.text)
        more = re.search(r'href="(/suspect-answers\?before=[^"]+)"', page.text)
        address = more[1] if more else ""
    assert sorted(seen) == sorted(map(str, answers))


async def test_an_anonymous_post_with_a_sign_is_not_taken_and_the_next_one_of_a_person_is(
    bench: Bench,
) -> None:
    """Nobody could find such an answer to judge it, so nothing of it is kept, and the link stays free."""
    invitation = await bench.invite(anonymous=True)
    link = f"/s/{LinkSigner(SECRET).sign('anonymous', invitation)}"
    page = await bench.client.get(link)
    form = {**dict(FIELD_PATTERN.findall(page.text)), "score": "9", "action": "send", "comment": "Good."}
    refused = await bench.client.post(link, data=form)
    assert refused.status_code == 409
    assert "Please press Send once more." in refused.text
    assert "Good." in refused.text
    assert await bench.rows("SELECT id FROM answer UNION ALL SELECT invitation_id FROM answered_link") == []
    again = {**form, **dict(FIELD_PATTERN.findall(refused.text))}
    bench.now += MINUTE
    assert (await bench.client.post(link, data=again)).status_code == 303
    assert [(answer.score, answer.signs) for answer in await bench.published()] == [(9, ())]


SIGNED: dict[MachineSign, tuple[dict[str, str], str, timedelta]] = {
    "honeypot": ({"website": "filled in by the browser"}, "Mozilla/5.0", MINUTE),
    "agent": ({}, "Mimecast URL Protect", MINUTE),
    "untouched": ({"touched": "0"}, "Mozilla/5.0", MINUTE),
    "early": ({}, "Mozilla/5.0", timedelta(seconds=3)),
    "fast": ({}, "Mozilla/5.0", timedelta()),
}
"""What a person posts that shows each sign, by which program, and how long after its page was opened."""


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("what", ["first answer", "amendment", "anonymous"])
async def test_whatever_sign_a_person_shows_nothing_of_theirs_is_refused_for_ever_or_dropped_without_a_word(
    bench: Bench, sign: MachineSign, what: str
) -> None:
    shown, agent, later = SIGNED[sign]
    is_anonymous = what == "anonymous"
    mails: dict[str, Any] = {"sent_at": bench.now} if sign == "early" else {}
    invitation = await bench.invite(anonymous=is_anonymous, **mails)
    link = f"/s/{LinkSigner(SECRET).sign('anonymous' if is_anonymous else 'answer', invitation)}"
    if what == "amendment":
        given = await press_send(bench, invitation, await opened(bench, invitation), 3, touched="1")
        assert given.status_code == 303
    before = await bench.published()

    async def post(page: httpx.Response, score: int) -> httpx.Response:
        fields = dict(FIELD_PATTERN.findall(page.text))
        form = {**fields, **shown, "score": str(score), "action": "send", "comment": "It is better now."}
        return await bench.client.post(link, data=form, headers={"user-agent": agent})

    page = await bench.client.get(link, params={"change": "1"})
    bench.now += later
    answer = await post(page, 9)
    if what == "first answer":
        assert answer.status_code == 303
        (kept,) = await listed(bench, suspect=True)
        assert (kept["score"], kept["signs"]) == (9, [sign])
        return
    if answer.status_code == 409:
        assert "Please press Send once more." in answer.text
        assert "It is better now." in answer.text
        assert await bench.published() == before
        bench.now += MINUTE
        answer = await post(answer, 9)
    assert answer.status_code == 303
    last_one = await last(bench)
    assert (last_one.score, last_one.comment, last_one.signs) == (9, "It is better now.", ())


@pytest.mark.parametrize("what", ["amendment", "anonymous"])
async def test_a_hand_on_the_page_outweighs_the_program_where_nothing_can_be_held(
    bench: Bench, what: str
) -> None:
    invitation = await bench.invite(anonymous=what == "anonymous")
    link = f"/s/{LinkSigner(SECRET).sign('anonymous' if what == 'anonymous' else 'answer', invitation)}"
    if what == "amendment":
        await bench.submit(invitation, 3)
    bench.now += MINUTE
    page = await bench.client.get(link, params={"change": "1"})
    form = {**dict(FIELD_PATTERN.findall(page.text)), "score": "9", "action": "send", "touched": "1"}
    bench.now += MINUTE
    sent = await bench.client.post(link, data=form, headers={"user-agent": "Mimecast URL Protect"})
    assert sent.status_code == 303
    assert ((await last(bench)).score, (await last(bench)).signs) == (9, ())


async def test_answers_to_tests_show_no_signs(bench: Bench) -> None:
    await a_suspect(bench, test=True)
    assert (await last(bench)).signs == ()


async def test_a_restored_collector_has_signs_and_judgements_again(bench: Bench) -> None:
    waiting, counted = await a_suspect(bench, 1), await a_suspect(bench, 2)
    left_out = await a_suspect(bench, 3)
    await judge(bench, counted, "human")
    await judge(bench, left_out, "machine")
    kept = [dict(row._mapping) for row in await bench.rows("SELECT * FROM answer ORDER BY id")]
    assert {row["id"] for row in kept} == {waiting, counted, left_out}
    events = [ANSWERS.event("acme", answer, bench.now) for answer in await bench.published()]
    async with bench.context.database.transaction() as uow:
        owned, _ = await answers_page(uow, None, 10)
        assert sorted(owned, key=lambda one: one[1].id) == sorted(
            ((event.tenant, event.data) for event in {event.data.id: event for event in events}.values()),
            key=lambda one: one[1].id,
        )
        await uow.execute("TRUNCATE answer, answer_history")
        await restore_answers(uow, events)
    again = [dict(row._mapping) for row in await bench.rows("SELECT * FROM answer ORDER BY id")]
    pages = {"page", "page_seq"}
    assert [{name: row[name] for name in row.keys() - pages} for row in again] == [
        {name: row[name] for name in row.keys() - pages} for row in kept
    ]


async def test_the_gauge_counts_what_waits_to_be_judged(bench: Bench) -> None:
    answer = await a_suspect(bench)
    await a_suspect(bench)
    await judge(bench, answer, "machine")
    async with bench.context.database.reading() as uow:
        assert await suspects.count_unjudged(uow) == 1


@pytest.mark.browser
async def test_a_script_that_presses_send_is_held_and_a_hand_is_not(
    bench: Bench, browser: Browser, origin: str
) -> None:
    by_script, by_hand = await bench.invite(), await bench.invite()
    async with a_page(browser) as page:
        await page.goto(f"{origin}/s/{bench.token(by_script)}?v=3")
        bench.now += MINUTE
        await page.evaluate("document.querySelector('button[value=send]').click()")
        await expect(page.get_by_role("heading")).to_contain_text("Thank you.")
        assert (await last(bench)).signs == ("untouched",)
        await page.goto(f"{origin}/s/{bench.token(by_hand)}?v=3")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading")).to_contain_text("Thank you.")
        assert ((await last(bench)).score, (await last(bench)).signs) == (3, ())


@pytest.mark.browser
async def test_the_page_reads_well_and_its_buttons_judge(bench: Bench, browser: Browser, origin: str) -> None:
    answer = await a_suspect(bench)
    other = await bench.invite()
    await press_send(
        bench,
        other,
        await opened(bench, other),
        10,
        "Barracuda",
        website="x",
        touched="0",
        comment="Great " * 40,
    )
    cookie = headers_of(bench, "leader")["cookie"].partition("=")
    for width, scheme, language in views(360, 1280):
        options: dict[str, Any] = {"color_scheme": scheme, "locale": language}
        async with a_page(browser, viewport={"width": width, "height": 800}, **options) as page:
            await page.context.add_cookies([{"name": cookie[0], "value": cookie[2], "url": origin}])
            await page.goto(f"{origin}/suspect-answers")
            await look(page, "suspect-answers")
            assert await violations(page) == []
    async with a_page(browser, locale="en") as page:
        await page.context.add_cookies([{"name": cookie[0], "value": cookie[2], "url": origin}])
        await page.goto(f"{origin}/suspect-answers")
        row = page.locator(f"#answer-{answer}")
        await row.get_by_role("button", name="A person’s: count it").click()
        await expect(page.get_by_role("status").first).to_contain_text("It counts now")
        await expect(row).to_have_count(0)
        await page.get_by_role("link", name="Judged", exact=True).click()
        await row.get_by_role("button", name="A machine’s: leave it out").click()
        await expect(row.get_by_text("It does not count.")).to_be_visible()
    assert (await last(bench)).judgement == "machine"
