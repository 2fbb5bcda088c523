"""The list of surveys: its figures, moving a survey in the order, and copying one."""

import re
from uuid import UUID

import httpx
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support.dispatcher_builders import (
    a_customer,
    a_transaction,
    consume,
    decide,
    go_live,
    list_test_addresses,
    make_survey,
    published,
    relay_all,
    rows,
)
from support.dispatcher_client import KEY, a_person, form
from support.forms import forms_of
from support.suspects import suspect

from services.dispatcher.story.handlers import keep_answers
from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from services.dispatcher.surveys.order_commands import places_after_move
from shared.clock import system_clock
from shared.db.database import Database
from shared.events import ANSWERS, AUDIT, SURVEYS, Answer
from shared.events.answers import Judgement

AS_A_KEY = {"authorization": f"Bearer {KEY}"}


async def send_all(database: Database) -> None:
    """As if the mails of all invitations had been sent."""
    async with database.transaction() as uow:
        await uow.execute("UPDATE invitation SET state = 'sent', sent_at = now()")


async def order(database: Database) -> list[str]:
    """The names of the surveys in their order."""
    return [one.name for one in await rows(database, "SELECT name FROM survey ORDER BY place, id")]


async def move(client: httpx.AsyncClient, survey: UUID, direction: str, **fields: str) -> httpx.Response:
    """Press a button of the list."""
    page = (await client.get("/surveys", headers=a_person("editor"))).text
    (found,) = [one for one in forms_of(page) if one.action == f"/surveys/{survey}/move"]
    data = {**found.fields, **form(direction=direction, **fields)}
    return await client.post(found.action, data=data, headers=a_person("editor"))


async def test_a_survey_moves_up_and_down_and_each_that_changed_is_published(
    client: httpx.AsyncClient, database: Database
) -> None:
    made = {name: await make_survey(database, name=name) for name in ("first", "second", "third")}
    await relay_all(database)
    assert (await move(client, made["third"].id, "up")).status_code == 303
    assert await order(database) == ["first", "third", "second"]
    assert {survey.name for survey in await published(database, SURVEYS)} == {"second", "third"}
    await move(client, made["first"].id, "down")
    assert await order(database) == ["third", "first", "second"]
    acts = [line.act for line in await published(database, AUDIT)]
    assert acts == ["survey"] * 4


async def test_a_survey_that_has_changed_since_the_list_was_shown_is_not_moved(
    client: httpx.AsyncClient, database: Database
) -> None:
    first, second = [await make_survey(database, name=name) for name in ("first", "second")]
    assert (await move(client, second.id, "up")).status_code == 303
    stale = await move(client, second.id, "down", version=str(second.version))
    assert stale.status_code == 409
    assert "Nothing was moved" in stale.text
    assert await order(database) == ["second", "first"]
    assert (await move(client, first.id, "sideways")).status_code == 400


async def test_who_may_not_edit_sees_no_buttons_and_moves_and_copies_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    made = [await make_survey(database, name=name) for name in ("first", "second")]
    analyst = a_person("analyst")
    page = (await client.get("/surveys", headers=analyst)).text
    assert "/move" not in page
    assert "/copy" not in (await client.get(f"/surveys/{made[0].id}", headers=analyst)).text
    for act in ("move", "copy"):
        data = form(direction="down", version=str(made[0].version))
        refused = await client.post(f"/surveys/{made[0].id}/{act}", data=data, headers=analyst)
        assert refused.status_code in {403, 404}, act
    assert await order(database) == ["first", "second"]


async def test_clicks_without_a_score_and_suspect_answers_stand_beside_those_who_answered(
    client: httpx.AsyncClient, database: Database
) -> None:
    await go_live(database)
    await make_survey(database, state="live")
    events = [a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(4)]
    await decide(database, *events)
    await send_all(database)
    now = system_clock()
    asked = await rows(database, "SELECT id, event_id FROM invitation ORDER BY event_id")
    assert len(asked) == 4
    clicked, also_clicked, machine, person = [
        Answer(
            id=each.id, version=1, state="sent", origin="survey", score=9, day=now.date(), answered_at=now,
            changed_at=now, event_id=each.event_id,
        )
        for each in asked
    ]  # fmt: skip
    none = {"state": "clicked", "score": None, "day": None, "answered_at": None}
    heard = [replace(clicked, **none), replace(also_clicked, **none), suspect(machine), person]
    await consume(database, keep_answers, ANSWERS, *heard)
    page = (await client.get("/surveys", headers=a_person())).text
    assert "1 of 4" in page
    assert "2 clicked and did not confirm" in page
    assert re.search(r'href="/suspect-answers">[^<]+</a> \(1\)', page)
    shown = (await client.get(f"/events/{machine.event_id}", headers=a_person())).text
    assert "An answer came that a machine may have given." in shown
    assert "Answered, perhaps by a machine" in (await client.get("/events", headers=a_person())).text
    assert "/suspect-answers" not in (await client.get("/surveys", headers=a_person("analyst"))).text
    # Judged a person's, it is an answer like any other; judged a machine's again, it is none.
    judgements: list[tuple[int, Judgement, str]] = [(2, "human", "2 of 4"), (3, "machine", "1 of 4")]
    for version, judgement, answered in judgements:
        await consume(database, keep_answers, ANSWERS, suspect(machine, version, judgement))
        assert answered in (await client.get("/surveys", headers=a_person())).text


