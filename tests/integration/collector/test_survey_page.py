"""The customer's page: what a followed link does and does not do, and what becomes of an answer."""

import asyncio
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from shared.events import TENANTS
from shared.ids import uuid7
from shared.link_tokens import LinkSigner
from shared.tenancy.tenants import keep_tenants

from .conftest import ASKS, SECRET, Bench, tenant_of


async def answers(bench: Bench) -> list[tuple[int | None, str, int]]:
    rows = await bench.rows("SELECT score, state, version FROM answer ORDER BY id")
    return [(row.score, row.state, row.version) for row in rows]


async def test_a_followed_score_link_preselects_and_is_published_once_as_clicked(bench: Bench) -> None:
    invitation = await bench.invite()
    for _ in range(2):
        page = await bench.client.get(f"/s/{bench.token(invitation)}?v=7")
        assert page.status_code == 200
        assert re.findall(r'value="(\d+)"[^>]* checked', page.text) == ["7"]
    assert await answers(bench) == [(None, "clicked", 1)]
    (answer,) = await bench.published()
    assert (answer.state, answer.score, answer.answered_at, answer.day) == ("clicked", None, None, None)
    (intent,) = await bench.rows("SELECT visits, score, flag FROM intent")
    assert (intent.visits, intent.score, intent.flag) == (2, 7, None)


async def test_a_scanner_that_follows_every_score_is_flagged_once_and_the_human_counts_once(
    bench: Bench,
) -> None:
    invitation = await bench.invite()
    for score in range(11):
        bench.now += timedelta(milliseconds=180)
        await bench.client.get(f"/s/{bench.token(invitation)}?v={score}")
    assert [row.flag for row in await bench.rows("SELECT flag FROM intent")] == ["scores"]
    assert await answers(bench) == [(None, "clicked", 1)]
    assert (await bench.submit(invitation, 9)).status_code == 303
    assert await answers(bench) == [(9, "sent", 2)]
    assert [answer.score for answer in await bench.published()] == [None, 9]


async def test_who_thinks_again_slowly_is_no_scanner(bench: Bench) -> None:
    invitation = await bench.invite()
    for score in (3, 8, 5, 6):
        bench.now += timedelta(seconds=6)
        await bench.client.get(f"/s/{bench.token(invitation)}?v={score}")
    assert [row.flag for row in await bench.rows("SELECT flag FROM intent")] == [None]


@pytest.mark.parametrize(
    ("query", "agent", "flag"),
    [("?trap=1", "Mozilla/5.0", "honeypot"), ("?v=3", "Barracuda Sentinel (EE)", "agent")],
)
async def test_a_known_machine_is_flagged_and_publishes_no_click(
    bench: Bench, query: str, agent: str, flag: str
) -> None:
    invitation = await bench.invite()
    await bench.client.get(f"/s/{bench.token(invitation)}{query}", headers={"User-Agent": agent})
    assert [row.flag for row in await bench.rows("SELECT flag FROM intent")] == [flag]
    assert await bench.published() == []
    await bench.submit(invitation, 4)
    assert [answer.score for answer in await bench.published()] == [4]


async def test_asking_for_headers_or_fetching_beforehand_writes_nothing(bench: Bench) -> None:
    invitation = await bench.invite()
    link = f"/s/{bench.token(invitation)}?v=7"
    for _ in range(100):
        assert (await bench.client.head(link)).status_code == 200
    await bench.client.options(link)
    await bench.client.get(link, headers={"Sec-Purpose": "prefetch;prerender"})
    await bench.client.get(link, headers={"Purpose": "prefetch"})
    assert await bench.rows("SELECT 1 FROM intent UNION ALL SELECT 1 FROM answer") == []


async def test_a_second_score_within_the_time_is_the_same_answer_and_the_first_is_kept(bench: Bench) -> None:
    invitation = await bench.invite()
    await bench.submit(invitation, 3, action="choose")
    bench.now += timedelta(hours=47)
    await bench.submit(invitation, 8, comment="It came after all.", may_contact="no")
    assert await answers(bench) == [(8, "sent", 2)]
    history = await bench.rows("SELECT version, score, state FROM answer_history")
    assert [(row.version, row.score, row.state) for row in history] == [(1, 3, "saved")]
    first, second = await bench.published()
    assert (first.state, first.score, first.version) == ("saved", 3, 1)
    assert (second.comment, second.may_contact) == ("It came after all.", False)
    assert second.answered_at == first.answered_at
    assert second.day == first.day


