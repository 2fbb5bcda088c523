"""Open links: one answer of each device, own limits, nobody known, and never a part of a score."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.audit import an_actor
from support.eventually import eventually
from support.forms import forms_of

from services.alerts.cases.domain.case_rules import may_open
from services.alerts.cases.domain.policy import current_policy
from services.collector import share_staff_pages
from services.collector.merging import field_of
from services.collector.repository import share_links
from services.collector.share_commands import make_link
from services.collector.share_schemas import ShareLinkBody
from services.scorer.handlers import _counted
from shared.events import ANSWERS, Question, QuestionTexts, SurveyTexts
from shared.http.csrf import CSRF_HEADER, CsrfGuard
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff
from shared.ids import derived, uuid7
from shared.permissions import Role

from .conftest import ASKS, SECRET, SURVEY, Bench, bearer

WAITING_FOR_A_LOCK = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
EDIT = {"Authorization": "Bearer key-of-editing"}


async def made(bench: Bench, **changed: Any) -> dict[str, Any]:
    """A link of the live survey, made by an editor."""
    await bench.keep_survey(ASKS)
    body = {"survey_id": str(SURVEY), "name": "Counter", "segments": {"store": "aarhus"}, **changed}
    answered = await bench.client.post("/v1/share-links", json=body, headers=an_editor(bench))
    assert answered.status_code == 201, answered.text
    found: dict[str, Any] = answered.json()
    return found


def an_editor(bench: Bench, role: Role = "editor", tenant: str = "acme") -> dict[str, str]:
    staff = Staff(tenant, uuid7(), "Sara", role, (), "session", bench.now + timedelta(hours=1))
    cookie = AccessPass(SECRET, clock=lambda: bench.now).sign(staff)
    return {"Cookie": f"{ACCESS_COOKIE}={cookie}", CSRF_HEADER: CsrfGuard(SECRET).token("session")}


class Device:
    """A browser that keeps cookies as one does."""

    def __init__(self, bench: Bench, url: str, language: str = "en") -> None:
        self.bench, self.path = bench, url.removeprefix("http://test.example")
        self.headers = {"Accept-Language": language}
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(bench.app), base_url="http://test.example", trust_env=False
        )

    async def open(self, query: str = "") -> httpx.Response:
        return await self.client.get(f"{self.path}{query}", headers=self.headers)

    async def fill_in(self, score: int, action: str = "send", **fields: str) -> httpx.Response:
        """Open the page as a person does, and post its form a while later."""
        (typed,) = [each.fields for each in forms_of((await self.open()).text) if each.action == self.path]
        return await self.post({**typed, "score": str(score), "action": action, "touched": "1", **fields})

    async def post(self, form: dict[str, str]) -> httpx.Response:
        return await self.client.post(self.path, data=form, headers=self.headers)


async def test_an_open_link_takes_one_answer_of_each_device_and_knows_nobody(bench: Bench) -> None:
    link = await made(bench)
    phone = Device(bench, link["url"], "da")
    page = await phone.open()
    assert (page.status_code, "set-cookie" in page.headers) == (200, False)
    assert "Vil du anbefale Acme?" in page.text
    assert 'name="may_contact"' not in page.text
    assert "/u/" not in page.text
    assert await bench.rows("SELECT id FROM answer") == []
    sent = await phone.fill_in(3, comment="For langsomt", language="da")
    assert sent.status_code == 303
    cookie = sent.headers["set-cookie"]
    assert f"Path={phone.path}" in cookie
    assert "HttpOnly" in cookie
    thanks = await phone.open()
    assert forms_of(thanks.text) == []
    (answer,) = await bench.published()
    assert (answer.origin, answer.channel, answer.state, answer.score) == ("link", "share", "sent", 3)
    assert (answer.customer_id, answer.person, answer.event_id, answer.language) == (None, "", None, "da")
    assert (answer.segments, answer.comment) == ({"store": "aarhus"}, "For langsomt")
    # Another browser is another device.
    assert (await Device(bench, link["url"]).fill_in(9)).status_code == 303
    told = await bench.client.get(f"/v1/share-links/{link['id']}", headers=an_editor(bench))
    assert {name: told.json()[name] for name in ("answers", "promoters", "passives", "detractors")} == {
        "answers": 2, "promoters": 1, "passives": 0, "detractors": 1
    }  # fmt: skip


async def test_it_is_saved_while_it_is_written_and_final_when_it_is_sent(bench: Bench) -> None:
    link = await made(bench)
    phone = Device(bench, link["url"])
    (typed,) = [each.fields for each in forms_of((await phone.open()).text) if each.action == phone.path]
    kept = {**typed, "score": "9", "action": "keep", "touched": "1", "seq": "1"}
    assert (await phone.post(kept)).json()["saved"] == 9
    assert (await phone.post({**kept, "score": "10", "seq": "2"})).json()["saved"] == 10
    sent = await phone.post({**kept, "score": "6", "action": "send", "seq": "3", "comment": "Fine"})
    assert sent.status_code == 303
    late = await phone.post({**kept, "score": "1", "seq": "4"})
    assert late.status_code == 409
    answers = await bench.published()
    assert [(each.state, each.score) for each in answers] == [("saved", 9), ("saved", 10), ("sent", 6)]
    assert len({each.id for each in answers}) == 1
    (row,) = await bench.rows("SELECT CAST(scores AS text) AS scores FROM share_link")
    assert row.scores == "[0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]"


async def test_two_pages_of_one_browser_are_one_answer(bench: Bench) -> None:
    link = await made(bench)
    phone = Device(bench, link["url"])
    forms = [
        next(each.fields for each in forms_of((await phone.open()).text) if each.action == phone.path)
        for _ in range(2)
    ]
    for form in forms:
        await phone.post({**form, "score": "8", "action": "send", "touched": "1"})
    assert len(await bench.rows("SELECT id FROM answer")) == 1


async def test_no_get_and_no_machine_answers(bench: Bench) -> None:
    link = await made(bench)
    for score in range(11):
        await Device(bench, link["url"]).open(f"?v={score}")
        await bench.client.head(f"{link['url']}?v={score}")
    robot = Device(bench, link["url"])
    assert (await robot.fill_in(0, website="https://spam.example")).status_code == 409
    assert (await robot.fill_in(0, touched="0")).status_code == 409
    assert (await robot.fill_in(0, secret="00.11")).status_code == 409
    (typed,) = [each.fields for each in forms_of((await robot.open()).text) if each.action == robot.path]
    other = await made(bench, name="Other")
    crossed = Device(bench, other["url"])
    assert (await crossed.post({**typed, "score": "1", "action": "send", "touched": "1"})).status_code == 409
    assert await bench.rows("SELECT id FROM answer") == []


async def test_its_limits_hold_whoever_comes_at_once(bench: Bench) -> None:
    link = await made(bench, per_day=2, in_all=3)
    devices = [Device(bench, link["url"]) for _ in range(5)]
    forms = [
        next(each.fields for each in forms_of((await device.open()).text) if each.action == device.path)
        for device in devices
    ]
    posts = zip(devices, forms, strict=True)
    results = await asyncio.gather(
        *(device.post({**form, "score": "7", "action": "send", "touched": "1"}) for device, form in posts)
    )
    assert sorted(each.status_code for each in results) == [303, 303, 404, 404, 404]
    assert (await Device(bench, link["url"]).open()).status_code == 404
    bench.now += timedelta(days=1)
    assert (await Device(bench, link["url"]).fill_in(7)).status_code == 303
    assert (await Device(bench, link["url"]).open()).status_code == 404


async def test_pausing_and_ending_close_it_and_its_survey_does_so_too(bench: Bench) -> None:
    link = await made(bench)
    at = f"/v1/share-links/{link['id']}"
    gone = await Device(bench, "http://test.example/q/nothinghere").open()

    async def opened() -> int:
        page = await Device(bench, link["url"]).open()
        if page.status_code == 404:
            assert re.sub(r"/q/\w+", "", page.text) == re.sub(r"/q/\w+", "", gone.text)
        return page.status_code

    for state, status in (("paused", 404), ("live", 200)):
        changed = await bench.client.patch(at, json={"state": state}, headers=an_editor(bench))
        assert (changed.json()["state"], await opened()) == (state, status)
    await bench.keep_survey(ASKS, version=2, state="paused")
    assert await opened() == 404
    await bench.keep_survey(ASKS, version=3)
    await bench.client.patch(at, json={"state": "ended"}, headers=an_editor(bench))
    assert await opened() == 404
    again = await bench.client.patch(at, json={"state": "live"}, headers=an_editor(bench))
    assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "/state")


async def test_a_device_of_many_people_takes_many_answers_and_keeps_nothing(bench: Bench) -> None:
    link = await made(bench, one_per_device=False)
    tablet = Device(bench, link["url"])
    for _ in range(3):
        thanks = await tablet.fill_in(10)
        assert (thanks.status_code, "set-cookie" in thanks.headers) == (200, False)
        assert forms_of(thanks.text) == []
    assert len(await bench.rows("SELECT id FROM answer")) == 3


async def test_its_answers_count_in_no_score_and_open_no_case(bench: Bench) -> None:
    link = await made(bench)
    await Device(bench, link["url"]).fill_in(0)
    (answer,) = await bench.published()
    assert _counted(ANSWERS.event("acme", answer, bench.now)).score is None
    assert not may_open(answer, current_policy())
    listed = await bench.client.get("/v1/answers", headers={"Authorization": "Bearer key-of-acme"})
    (one,) = listed.json()["answers"]
    assert (one["origin"], one["channel"], one["customer_id"]) == ("link", "share", None)


async def test_an_editor_makes_prints_and_pauses_one_on_its_pages(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    editor = {**an_editor(bench), "Accept": "text/html"}
    at = f"/share-links?survey={SURVEY}"
    page = await bench.client.get(at, headers=editor)
    (typed,) = [each.fields for each in forms_of(page.text) if each.action == "/share-links"]
    wrong = await bench.client.post(
        "/share-links", data={**typed, "name": " ", "per_day": "0"}, headers=editor
    )
    assert (wrong.status_code, wrong.text.count('class="wrong"')) == (422, 2)
    filled = {**typed, "name": "Counter", "store": "aarhus", "per_day": "50"}
    first, again = [await bench.client.post("/share-links", data=filled, headers=editor) for _ in range(2)]
    assert first.headers["location"] == again.headers["location"]
    other = await bench.client.post("/share-links", data={**filled, "name": "Door"}, headers=editor)
    assert (other.status_code, "made by this form already" in other.text) == (409, True)
    (anew,) = [each.fields for each in forms_of(other.text) if each.action == "/share-links"]
    assert (anew["name"], anew["new_id"] in {"", typed["new_id"]}) == ("Door", False)
    own = first.headers["location"].partition("?")[0]
    shown = (await bench.client.get(own, headers=editor)).text
    assert "No answer at Counter yet" in shown
    for kind, begin in (("svg", b"<svg"), ("png", b"\x89PNG")):
        code = await bench.client.get(f"{own}/qr.{kind}", headers=editor)
        assert code.content.startswith(begin)
    (form,) = [each.fields for each in forms_of(shown) if each.action == own]
    paused = await bench.client.post(own, data={**form, "act": "pause"}, headers=editor)
    assert paused.status_code == 303
    for role in ("agent", "analyst", "leader"):
        refused = await bench.client.get(own, headers={**an_editor(bench, role), "Accept": "text/html"})
        assert refused.status_code == 404
    foreign = await bench.client.get(
        own, headers={**an_editor(bench, tenant="zenith"), "Accept": "text/html"}
    )
    assert foreign.status_code == 404
    audit = await bench.rows("SELECT seq FROM outbox WHERE topic = 'audit.v1'")
    assert len(audit) == 2


async def test_its_page_shows_the_newest_comments_to_who_reads_answers_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share_staff_pages, "COMMENTS_PER_PAGE", 2)
    link, other = await made(bench, one_per_device=False), await made(bench, name="Door")
    for number, score in enumerate((0, 7, 10)):
        bench.now += timedelta(minutes=1)
        await Device(bench, link["url"], "da").fill_in(score, comment=f"Ord <b>{number}</b>", language="da")
    await Device(bench, link["url"]).fill_in(9)  # without words
    await Device(bench, other["url"]).fill_in(1, comment="At another place")
    path = f"/share-links/{link['id']}"

    async def shown(role: Role, query: str = "", tenant: str = "acme") -> httpx.Response:
        headers = {**an_editor(bench, role, tenant), "Accept": "text/html"}
        return await bench.client.get(f"{path}{query}", headers=headers)

    first = (await shown("admin")).text
    assert re.findall(r"Ord &lt;b&gt;(\d)", first) == ["2", "1"]
    assert re.findall(r"Score </span><b>(\d+)</b>", first) == ["10", "7"]
    assert "At another place" not in first
    (more,) = re.findall(r'href="/share-links/[^"?]*(\?before=[^"#]*)#comments"', first)
    earlier = (await shown("admin", more)).text
    assert (re.findall(r"Ord &lt;b&gt;(\d)", earlier), "?before=" in earlier) == (["0"], False)
    assert (await shown("admin", "?before=x")).status_code == 422
    of_editor = (await shown("editor")).text
    assert "4 answers at Counter" in of_editor
    assert 'id="comments"' not in of_editor
    assert "Ord" not in of_editor
    assert (await shown("admin", tenant="zenith")).status_code == 404


async def test_its_page_shows_a_text_that_replies_to_a_further_question_alone(bench: Bench) -> None:
    words = {"en": SurveyTexts(question_texts={"why": QuestionTexts(text="Who told you how long?")})}
    await bench.keep_survey(words, questions=(Question(id="why", kind="text"),), version=2)
    body = {
        "survey_id": str(SURVEY),
        "name": "Counter",
        "segments": {"store": "aarhus"},
        "one_per_device": False,
    }
    link = (await bench.client.post("/v1/share-links", json=body, headers=an_editor(bench))).json()
    await Device(bench, link["url"]).fill_in(3, **{field_of("why"): "A <b>driver"})
    await Device(bench, link["url"]).fill_in(9)  # without words
    headers = {**an_editor(bench, "admin"), "Accept": "text/html"}
    page = (await bench.client.get(f"/share-links/{link['id']}", headers=headers)).text
    assert re.findall(r"Score </span><b>(\d+)</b>", page) == ["3"]
    assert re.findall(r'<p class="small"[^>]*>(Who[^<]*)</p><p class="said whole"[^>]*>([^<]*)<', page) == [
        ("Who told you how long?", "A &lt;b&gt;driver")
    ]


async def test_the_comments_of_a_link_stay_in_their_company_and_segments_and_name_nobody(
    bench: Bench,
) -> None:
    await bench.keep_survey(ASKS, anonymous=True)
    body = {"survey_id": str(SURVEY), "name": "Counter", "segments": {"store": "aarhus"}}
    link = (await bench.client.post("/v1/share-links", json=body, headers=an_editor(bench))).json()
    await Device(bench, link["url"]).fill_in(3, comment="Slow")
    link_id = UUID(link["id"])
    async with bench.context.database.reading() as uow:
        for tenant, allowed, expected in (
            ("acme", (), ["Slow"]),
            ("acme", ("store:aarhus",), ["Slow"]),
            ("acme", ("store:odense",), []),
            ("zenith", (), []),
        ):
            found = await share_links.list_comments(
                uow, tenant, link_id, allowed=allowed, before=None, limit=9
            )
            assert [answer.comment for answer in found] == expected, (tenant, allowed)
            assert {(answer.customer_id, answer.person, answer.event_id) for answer in found} <= {
                (None, "", None)
            }
    await bench.client.patch(f"/v1/share-links/{link_id}", json={"state": "ended"}, headers=an_editor(bench))
    admin = {**an_editor(bench, "admin"), "Accept": "text/html"}
    assert "Slow" in (await bench.client.get(f"/share-links/{link_id}", headers=admin)).text


async def test_answers_are_listed_by_origin_and_by_link(bench: Bench) -> None:
    link, other = await made(bench), await made(bench, name="Door")
    await Device(bench, link["url"]).fill_in(3)
    await Device(bench, other["url"]).fill_in(9)
    await bench.import_answers({"id": "n-1", "score": 5, "answered_at": "2026-01-01T00:00:00Z"})

    async def listed(tenant: str = "acme", **query: str) -> list[int]:
        found = await bench.client.get("/v1/answers", params=query, headers=bearer(tenant))
        return sorted(answer["score"] for answer in found.json()["answers"])

    assert await listed() == [3, 5, 9]
    assert await listed(origin="link") == [3, 9]
    assert await listed(origin="import") == [5]
    assert await listed(link=link["id"]) == [3]
    assert await listed(link=link["id"], origin="import") == []
    assert await listed("zenith", link=link["id"]) == []
    for wrong in ({"origin": "poster"}, {"link": "x"}):
        assert (await bench.client.get("/v1/answers", params=wrong, headers=bearer())).status_code == 422


async def test_a_link_belongs_to_a_live_survey_and_is_made_once(bench: Bench) -> None:
    await bench.keep_survey(ASKS, state="paused")
    body = {"survey_id": str(SURVEY), "name": "Counter"}
    refused = await bench.client.post("/v1/share-links", json=body, headers=an_editor(bench))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/survey_id")
    await bench.keep_survey(ASKS, version=2)
    key = {**an_editor(bench), "Idempotency-Key": "once"}
    one, two = [await bench.client.post("/v1/share-links", json=body, headers=key) for _ in range(2)]
    assert one.json() == two.json()
    other = await bench.client.post("/v1/share-links", json={**body, "name": "Door"}, headers=key)
    assert other.status_code == 409
    listed = await bench.client.get(
        "/v1/share-links", params={"survey_id": str(SURVEY)}, headers=an_editor(bench)
    )
    assert [each["id"] for each in listed.json()["share_links"]] == [one.json()["id"]]


async def test_a_survey_that_asks_after_cases_has_no_link_and_one_from_before_takes_no_answer(
    bench: Bench,
) -> None:
    remedy = "This survey asks after cases alone, so that it has no open links."
    link = await made(bench)
    assert (await Device(bench, link["url"]).open()).status_code == 200
    await bench.keep_survey(ASKS, version=2, measurement="recovery")
    body = {"survey_id": str(SURVEY), "name": "Door"}
    refused = await bench.client.post("/v1/share-links", json=body, headers=an_editor(bench))
    assert (refused.status_code, refused.json()["errors"]) == (
        422,
        [{"field": "/survey_id", "detail": remedy}],
    )
    editor = {**an_editor(bench), "Accept": "text/html"}
    page = await bench.client.get(f"/share-links?survey={SURVEY}", headers=editor)
    assert (remedy in page.text, [form.action for form in forms_of(page.text)].count("/share-links")) == (
        True,
        0,
    )
    assert (await Device(bench, link["url"]).open()).status_code == 404


async def test_of_two_requests_that_make_one_link_at_once_both_get_the_address_that_is_kept(
    bench: Bench,
) -> None:
    await bench.keep_survey(ASKS)
    body = {"survey_id": str(SURVEY), "name": "Counter"}
    key = {**an_editor(bench), "Idempotency-Key": "at once"}
    link_id = derived("share link", "acme", "at once")
    wanted = ShareLinkBody.model_validate(body).model_dump(exclude={"survey_id"})
    async with bench.context.database.transaction() as uow:
        first = await make_link(uow, "acme", link_id, SURVEY, who=an_actor("another request"), **wanted)
        second = asyncio.create_task(bench.client.post("/v1/share-links", json=body, headers=key))
        await eventually(lambda: bench.rows(WAITING_FOR_A_LOCK))
    answered = (await second).json()
    assert (answered["id"], answered["url"].endswith(f"/q/{first.code}")) == (str(link_id), True)