class TestCopies:
    async def test_a_copy_has_the_rules_and_words_and_asks_nobody(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        original = await make_survey(database, name="x" * 200, quarantine_days=7, state="live")
        page = (await client.get(f"/surveys/{original.id}", headers=a_person("editor"))).text
        (button,) = [one for one in forms_of(page) if one.action.endswith("/copy")]
        done = await client.post(button.action, data=button.fields, headers=a_person("editor"))
        assert done.status_code == 303
        shown = await client.get(done.headers["location"], headers=a_person("editor"))
        assert "Copied. It asks nobody yet" in shown.text
        (copy,) = await rows(database, f"SELECT * FROM survey WHERE id <> '{original.id}'")
        assert (copy.name, copy.stage) == ("Copy of " + "x" * 192, "draft")
        assert (copy.quarantine_days, copy.trigger) == (7, original.draft.trigger)
        assert copy.place == (original.draft.place or 0) + 1

    async def test_the_api_copies_once_for_each_idempotency_key(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        original, other = [await make_survey(database, name=name) for name in ("one", "other")]
        headers = {**AS_A_KEY, "idempotency-key": "copy-1"}
        first = await client.post(f"/v1/surveys/{original.id}/copies", headers=headers)
        again = await client.post(f"/v1/surveys/{original.id}/copies", headers=headers)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json()["id"] == again.json()["id"]
        assert first.json()["name"] == "Copy of one"
        reused = await client.post(f"/v1/surveys/{other.id}/copies", headers=headers)
        assert reused.status_code == 422
        unknown = await client.post(f"/v1/surveys/{UUID(int=7)}/copies", headers=AS_A_KEY)
        assert unknown.status_code == 404
        assert len(await rows(database, "SELECT 1 FROM survey")) == 3


class TestFigures:
    async def test_answers_and_the_last_mail_are_those_of_customers(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database, quarantine_days=0)
        await go_live(database)
        await list_test_addresses(database, "own@havnbo.example")
        customers = [a_customer(f"c-{n}", email=f"c-{n}@example.com") for n in range(12)]
        customers.append(a_customer("own", email="own@havnbo.example"))
        await decide(database, *(a_transaction(f"order-{each.id}", each) for each in customers))
        await send_all(database)
        asked = await rows(database, "SELECT id, event_id, test FROM invitation ORDER BY customer_id")
        now = system_clock()
        answered = [one for one in asked if not one.test][:3] + [one for one in asked if one.test]
        answers = [
            Answer(id=one.id, version=1, state="saved", origin="survey", score=9, event_id=one.event_id, changed_at=now)
            for one in answered
        ]  # fmt: skip
        await consume(database, keep_answers, ANSWERS, *answers)
        page = (await client.get("/surveys", headers=a_person())).text
        assert "3 of 12 (25.0\N{NO-BREAK SPACE}%)" in page
        assert ">12<" in page  # those that were sent, without the test
        assert ">13<" not in page

    async def test_of_few_mails_no_share_is_shown_and_of_anonymous_surveys_nothing(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database, name="open", trigger="order.delivered")
        await make_survey(database, name="hidden", trigger="visit.ended", anonymous=True)
        await go_live(database)
        for n, kind in enumerate(("order.delivered", "visit.ended")):
            customer = a_customer(f"c-{n}", email=f"c-{n}@example.com")
            await decide(database, a_transaction(f"order-{n}", customer, type=kind))
        await send_all(database)
        page = (await client.get("/surveys", headers=a_person())).text
        assert "0 of 1<" in page
        assert "%)" not in page
        assert page.count("0 of 1<") == 1


def a_survey(number: int, place: int) -> StoredSurvey:
    draft = SurveyDraft(name=str(number), trigger="*", place=place)
    now = system_clock()
    return StoredSurvey(
        id=UUID(int=number),
        version=1,
        survey_version=1,
        draft=draft,
        live_version=None,
        created_at=now,
        changed_at=now,
    )


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.data())
def test_a_move_changes_places_with_the_neighbour_and_with_nobody_else(
    places: list[int], data: st.DataObject
) -> None:
    surveys = [a_survey(number, place) for number, place in enumerate(sorted(places))]
    moved = data.draw(st.integers(0, len(surveys) - 1))
    direction = data.draw(st.sampled_from(["up", "down"]))
    after = places_after_move(surveys, surveys[moved].id, direction)  # type: ignore[arg-type]
    expected = [survey.id for survey in surveys]
    other = moved + (1 if direction == "down" else -1)
    if 0 <= other < len(expected):
        expected.insert(other, expected.pop(moved))
    assert sorted(after, key=after.__getitem__) == expected
    assert len(set(after.values())) == len(surveys)