async def test_an_answer_carries_what_the_invitation_knew(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    invitation = await bench.invite(test=True)
    await bench.submit(invitation, 2, follow_up_detractor="Ring first.", follow_up_promoter="Not asked")
    (answer,) = await bench.published()
    assert answer.id == invitation
    assert (answer.customer_id, answer.touchpoint, answer.test, answer.origin) == (
        "kw-4711",
        "delivery",
        True,
        "survey",
    )
    assert answer.segments == {"touchpoint": "delivery", "store": "aarhus"}
    assert answer.organisation == ("north", "sales")
    assert (answer.follow_up_question, answer.follow_up) == ("What should we have done?", "Ring first.")
    assert answer.may_contact is None


async def test_two_posts_at_once_are_one_answer_with_one_order(bench: Bench) -> None:
    invitation = await bench.invite()
    replies = await asyncio.gather(*(bench.submit(invitation, score, action="choose") for score in range(6)))
    assert {reply.status_code for reply in replies} == {200}
    ((score, state, version),) = await answers(bench)
    published = await bench.published()
    assert [answer.version for answer in published] == list(range(1, 7))
    assert (published[-1].score, state, version) == (score, "saved", 6)
    assert len({(answer.answered_at, answer.day) for answer in published}) == 1


async def test_pressing_send_twice_changes_nothing_more(bench: Bench) -> None:
    invitation = await bench.invite()
    for _ in range(2):
        assert (await bench.submit(invitation, 6, comment="Late.")).status_code == 303
    assert len(await bench.published()) == 1


async def test_what_was_sent_stays_sent_when_only_the_score_changes(bench: Bench) -> None:
    invitation = await bench.invite()
    await bench.submit(invitation, 6, comment="Late.", may_contact="yes")
    await bench.submit(invitation, 7, action="choose")
    answer = (await bench.published())[-1]
    assert (answer.state, answer.score, answer.comment, answer.may_contact) == ("sent", 7, "Late.", True)


async def test_after_48_hours_the_answer_stands_and_the_page_shows_nothing_of_it(bench: Bench) -> None:
    invitation = await bench.invite()
    await bench.submit(invitation, 6, comment="CRUNCHY-ARMCHAIR")
    assert "CRUNCHY-ARMCHAIR" in (await bench.client.get(f"/s/{bench.token(invitation)}?change=1")).text
    bench.now += timedelta(hours=48)
    for reply in (
        await bench.client.get(f"/s/{bench.token(invitation)}"),
        await bench.submit(invitation, 10),
    ):
        assert reply.status_code == 404
        assert "This link no longer works. Thank you all the same." in reply.text
        assert "CRUNCHY-ARMCHAIR" not in reply.text
    assert await answers(bench) == [(6, "sent", 1)]


async def test_the_time_to_amend_outlives_the_link(bench: Bench) -> None:
    invitation = await bench.invite(expires_at=bench.now + timedelta(hours=1))
    await bench.submit(invitation, 6)
    bench.now += timedelta(hours=2)
    assert (await bench.submit(invitation, 7)).status_code == 303


async def test_a_link_whose_mail_was_postponed_lives_as_long_as_its_newest_version_says(bench: Bench) -> None:
    """Whichever version comes first: another partition's record may be the older one."""
    early, late = timedelta(hours=1), timedelta(hours=24)
    for versions in ((1, early), (2, late)), ((2, late), (1, early)):
        id_ = uuid7()
        for version, life in versions:
            await bench.invite(id=id_, version=version, expires_at=bench.now + life)
        bench.now += timedelta(hours=23)
        assert (await bench.submit(id_, 7)).status_code == 303
        unanswered = uuid7()
        for version, life in versions:
            await bench.invite(id=unanswered, version=version, expires_at=bench.now + life)
        bench.now += timedelta(hours=24)
        assert (await bench.submit(unanswered, 7)).status_code == 404


async def test_every_link_that_leads_nowhere_gets_the_same_page(bench: Bench) -> None:
    invitation = await bench.invite()
    expired = await bench.invite(expires_at=bench.now)
    dropped = await bench.invite(state="dropped")
    never_came = uuid7()
    foreign = LinkSigner("another-secret-of-at-least-32-characters").sign("answer", invitation)
    unsubscribe = LinkSigner(SECRET).sign("unsubscribe", invitation)
    token = bench.token(invitation)
    wrong = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    tokens = [foreign, unsubscribe, wrong, "x", token + "A", bench.token(expired), bench.token(dropped)]
    bench.now += timedelta(minutes=1)
    replies = [await bench.client.get(f"/s/{each}?v=3") for each in tokens]
    replies += [await bench.client.post(f"/s/{each}", data={"score": "3"}) for each in tokens]
    bench.now = datetime.now(UTC) + timedelta(days=15)
    replies.append(await bench.client.get(f"/s/{bench.token(never_came)}"))
    assert {(reply.status_code, reply.text) for reply in replies} == {(404, replies[0].text)}
    assert "This link no longer works. Thank you all the same." in replies[0].text
    told = [{name for name in reply.headers if name != "x-request-id"} for reply in replies]
    assert all(names == told[0] for names in told)
    assert await bench.rows("SELECT 1 FROM intent UNION ALL SELECT 1 FROM answer") == []


async def test_a_link_that_is_ahead_of_its_invitation_waits_a_moment(bench: Bench) -> None:
    bench.now = datetime.now(UTC)
    invitation = uuid7()
    early = await bench.client.get(f"/s/{bench.token(invitation)}?v=9")
    assert early.status_code == 503
    assert early.headers["retry-after"] == "2"
    assert '<meta http-equiv="refresh" content="2">' in early.text
    await bench.invite(id=invitation)
    assert (await bench.client.get(f"/s/{bench.token(invitation)}?v=9")).status_code == 200


async def test_the_page_tells_nobody_who_the_customer_is_and_is_kept_by_nobody(bench: Bench) -> None:
    invitation = await bench.invite()
    page = await bench.client.get(f"/s/{bench.token(invitation)}")
    for canary in ("Karen", "karen@example.com", "kw-4711"):
        assert canary not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]


