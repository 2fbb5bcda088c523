"""What became of the mails of a saved view, as its page and the API tell it, by what alerts answers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from typing import Any, cast, get_args

import httpx
import pytest
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.screens import MAKER, saved
from support.view_mails import NOTHING_LEFT, FakeHistory, with_history

from services.scorer.saved_views import mail_history
from shared.db.database import Database
from shared.privacy.service_client import ServiceClient
from shared.privacy.view_mails import (
    LeftViewMails,
    OwnViewMail,
    ViewMailHistory,
    ViewMailOutcome,
    ViewMailWeek,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
BEFORE = date(2026, 11, 16)
NEXT = datetime(2026, 11, 30, 7, tzinfo=UTC)
"""Eight in Copenhagen."""
AT = datetime(2026, 11, 23, 7, 1, tzinfo=UTC)
DONE = ViewMailWeek(monday=MONDAY, state="done", until=datetime(2026, 11, 23, 19, tzinfo=UTC))
WORDS: dict[str, str] = {
    "sent": "The last one left on 23 November at 08:01, to you alone.",
    "waiting": "The mail of Monday 23 November is on its way to you.",
    "quiet": "The mail of Monday 23 November waits for the end of your quiet hours, 23 November at 08:01.",
    "refused": "Your mailbox refused the mail of Monday 23 November. Is your address still right?",
    "withdrawn": "The mail of Monday 23 November did not leave: what you may see or want had changed.",
    "unknown": "Whether the mail of Monday 23 November reached you is not known. It is not sent twice.",
    "no_mail": "None was written on Monday 23 November: you have chosen to get no mail.",
    "not_shown": "None was written on Monday 23 November: you could not see what the view shows, or it had no scores.",
}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: datetime(2026, 11, 10, 12, tzinfo=UTC)
    async with a_scorer_client(database, a_tenant("acme", "Europe/Copenhagen")) as client:
        yield client


@pytest.fixture
def alerts(client: ScorerClient) -> FakeHistory:
    return with_history(client)


async def mailed(client: ScorerClient) -> str:
    """A view that its reader gets since the tenth, looked at on the Monday after next."""
    view = await saved(client)
    assert (await client.send("PUT", f"/v1/views/{view}/mail", role="leader")).json() == {"wanted": True}
    client.database.clock = lambda: NOW
    return view


async def page(client: ScorerClient, view: str, **how: Any) -> str:
    answer = await client.get(f"/views/{view}", **{"role": "leader", **how})
    assert answer.status_code == 200
    return unescape(answer.text)


async def told(client: ScorerClient, view: str, **how: Any) -> Any:
    return (await client.get(f"/v1/views/{view}/mail", **{"role": "leader", **how})).json()


def own(outcome: ViewMailOutcome, monday: date = MONDAY) -> OwnViewMail:
    return OwnViewMail(monday=monday, outcome=outcome, at=AT)


@pytest.mark.parametrize("outcome", get_args(ViewMailOutcome))
async def test_the_page_and_the_api_say_what_became_of_ones_own_mail_and_when_the_next_is_due(
    client: ScorerClient, alerts: FakeHistory, outcome: str
) -> None:
    view = await mailed(client)
    left = LeftViewMails(monday=MONDAY, people=1, at=AT) if outcome == "sent" else None
    alerts.told = ViewMailHistory(
        own=own(cast("ViewMailOutcome", outcome)), left=left, week=DONE, next_at=NEXT
    )
    shown = await page(client, view)
    assert [words for words in WORDS.values() if words in shown] == [WORDS[outcome]]
    assert "The next one is due on 30 November at 08:00." in shown
    answer = await told(client, view)
    assert (answer["wanted"], answer["known"], answer["next_at"]) == (True, True, "2026-11-30T07:00:00Z")
    assert answer["own"] == {"monday": "2026-11-23", "outcome": outcome, "at": "2026-11-23T07:01:00Z"}
    assert {"tenant": "acme", "view": view, "staff": str(MAKER)} in alerts.asked


@pytest.mark.parametrize(
    ("people", "words"),
    [(2, "to you and 1 other person."), (5, "to you and 4 other people.")],
)
async def test_the_page_says_to_how_many_it_left(
    client: ScorerClient, alerts: FakeHistory, people: int, words: str
) -> None:
    view = await mailed(client)
    left = LeftViewMails(monday=MONDAY, people=people, at=AT)
    alerts.told = ViewMailHistory(own=own("sent"), left=left, week=DONE, next_at=NEXT)
    assert words in await page(client, view)
    assert (await told(client, view))["left"]["people"] == people


async def test_who_does_not_get_it_reads_to_how_many_it_left_and_nothing_of_their_own(
    client: ScorerClient, alerts: FakeHistory
) -> None:
    view = await saved(client)
    left = LeftViewMails(monday=MONDAY, people=3, at=AT)
    alerts.told = ViewMailHistory(own=own("refused"), left=left, week=DONE, next_at=NEXT)
    shown = await page(client, view)
    assert "It last left on 23 November at 08:01, to 3 people." in shown
    assert "The next one is due" not in shown
    assert WORDS["refused"] not in shown


async def test_a_week_under_way_and_one_that_was_missed_are_told_before_what_was_earlier(
    client: ScorerClient, alerts: FakeHistory
) -> None:
    view = await mailed(client)
    before = {
        "own": own("sent", BEFORE),
        "left": LeftViewMails(monday=BEFORE, people=1, at=AT),
        "next_at": NEXT,
    }
    for state, words in (
        ("open", "The mail of Monday 23 November is not written yet. It is tried until 20:00."),
        ("missed", "The mail of Monday 23 November is left out: it could not be written in time."),
    ):
        week = {"monday": MONDAY, "state": state, "until": DONE.until}
        alerts.told = ViewMailHistory(**before, week=ViewMailWeek(**week))  # type: ignore[arg-type]
        shown = await page(client, view)
        assert words in shown
        assert WORDS["sent"] in shown
        assert (await told(client, view))["week"]["state"] == state


async def test_whoever_asked_for_it_after_a_missed_week_is_told_of_no_mail_of_that_week(
    client: ScorerClient, alerts: FakeHistory
) -> None:
    view = await mailed(client)
    missed = ViewMailWeek(
        monday=date(2026, 11, 9), state="missed", until=datetime(2026, 11, 9, 19, tzinfo=UTC)
    )
    alerts.told = ViewMailHistory(own=None, left=None, week=missed, next_at=NEXT)
    shown = await page(client, view)
    assert "is left out" not in shown
    assert "None has left to you yet." in shown


async def test_while_alerts_does_not_answer_the_page_says_so_and_is_there(
    client: ScorerClient, alerts: FakeHistory
) -> None:
    view = await mailed(client)
    alerts.told = None
    shown = await page(client, view)
    assert "When the last one left cannot be told at this moment." in shown
    assert "You get it every Monday." in shown
    answer = await told(client, view)
    assert answer == {
        "wanted": True,
        "known": False,
        "own": None,
        "left": None,
        "week": None,
        "next_at": None,
    }


async def test_an_answer_that_cannot_be_read_or_comes_late_is_none(
    client: ScorerClient, alerts: FakeHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await mailed(client)
    assert (await told(client, view))["known"]
    monkeypatch.setattr(mail_history, "ANSWERED_WITHIN_S", 0.05)

    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def say_nonsense(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"[]")

    for answering in (hang, say_nonsense):
        services = ServiceClient("http://internal.example", alerts.tokens, httpx.MockTransport(answering))
        state = client.app.state
        state.context = replace(state.context, services=services)
        assert not (await told(client, view))["known"]


async def test_a_key_is_told_nobodys_own_mail_and_a_view_without_scores_asks_nothing(
    client: ScorerClient, alerts: FakeHistory
) -> None:
    view = await saved(client, shared=True)
    alerts.told = NOTHING_LEFT
    answer = await told(client, view, role=None)
    assert (answer["wanted"], answer["own"]) == (False, None)
    assert alerts.asked == [{"tenant": "acme", "view": view}]
    themes = await saved(client, "/themes", "Words")
    shown = await page(client, themes)
    assert "cannot be told" not in shown
    assert len(alerts.asked) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("da", "Den næste skal sendes den 30. november kl. 08:00."),
        ("nl", "De volgende is aan de beurt op 30 november"),
    ],
)
async def test_it_is_told_in_the_language_of_the_reader(
    client: ScorerClient, alerts: FakeHistory, language: str, words: str
) -> None:
    view = await mailed(client)
    alerts.told = ViewMailHistory(own=own("no_mail"), left=None, week=DONE, next_at=NEXT)
    assert words in await page(client, view, language=language)
