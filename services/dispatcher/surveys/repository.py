"""``survey`` (one row for a survey's rules) and ``survey_words`` (one row for each version of its words)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.models import survey
from services.dispatcher.repository.first_days import BEGAN
from services.dispatcher.surveys.domain import (
    SurveyDraft,
    rules_of,
    state_and_stage,
    stored_adaptive_sampling,
    stored_conditions,
    stored_programme,
    stored_reminders,
)
from services.dispatcher.surveys.texts import write_questions, write_texts
from shared.db import UnitOfWork
from shared.db.bulk import insert as insert_rows
from shared.events.surveys import SURVEY_RULES

RULES = ", ".join(f"s.{name}" for name in SURVEY_RULES)
COLUMNS = (
    f"s.tenant, s.id, s.version, s.name, {RULES}, s.stage, s.live_version, s.created_at, s.changed_at, "
    f"s.first_live_at, {BEGAN} AS first_day_began_at, w.survey_version, w.measurement, w.default_language, "
    "w.texts, w.questions, w.layout, w.edit_hours, w.written_at"
)
_CURRENT = """
    survey s
    JOIN survey_words w
        ON w.tenant = s.tenant AND w.survey_id = s.id AND w.survey_version = s.survey_version
"""

LIST_SURVEYS = f"""
    SELECT {COLUMNS} FROM {_CURRENT}
    WHERE s.tenant = ANY(CAST(:tenants AS text[]))
    ORDER BY s.tenant, s.place, s.id
"""


async def list_of_tenants(uow: UnitOfWork, tenants: Sequence[str]) -> Sequence[Row[Any]]:
    """All surveys of these tenants in their order."""
    return (await uow.execute(LIST_SURVEYS, {"tenants": list(tenants)})).all()


FIND_SURVEY = f"""
    SELECT {COLUMNS} FROM {_CURRENT} WHERE s.tenant = :tenant AND s.id = :id
"""


async def find(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Row[Any] | None:
    """One survey as it is."""
    return (await uow.execute(FIND_SURVEY, {"tenant": tenant, "id": survey_id})).one_or_none()


LOCK_SURVEY = f"{FIND_SURVEY} FOR UPDATE OF s"


async def lock(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Row[Any] | None:
    """One survey, locked in order to change it."""
    return (await uow.execute(LOCK_SURVEY, {"tenant": tenant, "id": survey_id})).one_or_none()


IN_ALL_VERSIONS = """
    FROM survey s
    JOIN survey_words w ON w.tenant = s.tenant AND w.survey_id = s.id
    WHERE s.tenant = :tenant AND (CAST(:id AS uuid) IS NULL OR s.id = :id)
    ORDER BY s.id, w.survey_version
"""
LIST_VERSIONS = f"SELECT {COLUMNS} {IN_ALL_VERSIONS}"


async def list_versions(uow: UnitOfWork, tenant: str, survey_id: UUID | None) -> Sequence[Row[Any]]:
    """One survey, or all of the tenant, in every version of its words that an invitation may name."""
    return (await uow.execute(LIST_VERSIONS, {"tenant": tenant, "id": survey_id})).all()


async def insert(
    uow: UnitOfWork, tenant: str, survey_id: UUID, draft: SurveyDraft, made_from: str | None
) -> bool:
    """Add a survey; False if its id is there already."""
    inserted = await insert_rows(
        uow,
        survey,
        [draft],
        returning="id",
        tenant=tenant,
        id=survey_id,
        version=1,
        survey_version=1,
        created_at=uow.now,
        changed_at=uow.now,
        made_from=made_from,
        **state_and_stage(draft.state),
        live_version=1 if draft.state == "live" else None,
        reminders=[stored_reminders(draft)],
        conditions=[stored_conditions(draft)],
        programme=[stored_programme(draft)],
        adaptive_sampling=[stored_adaptive_sampling(draft)],
    )
    return inserted.one_or_none() is not None


FIND_FINGERPRINT = """
    SELECT made_from FROM survey WHERE tenant = :tenant AND id = :id
"""


async def find_fingerprint(uow: UnitOfWork, tenant: str, survey_id: UUID) -> str | None:
    """The fingerprint of the request that made a survey; None if it was not stored."""
    rows = await uow.execute(FIND_FINGERPRINT, {"tenant": tenant, "id": survey_id})
    return rows.scalar_one_or_none()


UPDATE_SURVEY = f"""
    UPDATE survey
    SET version = version + 1, survey_version = :survey_version, name = :name,
        {", ".join(f"{name} = :{name}" for name in SURVEY_RULES)}, stage = :stage, changed_at = :now,
        live_version = CASE WHEN CAST(:state AS text) = 'live' THEN :survey_version ELSE live_version END,
        programme_since = CASE
            WHEN state = :state AND (programme IS NULL) = (CAST(:programme AS bytea) IS NULL)
                THEN programme_since
            ELSE :now
        END
    WHERE tenant = :tenant AND id = :id
"""


async def update(
    uow: UnitOfWork, tenant: str, survey_id: UUID, survey_version: int, draft: SurveyDraft
) -> None:
    """Write a survey's rules, and which version of its words is current."""
    await uow.execute(
        UPDATE_SURVEY,
        {
            **rules_of(draft),
            **state_and_stage(draft.state),
            "reminders": stored_reminders(draft),
            "conditions": stored_conditions(draft),
            "programme": stored_programme(draft),
            "adaptive_sampling": stored_adaptive_sampling(draft),
            "channels": list(draft.channels),
            "name": draft.name,
            "tenant": tenant,
            "id": survey_id,
            "survey_version": survey_version,
            "now": uow.now,
        },
    )