async def test_a_form_without_the_pages_nonce_is_not_taken_and_loses_nothing(bench: Bench) -> None:
    invitation, other = await bench.invite(), await bench.invite()
    for nonce in ("", "1.abc", bench.nonce(other), "x" * 3000, "é.é"):
        reply = await bench.submit(invitation, 3, nonce=nonce, comment="BRASS-LANTERN")
        assert reply.status_code == 409
        assert "BRASS-LANTERN" in reply.text
    old = bench.nonce(invitation)
    bench.now += timedelta(hours=49)
    assert (await bench.submit(invitation, 3, nonce=old)).status_code == 409
    assert await bench.published() == []


@pytest.mark.parametrize("score", ["", "11", "-1", "7.0", "seven", "٣", " 7"])
async def test_a_form_without_a_score_comes_back_with_what_was_written(bench: Bench, score: str) -> None:
    invitation = await bench.invite()
    reply = await bench.submit(invitation, score, comment="Half a sentence")
    assert reply.status_code == 422
    assert "Please choose a number from 0 to 10." in reply.text
    assert "Half a sentence" in reply.text
    assert await bench.published() == []


async def test_a_comment_is_any_text_of_5000_characters_and_no_html(bench: Bench) -> None:
    invitation = await bench.invite()
    comment = "\n<b>&amp; \x00 𝄞 عربي " + "x" * 4970
    assert (await bench.submit(invitation, 5, comment=comment)).status_code == 303
    assert (await bench.published())[0].comment == "<b>&amp;  𝄞 عربي " + "x" * 4970
    page = await bench.client.get(f"/s/{bench.token(invitation)}?change=1")
    assert "&lt;b&gt;&amp;amp;" in page.text
    assert "<b>" not in page.text
    too_long = await bench.submit(invitation, 5, comment="y" * 5001)
    assert too_long.status_code == 422
    assert "y" * 5001 in too_long.text


