"""The receipt on the link's page: how far the work on the answer is, and "no, it is not solved"."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from support.erasing import erase_customer

from services.collector.app import SERVICE
from services.collector.handlers import keep_cases
from services.collector.recovery import restore_answers
from shared.events import ANSWERS, CASES, Answer, Case
from shared.events.surveys import MAX_EDIT_HOURS
from shared.ids import uuid7
from shared.privacy.persons import person_of

from .conftest import MINUTE, SECRET, Bench

DAY = timedelta(days=1)
CASE = UUID(int=99)


async def case_is(bench: Bench, invitation: UUID, version: int, **changed: Any) -> None:
    """Consume a version of the one case."""
    fields: dict[str, Any] = {
        "id": CASE, "number": 482_113, "version": version, "state": "open", "stage": "open",
        "answer_id": invitation, "score": 2, "opened_at": bench.now, "due_at": bench.now + 4 * DAY,
        "owner": "Sara Lund", "cause": "delivery.late",
    }  # fmt: skip
    async with bench.context.database.transaction() as uow:
        await keep_cases(uow, [CASES.event("acme", Case(**{**fields, **changed}), bench.now)])


async def solved(bench: Bench, invitation: UUID, version: int = 9) -> None:
    await case_is(
        bench, invitation, version, state="closed", stage="resolved", outcome="recovered", told=True,
        closed_at=bench.now,
    )  # fmt: skip


async def link_page(bench: Bench, invitation: UUID, query: str = "") -> str:
    return (await bench.client.get(f"/s/{bench.token(invitation)}{query}")).text


async def answered(bench: Bench, **changed: Any) -> UUID:
    invitation = await bench.invite(**changed)
    assert (await bench.submit(invitation, 2, comment="The leg is split.")).status_code == 303
    return invitation


async def say_no(bench: Bench, invitation: UUID, page: str, **fields: str) -> Any:
    """Post the form of a page, as somebody does who takes their time."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    bench.now += MINUTE
    return await bench.client.post(f"/s/{bench.token(invitation)}/not-solved", data={**found, **fields})


async def words_kept(bench: Bench) -> list[Any]:
    (row,) = await bench.rows("SELECT objections FROM answer")
    return [one.get("words") for one in row.objections]


async def test_the_page_shows_each_step_and_nothing_of_the_companys_own(bench: Bench) -> None:
    invitation = await answered(bench)
    assert "How far we are" not in await link_page(bench, invitation)
    steps: list[tuple[dict[str, Any], str]] = [
        ({}, "Received on 20 November, 13:00."),
        ({"state": "assigned", "stage": "assigned"}, "In hand until 24 November."),
        ({"state": "assigned", "stage": "contacted", "due_at": bench.now - DAY}, "In hand."),
        (
            {"state": "assigned", "stage": "waiting_customer", "waits_until": bench.now + DAY},
            "We wait for your reply until 21 November.",
        ),
        ({"state": "closed", "stage": "resolved", "closed_at": bench.now}, "Solved on 20 November."),
        ({"state": "closed", "stage": "duplicate", "closed_at": bench.now}, "In hand."),
        ({"state": "closed", "stage": "no_contact", "closed_at": bench.now}, "Ended on 20 November."),
    ]
    for version, (changed, words) in enumerate(steps, 1):
        await case_is(bench, invitation, version, **changed)
        page = await link_page(bench, invitation)
        assert words in page
        # The token of the link and the hashes in the addresses of files have any digits.
        shown = re.sub(r"/static/\S+", "", page.replace(bench.token(invitation), ""))
        for hidden in ("Sara Lund", "482", "delivery.late", "duplicate", "no_contact"):
            assert hidden not in shown


async def test_an_older_version_that_comes_late_changes_nothing(bench: Bench) -> None:
    invitation = await answered(bench)
    await solved(bench, invitation, 9)
    await case_is(bench, invitation, 2, state="assigned", stage="assigned")
    assert "Solved on" in await link_page(bench, invitation)


async def test_an_answer_that_came_later_shows_the_case_it_belongs_to(bench: Bench) -> None:
    invitation = await answered(bench)
    await case_is(bench, uuid7(), 2, state="assigned", stage="assigned", later_answers=(uuid7(), invitation))
    assert "In hand until" in await link_page(bench, invitation)


async def test_once_the_answer_cannot_be_changed_its_receipt_alone_stays(bench: Bench) -> None:
    invitation = await answered(bench)
    await case_is(bench, invitation, 1)
    bench.now += 20 * DAY
    page = await link_page(bench, invitation)
    assert "Received on 20 November" in page
    for personal in ("The leg is split.", "Your score", "karen", "Karen"):
        assert personal not in page
    await solved(bench, invitation)
    bench.now += 14 * DAY
    assert "Solved on 10 December." in await link_page(bench, invitation)
    bench.now += timedelta(seconds=1)
    gone = await bench.client.get(f"/s/{bench.token(invitation)}")
    wrong = await bench.client.get("/s/x")
    assert (gone.status_code, gone.text) == (404, wrong.text)


