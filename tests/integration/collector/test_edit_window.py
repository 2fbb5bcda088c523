"""For how long an answer may be changed, by the survey's version that the customer was asked by."""

from datetime import timedelta

import pytest

from .conftest import Bench
from .test_stale_pages import Tab, stands


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "You can change your answer until you press Send."),
        (1, "You can change your answer for 1 hour."),
        (48, "You can change your answer for 48 hours."),
        (100, "You can change your answer for 100 hours."),
        (720, "You can change your answer for 30 days."),
    ],
)
async def test_the_page_says_for_how_long_an_answer_may_be_changed(
    bench: Bench, hours: int, words: str
) -> None:
    await bench.keep_survey({}, edit_hours=hours)
    assert words in (await bench.client.get(f"/s/{bench.token(await bench.invite())}")).text


async def test_an_answer_can_be_changed_for_the_hours_of_its_survey_and_no_longer(bench: Bench) -> None:
    await bench.keep_survey({}, edit_hours=3)
    invitation = await bench.invite()
    await bench.submit(invitation, 6)
    bench.now += timedelta(hours=3, seconds=-1)
    assert (await bench.submit(invitation, 7)).status_code == 303
    bench.now += timedelta(seconds=1)
    assert (await bench.submit(invitation, 8)).status_code == 404
    gone = await bench.client.get(f"/s/{bench.token(invitation)}")
    assert "changed for a limited time" in gone.text
    assert (await bench.published())[-1].score == 7


async def test_who_was_asked_by_an_earlier_version_keeps_its_hours(bench: Bench) -> None:
    await bench.keep_survey({}, edit_hours=48)
    await bench.keep_survey({}, edit_hours=1, survey_version=2, version=2)
    invitation, later = await bench.invite(), await bench.invite(survey_version=2)
    await bench.submit(invitation, 6)
    await bench.submit(later, 6)
    bench.now += timedelta(hours=2)
    assert (await bench.submit(invitation, 7)).status_code == 303
    assert (await bench.submit(later, 7)).status_code == 404


async def test_an_answer_without_time_to_change_it_is_final_when_it_is_sent(bench: Bench) -> None:
    """Until then it grows as any other; a second Send, of this page or another one, changes nothing."""
    await bench.keep_survey({}, edit_hours=0)
    invitation = await bench.invite()
    here, there = await Tab.open(bench, invitation), await Tab.open(bench, invitation)
    assert (await bench.submit(invitation, 3, action="keep")).json()["saved"] == 3
    assert (await bench.submit(invitation, 4, action="keep")).json()["saved"] == 4
    await here.send(score=9, comment="All is well.")
    before = await stands(bench)
    assert before[:2] == (9, "All is well.")
    versions = len(await bench.published())
    for again in (
        await here.send(score=1),
        await there.send(score=2, comment="No."),
        await there.send(speak="da"),
    ):
        assert again.status_code == 303
    assert (await bench.submit(invitation, 5, action="keep")).status_code == 409
    assert len(await bench.published()) == versions
    for query in ("", "?change=1", "?v=2"):
        page = await bench.client.get(f"/s/{bench.token(invitation)}{query}")
        assert page.status_code == 200
        assert "Your score is 9. Your answer is final." in page.text
        assert "change=1" not in page.text
        assert "<form" not in page.text
    bench.now += timedelta(hours=48)
    assert (await bench.client.get(f"/s/{bench.token(invitation)}")).status_code == 404
