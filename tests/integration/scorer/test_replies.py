"""What was replied to the follow-up and the further questions: beside the score wherever answers are listed."""

import html
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from support.http_clients import SECRET
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.stored_texts import texts_in

from services.scorer.repository.erasing import erase_answers
from services.scorer.repository.export import read_export
from services.scorer.repository.retention import RETENTION
from shared.db.database import Database
from shared.events import Answer, ChosenValue, Reply, RetentionRules
from shared.privacy.erased import Target
from shared.privacy.export import ExportQuery
from shared.privacy.persons import person_of
from shared.privacy.retention import Cutoffs

from .test_anonymous import anonymous, turn

LONG = ChosenValue(id="long", words="Too <long>")
WAIT = Reply(question="wait", kind="one_of", asked="How long did it take?", chosen=(LONG,))
WHY = Reply(question="why", kind="text", asked="Who told you?", text="Nobody did.")
SAID: dict[str, Any] = {
    "follow_up_question": "What should change?",
    "follow_up": "The legs.",
    "replies": (WAIT, WHY),
}
WORDS = ("What should change?", "The legs.", WAIT.asked, LONG.words, WHY.asked, "Nobody did.")
WRITTEN, CHOSEN = {"The legs.", "Nobody did."}, {LONG.words}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    async with a_scorer_client(database, a_tenant("acme"), a_tenant("other")) as client:
        yield client


def said_now(database: Database, name: str = "a", **given: Any) -> Answer:
    now = database.clock()
    return an_answer(name, **{"day": now.date(), "answered_at": now, "changed_at": now, **SAID, **given})


async def shown(
    client: ScorerClient, path: str = "/segments?segment=&window=30d", tenant: str = "acme"
) -> set[str]:
    page = html.unescape((await client.get(path, role="leader", tenant=tenant)).text)
    return {words for words in WORDS if words in page}


@pytest.mark.parametrize("path", ["/segments?segment=&window=30d", "/?window=30d"])
async def test_an_answer_is_listed_with_each_question_and_its_reply(
    database: Database, client: ScorerClient, path: str
) -> None:
    await count(database, *(said_now(database, f"a{n}", comment="Said.") for n in range(12)))
    assert await shown(client, path) == set(WORDS)
    assert await shown(client, path, "other") == set()


async def test_the_list_shows_what_was_replied_last_and_nothing_that_is_held(
    database: Database, client: ScorerClient
) -> None:
    answer = said_now(database)
    await count(database, answer)
    await count(
        database, replace(answer, version=2, replies=(WAIT,), follow_up=None, follow_up_question=None)
    )
    assert await shown(client) == {WAIT.asked, LONG.words}
    held = replace(answer, version=3, state="clicked", score=None, day=None, answered_at=None, comment=None)
    await count(database, replace(held, replies=(), follow_up=None, follow_up_question=None))
    assert await shown(client) == set()
    async with database.reading() as uow:
        assert (await uow.execute("SELECT replies FROM answer")).scalar_one() is None


async def test_what_was_written_goes_with_the_comments_and_what_was_chosen_stays(
    database: Database, client: ScorerClient
) -> None:
    await count(
        database,
        said_now(database, comment="Said."),
        said_now(database, "b", follow_up=None, replies=(WAIT,)),
    )
    cutoffs = Cutoffs("acme", database.clock() + timedelta(days=400), RetentionRules(comments=90))
    rules = [rule for rule in RETENTION if rule.kind == "comments" and rule.table.name == "answer"]
    for removed in (1, 0):
        async with database.transaction() as uow:
            assert sum([await rule.apply(uow, cutoffs, 10) for rule in rules]) == removed
    assert await shown(client) == {WAIT.asked, LONG.words}


async def test_an_erasure_leaves_no_reply_and_an_export_has_them(database: Database) -> None:
    who = "kim-4711"
    person = person_of(SECRET, "acme", who)
    await add_tenant(database)
    await count(database, said_now(database, customer_id=who, person=person))
    query = ExportQuery(tenant="acme", person=person)
    async with database.reading() as uow:
        (section,) = await read_export(uow, query)
    assert {"The legs.", "Nobody did.", LONG.words} <= set(texts_in(msgspec.to_builtins(section)))
    async with database.transaction() as uow:
        await erase_answers(uow, [Target("acme", "erasure-1", person, None)])
    async with database.reading() as uow:
        assert (await uow.execute("SELECT replies FROM answer")).scalar_one() is None


async def test_replies_of_anonymous_answers_are_in_no_list(database: Database) -> None:
    """Beside score and comment they would tell who of the bundle it was."""
    await count(database, *(anonymous(f"a{number}", **SAID) for number in range(5)))
    await turn(database)
    async with database.reading() as uow:
        assert [row.replies for row in await uow.execute("SELECT replies FROM answer")] == [None] * 5
