"""Surveys as they are made, changed and said."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.domain import SurveyRules
from services.dispatcher.repository import sending as sending_rows
from services.dispatcher.repository import surveys as rows
from services.dispatcher.wording import read_texts, write_texts
from shared.db import UnitOfWork
from shared.events import SURVEYS, SurveyTexts
from shared.events import Survey as SurveyEvent
from shared.values.text import normalized_text

LAST_PLACE = 1_000_000
"""The highest place that can be given; where the next one lies beyond it, all are numbered anew."""
State = Literal["live", "paused"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """All that somebody decides about a survey."""

    name: str
    trigger: str
    measurement: Literal["transactional", "relational"] = "transactional"
    state: State = "paused"
    """Nobody is asked until somebody says so."""
    delay_minutes: int = 1440
    quarantine_days: int = 90
    link_days: int = 30
    max_age_days: int = 7
    position: int | None = None
    """Its place in the order; the last when none is given."""
    default_language: str = "en"
    texts: dict[str, SurveyTexts] = {}


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """A survey as it stands."""

    id: UUID
    version: int
    survey_version: int
    draft: Draft
    created_at: datetime
    changed_at: datetime


class MadeBefore(Exception):
    """The idempotency key was used for another survey."""


class NoSuchSurvey(Exception):
    """The tenant has no survey of this id."""


class Changed(Exception):
    """Somebody has changed the survey since it was read."""


def rules_of(row: Row[Any]) -> SurveyRules:
    """A survey as a decision sees it."""
    return SurveyRules(
        id=row.id,
        survey_version=row.survey_version,
        name=row.name,
        measurement=row.measurement,
        trigger=normalized_text(row.trigger),
        delay_minutes=row.delay_minutes,
        quarantine_days=row.quarantine_days,
        link_days=row.link_days,
        max_age_days=row.max_age_days,
        live=row.state == "live",
        default_language=row.default_language,
        languages=tuple(read_texts(row.texts)),
    )


async def hold(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Survey:
    """One survey, locked to be changed. How the tenant sends is locked first, as by everybody who locks both:
    who goes live or stops holds that, and then all surveys.

    :raises NoSuchSurvey: when the tenant has none of this id.
    """
    await sending_rows.hold(uow, tenant, change=False)
    return await find(uow, tenant, survey_id, lock=True)


async def find(uow: UnitOfWork, tenant: str, survey_id: UUID, *, lock: bool = False) -> Survey:
    """One survey.

    :raises NoSuchSurvey: when the tenant has none of this id.
    """
    row = await rows.find(uow, tenant, survey_id, lock=lock)
    if row is None:
        raise NoSuchSurvey
    return _survey(row)


async def listing(uow: UnitOfWork, tenant: str) -> list[Survey]:
    """All surveys of the tenant in their order."""
    return [_survey(row) for row in await rows.of_tenants(uow, [tenant])]


async def create(
    uow: UnitOfWork, tenant: str, survey_id: UUID, draft: Draft, made_from: str | None = None
) -> Survey:
    """Add a survey; one of this id that is there already stays as it is.

    :param made_from: The fingerprint of the request.
    :raises MadeBefore: when the one that is there was made by another request.
    """
    await sending_rows.hold(uow, tenant, change=False)
    if draft.position is None and await rows.last_place(uow, tenant) >= LAST_PLACE:
        await rows.renumber(uow, tenant)
        await say(uow, tenant)
    if await rows.insert(uow, tenant, {"id": survey_id, "made_from": made_from, **_columns(draft)}):
        await _write_words(uow, tenant, survey_id, 1, draft)
        await say(uow, tenant, survey_id)
    elif await rows.made_from(uow, tenant, survey_id) not in {None, made_from}:
        raise MadeBefore
    return await find(uow, tenant, survey_id)


async def change(
    uow: UnitOfWork, tenant: str, survey_id: UUID, draft: Draft, *, seen: int | None = None
) -> Survey:
    """Make the survey so. New words become a new version of it, so that old invitations keep theirs.

    :raises NoSuchSurvey: when the tenant has none of this id.
    :raises Changed: when it is no longer in the version that was ``seen``.
    """
    now = await hold(uow, tenant, survey_id)
    if seen is not None and now.version != seen:
        raise Changed
    if draft.position is None:
        draft = msgspec.structs.replace(draft, position=now.draft.position)
    if draft == now.draft:
        return now
    words = now.survey_version
    if _words(draft) != _words(now.draft):
        words += 1
        await _write_words(uow, tenant, survey_id, words, draft)
    await rows.update(uow, tenant, {"id": survey_id, "survey_version": words, **_columns(draft)})
    await say(uow, tenant, survey_id)
    return await find(uow, tenant, survey_id)


async def say(uow: UnitOfWork, tenant: str, survey_id: UUID | None = None) -> None:
    """Say a survey, or all of the tenant, in every version: old invitations name old words."""
    for survey in await versions(uow, tenant, survey_id):
        uow.publish(SURVEYS, tenant, survey)


async def versions(uow: UnitOfWork, tenant: str, survey_id: UUID | None) -> list[SurveyEvent]:
    """A survey, or all of the tenant, in every version, as others hear of it."""
    sending = await sending_rows.read(uow, tenant)
    return [
        SurveyEvent(
            id=row.id,
            survey_version=row.survey_version,
            version=row.version,
            name=row.name,
            measurement=row.measurement,
            trigger=row.trigger,
            state=row.state,
            test=sending is None or sending.mode == "test",
            stopped=sending is not None and sending.stopped,
            texts=read_texts(row.texts),
            default_language=row.default_language,
            delay_minutes=row.delay_minutes,
            quarantine_days=row.quarantine_days,
            link_days=row.link_days,
            max_age_days=row.max_age_days,
            place=row.place,
            changed_at=uow.now,
        )
        for row in await rows.every_version(uow, tenant, survey_id)
    ]


def _survey(row: Row[Any]) -> Survey:
    draft = Draft(
        name=row.name,
        trigger=row.trigger,
        measurement=row.measurement,
        state=row.state,
        delay_minutes=row.delay_minutes,
        quarantine_days=row.quarantine_days,
        link_days=row.link_days,
        max_age_days=row.max_age_days,
        position=row.place,
        default_language=row.default_language,
        texts=read_texts(row.texts),
    )
    return Survey(
        id=row.id,
        version=row.version,
        survey_version=row.survey_version,
        draft=draft,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "name": draft.name,
        "trigger": draft.trigger,
        "delay_minutes": draft.delay_minutes,
        "quarantine_days": draft.quarantine_days,
        "link_days": draft.link_days,
        "max_age_days": draft.max_age_days,
        "place": draft.position,
        "state": draft.state,
    }


def _words(draft: Draft) -> tuple[str, str, bytes]:
    return draft.measurement, draft.default_language, write_texts(draft.texts)


async def _write_words(uow: UnitOfWork, tenant: str, survey_id: UUID, version: int, draft: Draft) -> None:
    measurement, language, texts = _words(draft)
    await rows.insert_words(
        uow, tenant, survey_id, version, measurement=measurement, default_language=language, texts=texts
    )
