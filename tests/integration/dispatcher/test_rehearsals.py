"""A rehearsal decides on the events and sends nothing; every other decision is as it would be without it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    invitations,
    keep_tenant,
    make_survey,
    published,
    reasons,
    relay_all,
    rows,
)

from services.dispatcher.decisions.explanation import decode_explanation
from services.dispatcher.rehearsals.finding import find_rehearsal
from services.dispatcher.rehearsals.repository import find
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey, find_survey
from shared.db.database import Database
from shared.events import SURVEYS
from shared.events.surveys import SurveyState


async def outcomes(database: Database, survey: StoredSurvey) -> dict[str, int]:
    async with database.reading() as uow:
        found = await find(uow, TENANT, survey.id)
    return found.found.outcomes if found is not None else {}


async def set_state(database: Database, survey: StoredSurvey, state: SurveyState) -> None:
    async with database.transaction() as uow:
        await change_survey(uow, TENANT, survey.id, replace(survey.draft, state=state))


async def rehearsed(database: Database, source_id: str) -> list[tuple[str, str]]:
    (row,) = await rows(database, "SELECT grounds FROM decision WHERE source_id = :id", id=source_id)
    return [(one.name, one.why) for one in decode_explanation(row.grounds).rehearsed]


async def test_a_rehearsal_sends_nothing_starts_no_quarantine_and_leaves_others_their_turn(
    database: Database,
) -> None:
    await go_live(database)
    await keep_tenant(database)
    first = await make_survey(database, name="first", state="rehearsal", place=1)
    await decide(database, a_transaction("alone"))
    assert await reasons(database) == {"alone": "no_survey"}
    assert await invitations(database) == []
    await make_survey(database, name="second", place=2)
    await decide(database, a_transaction("both"))
    assert await reasons(database) == {"alone": "no_survey", "both": "invited"}
    (invited,) = await invitations(database)
    assert invited.survey_name == "second"
    await decide(database, a_transaction("again"))
    assert (await reasons(database))["again"] == "quarantine"
    found = [await rehearsed(database, event) for event in ("alone", "both", "again")]
    assert found == [[("first", "invited")], [("first", "invited")], [("first", "quarantine")]]
    assert await outcomes(database, first) == {"invited": 2, "quarantine": 1}


async def test_an_event_counts_once_however_often_it_comes_and_a_test_never(database: Database) -> None:
    survey = await make_survey(database, state="rehearsal")
    for _ in range(2):
        await decide(database, a_transaction("one"), a_transaction("two", a_customer(email=None)))
    await decide(database, a_transaction("test", survey_id=survey.id, source="afterword/test"))
    assert await outcomes(database, survey) == {"invited": 1, "no_address": 1}


async def test_a_rehearsal_begins_from_nothing_each_time_and_ends_with_what_it_found(
    database: Database, clock: Clock
) -> None:
    survey = await make_survey(database, state="draft")
    await decide(database, a_transaction("draft"))
    assert (await reasons(database), await outcomes(database, survey)) == ({"draft": "no_survey"}, {})
    await set_state(database, survey, "rehearsal")
    await decide(database, a_transaction("one"))
    await set_state(database, survey, "draft")
    await decide(database, a_transaction("two"))
    assert await outcomes(database, survey) == {"invited": 1}
    clock.on(hours=5)
    await set_state(database, survey, "rehearsal")
    async with database.reading() as uow:
        anew = await find(uow, TENANT, survey.id)
    assert anew is not None
    assert (anew.since, anew.found.outcomes) == (NOON + timedelta(hours=5), {})


async def test_the_days_until_its_end_are_those_of_its_events(database: Database, clock: Clock) -> None:
    survey = await make_survey(database, state="rehearsal", delay_minutes=0)
    await go_live(database)
    clock.on(days=1)
    await decide(database, a_transaction("one", occurred_at=clock.now, accepted_at=clock.now))
    clock.on(days=9)
    await set_state(database, survey, "draft")
    clock.on(days=20)
    async with database.reading() as uow:
        ended = await find_rehearsal(uow, TENANT, await find_survey(uow, TENANT, survey.id))
    assert ended.ended_at == NOON + timedelta(days=10)
    assert ended.expected.mails_a_day == pytest.approx(0.1)
    async with database.transaction() as uow:  # ended by a version that keeps no ends: its newest event is it
        await uow.execute("UPDATE rehearsal SET ended_at = since - interval '1 hour'")
    async with database.reading() as uow:
        unknown = await find_rehearsal(uow, TENANT, await find_survey(uow, TENANT, survey.id))
    assert (unknown.ended_at, unknown.expected.mails_a_day) == (None, 1)


async def test_what_is_published_of_it_reads_as_paused_to_earlier_versions(database: Database) -> None:
    survey = await make_survey(database, state="draft")
    for state in ("rehearsal", "paused", "live"):
        await set_state(database, survey, state)
    found = [(one.state, one.stage) for one in await published(database, SURVEYS)]
    assert found == [("paused", "draft"), ("paused", "rehearsal"), ("paused", None), ("live", None)]
    await relay_all(database)
