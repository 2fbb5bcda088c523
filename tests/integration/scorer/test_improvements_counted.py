"""How many customers were told of an action, wait or were not: counted once each, and shown without names."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.improvements import (
    ACTION,
    DONE,
    PATH,
    a_told_mail,
    act,
    actions_client,
    at,
    finished,
    opened,
    published,
    tell,
)
from support.scorer_client import ScorerClient

from services.scorer.improvements.update_repository import count_update_mails
from shared.db.database import Database
from shared.events import CaseMailState

TEXTS = {"en": "We now drive a second van."}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with actions_client(database) as client:
        yield client


async def told(client: ScorerClient) -> Any:
    return (await client.send("GET", PATH)).json()["told"]


async def page(client: ScorerClient) -> str:
    return (await client.get(f"/actions/{ACTION}", role="leader")).text


async def test_since_when_there_are_texts_is_in_the_event(database: Database, client: ScorerClient) -> None:
    await finished(database, client)
    at(database, DONE)
    shown = await act(client, "publish", 3, texts=TEXTS)
    assert (await published(database))[-1].published_at == DONE
    assert shown["published_at"] is not None
    at(database, DONE + timedelta(days=1))
    await act(client, "publish", 4, texts={"en": "We now drive two more vans."})
    assert (await published(database))[-1].published_at == DONE, "only the words are others"
    await act(client, "publish", 5, texts={})
    assert (await published(database))[-1].published_at is None
    await act(client, "publish", 6, texts=TEXTS)
    assert (await published(database))[-1].published_at == DONE + timedelta(days=1)
    await act(client, "reopen", 7)
    assert (await published(database))[-1].published_at is None


async def test_each_customer_counts_once_by_the_end_of_their_mail(
    database: Database, client: ScorerClient
) -> None:
    await finished(database, client)
    await act(client, "publish", 3, texts=TEXTS)
    assert "Nobody was told by mail: told are customers whose case" in await page(client)
    await tell(database, *(a_told_mail(n, "waiting", version=1) for n in range(4)))
    assert await told(client) is None
    assert "Fewer than 5 customers are told by mail" in await page(client)
    await tell(database, *(a_told_mail(n, "sent") for n in (1, 2, 3)))
    await tell(
        database,
        a_told_mail(4, "refused", "opted_out"),
        a_told_mail(5, "refused", "opted_out"),
        a_told_mail(6, "failed", "550 ada@example.com has moved"),
        a_told_mail(1, "waiting", version=1),
        a_told_mail(3, "bounced", "5.1.1", version=3),
    )
    assert await told(client) == {
        "sent": 2,
        "waiting": 1,
        "unsent": {"opted_out": 2, "bounced": 1, "failed": 1},
    }
    shown = await page(client)
    assert "2 customers were told by mail. 1 waits." in shown
    assert "2 were not: want no mail." in shown
    assert "1 was not: the mail came back." in shown
    async with database.reading() as uow:
        kept = (await uow.execute("SELECT CAST(t AS text) AS row FROM improvement_mail t")).all()
    assert not any("p-" in row.row or "ada@" in row.row for row in kept), "nobody is named"


async def test_mails_of_colleagues_of_customers_and_of_another_company_count_for_nothing(
    database: Database, client: ScorerClient
) -> None:
    await finished(database, client)
    await act(client, "publish", 3, texts=TEXTS)
    replies = [a_told_mail(n, "sent", kind="reply", improvement_id=None) for n in range(6)]
    answers = [a_told_mail(n, "came", direction="in") for n in range(10, 16)]
    await tell(database, *replies, *answers)
    await tell(database, *(a_told_mail(n, "sent") for n in range(20, 26)), tenant="other")
    assert await told(client) is None
    async with database.reading() as uow:
        assert (await count_update_mails(uow, "acme", ACTION)).total == 0
        assert (await count_update_mails(uow, "other", ACTION)).sent == 6


async def test_of_an_erased_customer_it_stays_counted_what_became_of_the_mail(
    database: Database, client: ScorerClient
) -> None:
    await finished(database, client)
    await act(client, "publish", 3, texts=TEXTS)
    await tell(database, *(a_told_mail(n, "waiting", version=1) for n in range(5)))
    await tell(database, a_told_mail(0, "refused", person="", erased=True))
    assert await told(client) == {"sent": 0, "waiting": 4, "unsent": {"erased": 1}}


async def test_of_a_theme_in_free_words_the_page_says_that_nobody_is_told(
    database: Database, client: ScorerClient
) -> None:
    await opened(client, cause=None, theme="Vans")
    await act(client, "finish", 1)
    await act(client, "publish", 2, texts=TEXTS)
    assert "a theme in your own words names no case" in await page(client)


async def test_what_was_taken_back_still_says_who_was_told(database: Database, client: ScorerClient) -> None:
    await finished(database, client)
    await act(client, "publish", 3, texts=TEXTS)
    await tell(database, *(a_told_mail(n, "sent") for n in range(5)))
    await act(client, "publish", 4, texts={})
    shown = await page(client)
    assert "It was taken back: nobody is told any more." in shown
    assert "5 customers were told by mail." in shown


@given(order=st.permutations(range(15)))
@settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_in_whatever_order_mails_are_told_they_count_alike(
    database: Database, order: list[int]
) -> None:
    states: list[list[CaseMailState]] = [
        ["waiting", "sent", "bounced" if number < 2 else "sent"] for number in range(5)
    ]
    mails = [
        a_told_mail(number, state, version=version)
        for number, told_states in enumerate(states)
        for version, state in enumerate(told_states, 1)
    ]
    for each in order:
        await tell(database, mails[each])
    async with database.reading() as uow:
        counts = await count_update_mails(uow, "acme", ACTION)
    assert (counts.sent, counts.waiting, counts.unsent) == (3, 0, (("bounced", 2),))