async def test_who_says_no_is_kept_once_for_each_closing(bench: Bench) -> None:
    invitation = await answered(bench)
    await solved(bench, invitation)
    page = await link_page(bench, invitation)
    for _ in range(2):
        said = await say_no(bench, invitation, page, words=" It is split <again>. ")
        assert said.status_code == 303
    again = await link_page(bench, invitation)
    assert "you told us that it is not solved. We look at it again." in again
    assert "split &lt;again&gt;" not in again
    assert "not-solved" not in again
    last = (await bench.published())[-1]
    assert [one.words for one in last.objections] == ["It is split <again>."]
    assert (last.score, last.comment, last.state) == (2, "The leg is split.", "sent")
    before = (await bench.rows("SELECT count(*) AS n FROM answer_history"))[0].n
    await case_is(bench, invitation, 10, state="assigned", stage="reopened")
    assert "It is open again." in await link_page(bench, invitation)
    bench.now += DAY
    await solved(bench, invitation, 11)
    stale = await say_no(bench, invitation, page)
    assert stale.status_code == 303
    assert len((await bench.published())[-1].objections) == 1
    await say_no(bench, invitation, await link_page(bench, invitation))
    assert [one.words for one in (await bench.published())[-1].objections] == ["It is split <again>.", None]
    assert (await bench.rows("SELECT count(*) AS n FROM answer_history"))[0].n == before


async def test_no_get_and_no_machine_says_no(bench: Bench) -> None:
    invitation = await answered(bench)
    await solved(bench, invitation)
    page = await link_page(bench, invitation)
    path = f"/s/{bench.token(invitation)}/not-solved"
    assert (await bench.client.get(path)).status_code == 405
    for fields in ({"website": "x"}, {"touched": "0"}):
        refused = await say_no(bench, invitation, page, words="Kept here.", **fields)
        assert refused.status_code == 409
        assert "Please press Send once more." in refused.text
        assert "Kept here." in refused.text
    assert (await bench.client.post(path, data={"words": "x"})).status_code == 303
    bench.now += 3 * DAY
    assert (await say_no(bench, invitation, page, words="Late.")).status_code == 409
    long = await say_no(bench, invitation, await link_page(bench, invitation), words="x" * 5001)
    assert long.status_code == 422
    assert [answer.objections for answer in await bench.published()] == [()]


async def test_a_page_that_was_just_made_is_no_persons(bench: Bench) -> None:
    invitation = await answered(bench)
    await solved(bench, invitation)
    page = await link_page(bench, invitation)
    bench.now -= MINUTE
    assert (await say_no(bench, invitation, page)).status_code == 409
    assert (await say_no(bench, invitation, page)).status_code == 303


async def test_nobody_can_object_to_what_is_open_unknown_or_over(bench: Bench) -> None:
    invitation = await answered(bench)
    await solved(bench, invitation)
    page = await link_page(bench, invitation)
    await case_is(bench, invitation, 10, state="open", stage="reopened")
    assert (await say_no(bench, invitation, page)).status_code == 303
    await solved(bench, invitation, 11)
    late = await link_page(bench, invitation)
    bench.now += 15 * DAY
    over = await say_no(bench, invitation, late)
    assert (over.status_code, over.text) == (404, (await bench.client.get("/s/x")).text)
    assert len((await bench.published())[-1].objections) == 0
    for token in ("x", bench.token(uuid7())):
        assert (await bench.client.post(f"/s/{token}/not-solved", data={})).status_code in {404, 503}


async def test_a_link_that_may_be_amended_shows_a_case_that_ended_long_ago_and_promises_nothing_anew(
    bench: Bench,
) -> None:
    await bench.keep_survey({}, version=2, edit_hours=MAX_EDIT_HOURS)
    invitation = await answered(bench)
    ended = bench.now
    bench.now += 20 * DAY
    await case_is(bench, invitation, 9, state="closed", stage="resolved", closed_at=ended)
    page = await link_page(bench, invitation)
    assert "Solved on 20 November." in page
    assert "not-solved" not in page


@pytest.mark.parametrize("language", ["en", "da", "nl", "de", "es", "fi", "fr", "nb", "sv"])
async def test_the_receipt_is_told_in_the_customers_language(bench: Bench, language: str) -> None:
    invitation = await answered(bench, language=language)
    await solved(bench, invitation)
    page = await link_page(bench, invitation)
    assert f'<html lang="{language}"' in page
    assert ("How far we are" in page) == (language == "en")
    said = await say_no(bench, invitation, page)
    assert said.headers["location"] == f"/s/{bench.token(invitation)}?lang={language}"


async def test_what_was_said_is_erased_with_the_answer_and_comes_back_from_its_events(bench: Bench) -> None:
    invitation = await answered(bench, person=person_of(SECRET, "acme", "kw-4711"))
    await solved(bench, invitation)
    await say_no(bench, invitation, await link_page(bench, invitation), words="It is split again.")
    told: list[Answer] = await bench.published()
    async with bench.context.database.transaction() as uow:
        await uow.execute("DELETE FROM answer")
        await restore_answers(uow, [ANSWERS.event("acme", answer, bench.now) for answer in told])
    assert await words_kept(bench) == ["It is split again."]
    await erase_customer(SERVICE, bench.context.database, "acme", "kw-4711", secret=SECRET)
    assert await words_kept(bench) == [None]
    assert "split" not in repr((await bench.published())[-1])
    assert (await bench.client.get(f"/s/{bench.token(invitation)}")).status_code == 404
