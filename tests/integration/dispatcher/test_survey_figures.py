"""The figures of surveys count mails by when they left, whatever the delay was, and leave tests out."""

import json
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from support.dispatcher_builders import NOON, TENANT, keep_tenant, make_survey

from services.dispatcher.repository.survey_figures import (
    COUNT_BY_SURVEY,
    SurveyFigures,
    count_answers,
    count_answers_of,
    count_by_survey,
)
from shared.db.database import Database
from shared.ids import uuid7

ADD = (
    """
    INSERT INTO invitation (
        tenant, id, version, event_id, customer_id, survey_id, state, test, next_at, changed_at, body,
        decided_at, sent_at, anonymous
    ) VALUES (
        :tenant, :id, 1, :event_id, 'c', :survey_id, :state, :test, :decided_at, :changed_at, '{}',
        :decided_at, :sent_at, :anonymous
    )
    """,
    """
    INSERT INTO decision (
        tenant, event_id, decided_at, source, source_id, customer_id, digest, reason, survey_id, invitation_id,
        segments, facts, grounds
    ) VALUES (
        :tenant, :event_id, :decided_at, 'webshop', :source_id, 'c', '', 'invited', :survey_id, :id,
        :segments, '{}', '{}'
    )
    """,
)
ANSWER = """
    INSERT INTO answer_heard (tenant, id, version, event_id, state, score, test, heard_at)
    VALUES (:tenant, :id, 1, :event_id, 'saved', :score, false, :decided_at)
"""


async def add(
    database: Database,
    survey_id: UUID,
    decided: float,
    left: float | None,
    *,
    state: str = "sent",
    test: bool = False,
    anonymous: bool = False,
    score: int | None = None,
    segments: tuple[str, ...] = (),
    tenant: str = TENANT,
) -> None:
    """A mail whose event was decided, and which left or was withheld, so many days ago."""
    left_at, id_ = NOON - timedelta(days=left) if left is not None else None, uuid7()
    values = {
        "tenant": tenant, "id": id_, "event_id": uuid7(), "survey_id": survey_id, "state": state,
        "source_id": str(id_),
        "test": test, "anonymous": anonymous, "score": score, "segments": list(segments),
        "decided_at": NOON - timedelta(days=decided), "changed_at": left_at or NOON,
        "sent_at": left_at if state == "sent" else None,
    }  # fmt: skip
    async with database.transaction() as uow:
        for statement in (*ADD, *([ANSWER] if score is not None else [])):
            await uow.execute(statement, values)


async def figures(database: Database, survey_id: UUID, *allowed: str) -> SurveyFigures:
    async with database.reading() as uow:
        found = await count_by_survey(uow, TENANT, NOON - timedelta(days=30), allowed)
    return found.get(survey_id, SurveyFigures())


def ago(days: float) -> datetime:
    return NOON - timedelta(days=days)


@pytest.mark.parametrize("delay", [0, 1, 29, 31, 90, 400])
async def test_a_mail_counts_by_when_it_left_whatever_the_delay_was(database: Database, delay: int) -> None:
    await keep_tenant(database)
    survey = await make_survey(database)
    await add(database, survey.id, 1 + delay, 1, score=3)
    await add(database, survey.id, 2 + delay, 2)
    await add(database, survey.id, 31 + delay, 31, score=9)
    await add(database, survey.id, 3 + delay, 3, state="withheld")
    await add(database, survey.id, 33 + delay, 33, state="withheld")
    assert await figures(database, survey.id) == SurveyFigures(
        sent=2, withheld=1, last_sent_at=ago(1), delivered=2, answered=1
    )
    async with database.reading() as uow:
        of_all = await count_answers(uow, TENANT, NOON - timedelta(days=30))
        past = await count_answers_of(uow, TENANT, survey.id, NOON - timedelta(days=30))
    assert (past.delivered, past.answered, past.detractors) == (2, 1, 1)
    assert of_all == {survey.id: past}


async def test_the_last_mail_is_of_any_time_and_tests_are_in_no_figure(database: Database) -> None:
    await keep_tenant(database)
    survey, other = await make_survey(database), await make_survey(database, trigger="call.ended")
    assert await figures(database, survey.id) == SurveyFigures()
    await add(database, survey.id, 200, 100)
    await add(database, survey.id, 5, 4, test=True, score=10)
    await add(database, survey.id, 5, 4, test=True, state="withheld")
    assert await figures(database, survey.id) == SurveyFigures(last_sent_at=ago(100))
    await add(database, survey.id, 3, 3, anonymous=True)
    assert await figures(database, survey.id) == SurveyFigures(sent=1, last_sent_at=ago(3))
    assert await figures(database, other.id) == SurveyFigures()


async def test_a_reader_of_segments_sees_their_own_mails_and_the_last_of_these(database: Database) -> None:
    await keep_tenant(database)
    survey = await make_survey(database)
    await add(database, survey.id, 50, 3, segments=("store:aarhus",))
    await add(database, survey.id, 2, 2, segments=("store:odense",), score=9)
    await add(database, survey.id, 1, 1, segments=("store:odense",), state="withheld")
    await add(database, survey.id, 1, 1, segments=("store:odense",), tenant="another")
    assert await figures(database, survey.id, "store:aarhus") == SurveyFigures(
        sent=1, last_sent_at=ago(3), delivered=1
    )
    both = await figures(database, survey.id, "store:aarhus", "store:odense")
    assert (both.sent, both.withheld, both.last_sent_at, both.answered) == (2, 1, ago(2), 1)
    assert await figures(database, survey.id, "store:elsewhere") == SurveyFigures()


async def test_the_figures_read_the_mails_of_their_time_alone(database: Database) -> None:
    """Of 20,000 mails over the years, those of the last month."""
    await keep_tenant(database)
    survey = await make_survey(database)
    fill = """
        INSERT INTO invitation (
            tenant, id, version, event_id, customer_id, survey_id, state, test, next_at, changed_at, body,
            decided_at, sent_at
        )
        SELECT :tenant, CAST(md5('i' || n) AS uuid), 1, CAST(md5('e' || n) AS uuid), 'c', :survey_id, 'sent',
            false, :noon, :noon, '{}', CAST(:noon AS timestamptz) - n * interval '2 hours',
            CAST(:noon AS timestamptz) - n * interval '2 hours'
        FROM generate_series(1, 20000) AS n
    """
    async with database.transaction() as uow:
        await uow.execute(fill, {"tenant": TENANT, "survey_id": survey.id, "noon": NOON})
        await uow.execute("ANALYZE invitation", {})
    values: dict[str, Any] = {"tenant": TENANT, "since": NOON - timedelta(days=30), "allowed": []}
    async with database.reading() as uow:
        explained = await uow.execute(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {COUNT_BY_SURVEY}", {**values, "held": "held", "searched": 1}
        )
        plan = json.dumps(explained.scalar_one())
    assert "ix_invitation_sent" in plan
    read = [float(n) for n in re.findall(r'"Actual Rows": ([\d.]+)', plan)]
    assert max(read) < 1_000
    assert (await figures(database, survey.id)).sent == 30 * 12