INSERT_WORDS = """
    INSERT INTO survey_words
        (tenant, survey_id, survey_version, measurement, default_language, texts, questions, written_at,
            layout, edit_hours, neutral, incentive)
    VALUES (:tenant, :survey_id, :survey_version, :measurement, :default_language, :texts, :questions, :now,
            :layout, :edit_hours, :neutral, :incentive)
"""


async def insert_words(
    uow: UnitOfWork, tenant: str, survey_id: UUID, survey_version: int, draft: SurveyDraft
) -> None:
    """Store a new version of a survey's words."""
    await uow.execute(
        INSERT_WORDS,
        {
            "tenant": tenant,
            "survey_id": survey_id,
            "survey_version": survey_version,
            "measurement": draft.measurement,
            "default_language": draft.default_language,
            "texts": write_texts(draft.texts),
            "questions": write_questions(draft.questions),
            "layout": draft.layout,
            "edit_hours": draft.edit_hours,
            "neutral": draft.neutral,
            "incentive": draft.incentive,
            "now": uow.now,
        },
    )


JUDGE_WORDS = """
    UPDATE survey_words SET neutral = :neutral, incentive = :incentive
    WHERE tenant = :tenant AND survey_id = :survey_id AND survey_version = :survey_version
"""


async def judge_words(
    uow: UnitOfWork, tenant: str, survey_id: UUID, survey_version: int, draft: SurveyDraft
) -> None:
    """Store of a version of a survey's words whether they are neutral, and their answers rewarded."""
    await uow.execute(
        JUDGE_WORDS,
        {
            "tenant": tenant,
            "survey_id": survey_id,
            "survey_version": survey_version,
            "neutral": draft.neutral,
            "incentive": draft.incentive,
        },
    )


NOTE_FIRST_LIVE = """
    UPDATE survey SET first_live_at = :now
    WHERE tenant = :tenant AND (CAST(:id AS uuid) IS NULL OR id = :id) AND state = 'live'
        AND first_live_at IS NULL
        AND EXISTS (SELECT 1 FROM sending g WHERE g.tenant = :tenant AND g.mode = 'live')
"""


async def note_first_live(uow: UnitOfWork, tenant: str, survey_id: UUID | None = None) -> None:
    """Note that a survey, or all of the tenant, may ask customers for the first time.

    The caller has locked how the tenant sends, and has just started the survey or gone live.
    """
    await uow.execute(NOTE_FIRST_LIVE, {"tenant": tenant, "id": survey_id, "now": uow.now})


BEGIN_PROGRAMMES = """
    UPDATE survey SET programme_since = :now
    WHERE tenant = :tenant AND programme IS NOT NULL
"""


async def begin_programmes(uow: UnitOfWork, tenant: str) -> None:
    """Let the tenant's programmes ask for the turns that come from now on: in test mode they asked nobody.

    The caller has locked how the tenant sends, and has just gone live.
    """
    await uow.execute(BEGIN_PROGRAMMES, {"tenant": tenant, "now": uow.now})


LOCK_SURVEYS = """
    SELECT 1 FROM survey WHERE tenant = :tenant ORDER BY id FOR UPDATE
"""


async def lock_all(uow: UnitOfWork, tenant: str) -> None:
    """Lock all surveys of the tenant, in the order of their ids."""
    await uow.execute(LOCK_SURVEYS, {"tenant": tenant})


RAISE_VERSIONS = """
    UPDATE survey SET version = version + 1 WHERE tenant = :tenant
"""


async def raise_versions(uow: UnitOfWork, tenant: str) -> None:
    """Give every survey of the tenant a new version."""
    await lock_all(uow, tenant)
    await uow.execute(RAISE_VERSIONS, {"tenant": tenant})


FIND_LAST_PLACE = """
    SELECT coalesce(max(place), 0) FROM survey WHERE tenant = :tenant
"""


async def find_last_place(uow: UnitOfWork, tenant: str) -> int:
    """The highest place of the tenant's surveys; 0 without any."""
    return int((await uow.execute(FIND_LAST_PLACE, {"tenant": tenant})).scalar_one())


SET_PLACES = """
    UPDATE survey s
    SET version = s.version + 1, place = n.place, changed_at = :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:places AS integer[])) AS n(id, place)
    WHERE s.tenant = :tenant AND s.id = n.id AND s.place <> n.place
    RETURNING s.id
"""


async def set_places(uow: UnitOfWork, tenant: str, places: Mapping[UUID, int]) -> list[UUID]:
    """Give surveys other places; returns those whose place has changed. All surveys are locked."""
    values = {"tenant": tenant, "ids": list(places), "places": list(places.values()), "now": uow.now}
    return sorted((await uow.execute(SET_PLACES, values)).scalars())


RENUMBER = """
    UPDATE survey s
    SET version = s.version + 1, place = n.place, changed_at = :now
    FROM (
        SELECT id, row_number() OVER (ORDER BY place, id) AS place FROM survey WHERE tenant = :tenant
    ) n
    WHERE s.tenant = :tenant AND s.id = n.id AND s.place <> n.place
"""


async def renumber(uow: UnitOfWork, tenant: str) -> None:
    """Give the tenant's surveys the places from 1 on, in their order."""
    await lock_all(uow, tenant)
    await uow.execute(RENUMBER, {"tenant": tenant, "now": uow.now})