async def test_the_page_speaks_the_invitations_language_and_any_other_that_is_asked_for(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    invitation = await bench.invite(language="da")
    link = f"/s/{bench.token(invitation)}"
    danish = await bench.client.get(link)
    assert '<html lang="da">' in danish.text
    assert "Vil du anbefale Acme?" in danish.text
    assert "Hvad er den primære årsag til, at du giver den score?" in danish.text
    assert (
        "Hoe waarschijnlijk is het dat u Acme zou aanbevelen"
        in (await bench.client.get(f"{link}?lang=nl")).text
    )
    assert (
        "How likely is it that you would recommend Acme to a friend"
        in (await bench.client.get(f"{link}?lang=en")).text
    )


async def test_changing_the_language_keeps_what_was_typed_and_answers_nothing(bench: Bench) -> None:
    invitation = await bench.invite(language="da")
    reply = await bench.submit(invitation, 4, comment="Halvvejs", may_contact="yes", speak="nl", action="")
    assert reply.status_code == 200
    assert '<html lang="nl">' in reply.text
    assert "Halvvejs" in reply.text
    assert re.findall(r'name="score" value="(\d+)"[^>]* checked', reply.text) == ["4"]
    assert await bench.published() == []
    sent = await bench.submit(invitation, 4, language="nl")
    assert sent.headers["location"].endswith("?lang=nl")
    assert (await bench.published())[-1].language == "nl"


async def test_a_later_visit_speaks_the_language_that_was_answered_in(bench: Bench) -> None:
    invitation = await bench.invite(language="da")
    link = f"/s/{bench.token(invitation)}"
    await bench.submit(invitation, 4, language="nl")
    for path, language in [(link, "nl"), (f"{link}?change=1", "nl"), (f"{link}?lang=da", "da")]:
        assert f'<html lang="{language}">' in (await bench.client.get(path)).text, path


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (0, "Thank you. We are sorry it went like that."),
        (6, "Thank you. We are sorry it went like that."),
        (8, "Thank you. It counts."),
        (9, "Thank you. The people who helped you will read this."),
    ],
)
async def test_the_thanks_fit_what_was_said(bench: Bench, score: int, words: str) -> None:
    invitation = await bench.invite()
    sent = await bench.submit(invitation, score, may_contact="yes")
    page = await bench.client.get(sent.headers["location"])
    assert words in page.text
    assert ("Somebody will contact you." in page.text) is (score <= 6)
    assert "until 22 November, 13:00" in page.text


@pytest.mark.parametrize(
    ("tenant", "at", "day"),
    [
        ("acme", datetime(2026, 3, 28, 22, 59, tzinfo=UTC), date(2026, 3, 28)),
        ("acme", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        ("acme", datetime(2026, 3, 29, 21, 59, tzinfo=UTC), date(2026, 3, 29)),
        ("acme", datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
        ("zenith", datetime(2026, 3, 29, 9, 59, tzinfo=UTC), date(2026, 3, 28)),
    ],
)
async def test_the_day_is_the_tenants_also_when_clocks_change(
    bench: Bench, tenant: str, at: datetime, day: date
) -> None:
    bench.now = at
    invitation = await bench.invite(tenant)
    await bench.submit(invitation, 3)
    bench.now += timedelta(hours=30)
    await bench.submit(invitation, 4)
    assert [answer.day for answer in await bench.published()] == [day, day]


async def test_who_asks_faster_than_people_do_is_told_to_wait(bench: Bench) -> None:
    invitation = await bench.invite()
    replies = [await bench.client.head(f"/s/{bench.token(invitation)}") for _ in range(130)]
    assert {reply.status_code for reply in replies[:110]} == {200}
    assert replies[-1].status_code == 429
    assert int(replies[-1].headers["retry-after"]) >= 1


async def test_a_click_and_an_answer_at_once_lose_neither(bench: Bench) -> None:
    invitation = await bench.invite()
    link = f"/s/{bench.token(invitation)}?v=3"
    await asyncio.gather(
        *(bench.client.get(link) for _ in range(4)),
        *(bench.submit(invitation, 3, action="choose") for _ in range(4)),
    )
    assert [(score, state) for score, state, _ in await answers(bench)] == [(3, "saved")]
    versions = [answer.version for answer in await bench.published()]
    assert versions == list(range(1, len(versions) + 1))


async def test_every_version_of_an_answer_tells_which_contact_gave_it(bench: Bench) -> None:
    invitation = await bench.invite(contact_key="of-anna")
    await bench.client.get(f"/s/{bench.token(invitation)}?v=2")
    await bench.submit(invitation, 2, action="keep")
    await bench.submit(invitation, 3)
    published = await bench.published()
    assert [answer.state for answer in published] == ["clicked", "saved", "sent"]
    assert [answer.contact_key for answer in published] == ["of-anna"] * 3
    (row,) = await bench.rows("SELECT contact_key FROM answer")
    assert row.contact_key == "of-anna"


@pytest.mark.parametrize("neutral", [False, True])
async def test_the_pages_of_a_neutral_survey_have_not_the_companys_colour(
    bench: Bench, neutral: bool
) -> None:
    company = replace(tenant_of("acme", bench.now, "Europe/Copenhagen"), version=9, accent="#a3156f")
    async with bench.context.database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event("acme", company, bench.now)])
    await bench.keep_survey({}, neutral=neutral)
    invitation = await bench.invite()
    link = f"/s/{bench.token(invitation)}"
    question = (await bench.client.get(link)).text
    await bench.submit(invitation, 9)
    thanks = (await bench.client.get(link)).text
    assert "Your score is 9" in thanks
    for page in (question, thanks):
        assert ("/s/accent/a3156f.css" in page) is not neutral
