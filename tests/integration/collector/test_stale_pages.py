"""Pages that were rendered before something changed, by plain HTTP as a browser without script posts them."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy.demo.form import survey_form

from .conftest import ASKS, Bench


class Tab:
    """A page as a browser holds it."""

    def __init__(self, bench: Bench, invitation: UUID, page: httpx.Response) -> None:
        form = survey_form(page.text, f"http://test.example/s/{bench.token(invitation)}")
        assert form is not None, page.text
        self._bench, self._action = bench, form.action
        self.values = {**form.values, "touched": "1"}  # a person's hand is on the page

    @classmethod
    async def open(cls, bench: Bench, invitation: UUID, query: str = "?change=1") -> "Tab":
        return cls(bench, invitation, await bench.client.get(f"/s/{bench.token(invitation)}{query}"))

    async def send(self, **typed: Any) -> httpx.Response:
        """Press Send, or another button."""
        self.values |= {name: str(value) for name, value in typed.items()}
        return await self._bench.client.post(self._action, data={"action": "send", **self.values})


async def stands(bench: Bench) -> tuple[Any, ...]:
    answer = (await bench.published())[-1]
    return answer.score, answer.comment, answer.follow_up_question, answer.follow_up, answer.may_contact


async def test_a_page_that_shows_no_comment_does_not_erase_one(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    invitation = await bench.invite()
    here, there = await Tab.open(bench, invitation), await Tab.open(bench, invitation)
    await here.send(score=3, comment="It came late.", follow_up_detractor="Ring first.", may_contact="yes")
    assert (await there.send(score=2)).status_code == 303
    assert await stands(bench) == (2, "It came late.", "What should we have done?", "Ring first.", True)


async def test_not_even_when_its_score_asks_another_question(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    invitation = await bench.invite()
    here, there = await Tab.open(bench, invitation), await Tab.open(bench, invitation)
    await here.send(score=3, follow_up_detractor="Ring first.")
    await there.send(score=9, comment="All the same: good.")
    assert await stands(bench) == (9, "All the same: good.", "What should we have done?", "Ring first.", None)
    # The page that is rendered then shows it in its place, and sending it untouched changes nothing.
    again = await Tab.open(bench, invitation)
    assert again.values["follow_up_detractor"] == "Ring first."
    await again.send()
    assert await stands(bench) == (9, "All the same: good.", "What should we have done?", "Ring first.", None)


@pytest.mark.parametrize("field", ["comment", "follow_up_detractor"])
async def test_two_texts_in_one_place_come_back_both_and_the_next_send_decides(
    bench: Bench, field: str
) -> None:
    await bench.keep_survey(ASKS)
    invitation = await bench.invite()
    here, there = await Tab.open(bench, invitation), await Tab.open(bench, invitation)
    await here.send(score=3, **{field: "It came <late>."})
    refused = await there.send(score=3, **{field: "It was & broken."})
    assert refused.status_code == 409
    assert "It came &lt;late&gt;." in refused.text
    assert "It was &amp; broken.</textarea>" in refused.text
    assert len(await bench.published()) == 2  # the click, and the first page's answer
    both = Tab(bench, invitation, refused)
    assert (await both.send()).status_code == 303
    answer = (await bench.published())[-1]
    assert "It was & broken." in {answer.comment, answer.follow_up}


async def test_the_old_words_of_an_answer_that_was_sent_stay_in_its_history(bench: Bench) -> None:
    invitation = await bench.invite()
    await (await Tab.open(bench, invitation)).send(score=3, comment="It came late.")
    await (await Tab.open(bench, invitation)).send(comment="Never mind.")
    rows = await bench.rows("SELECT comment FROM answer_history")
    assert [row.comment for row in rows] == ["It came late."]


async def test_half_sentences_that_were_never_sent_leave_no_trace_in_the_history(bench: Bench) -> None:
    invitation = await bench.invite()
    tab = await Tab.open(bench, invitation, "?v=3")
    for seq, words in enumerate(("You id", "", "It came late."), start=1):
        kept = await tab.send(action="keep", seq=seq, comment=words)
        assert kept.json()["saved"] == 3
        assert (await stands(bench))[1] == (words or None)
    await tab.send(action="send", seq=4)
    assert await bench.rows("SELECT 1 FROM answer_history") == []
    assert [answer.state for answer in await bench.published()] == [
        "clicked",
        "saved",
        "saved",
        "saved",
        "sent",
    ]


async def test_a_page_after_a_fault_or_in_another_language_still_knows_when_it_was_rendered(
    bench: Bench,
) -> None:
    invitation = await bench.invite()
    here, there = await Tab.open(bench, invitation), await Tab.open(bench, invitation)
    drawn = there.values["drawn"], there.values["page"]
    await here.send(score=3, comment="It came late.")
    faulty = Tab(bench, invitation, await there.send(score=""))
    danish = Tab(bench, invitation, await faulty.send(score=5, speak="da"))
    assert (danish.values["drawn"], danish.values["page"]) == drawn
    danish.values.pop("speak", None)
    await danish.send()
    assert (await stands(bench))[:2] == (5, "It came late.")


async def test_a_form_that_carries_nothing_of_that_kind_erases_nothing(bench: Bench) -> None:
    invitation = await bench.invite()
    await bench.submit(invitation, 3, comment="It came late.", may_contact="yes")
    await bench.submit(invitation, 2, drawn="x", page="../", seq="-1")
    assert await stands(bench) == (2, "It came late.", None, None, True)
    assert (await bench.submit(invitation, 2, comment="Something else.")).status_code == 409


async def test_another_language_takes_no_answer_to_a_question_that_it_does_not_have(bench: Bench) -> None:
    await bench.keep_survey(ASKS)
    invitation = await bench.invite()
    tab = await Tab.open(bench, invitation)
    danish = Tab(bench, invitation, await tab.send(score=3, follow_up_detractor="Ring first.", speak="da"))
    assert danish.values["follow_up_detractor"] == "Ring first."
    await danish.send()
    assert await stands(bench) == (3, None, "What should we have done?", "Ring first.", None)
    # Nor does a page that is rendered in Danish later on.
    await (await Tab.open(bench, invitation, "?change=1&lang=da")).send(comment="Sent")
    assert await stands(bench) == (3, "Sent", "What should we have done?", "Ring first.", None)
