"""Find, create and change surveys, and publish them: each within the caller's transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.rehearsals import repository as rehearsal_rows
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.surveys import repository
from services.dispatcher.surveys.domain import (
    KeyReused,
    StoredSurvey,
    SurveyChanged,
    SurveyDraft,
    SurveyNotFound,
    SurveyVersion,
    published_rules,
    read_drafts,
    rules_of,
)
from services.dispatcher.surveys.drafts_repository import keep_draft, list_kept
from services.dispatcher.surveys.refusals import (
    ASKS_NOW,
    WAVE_UNDER_WAY,
    DraftRefused,
    refuse_unkept_promise,
)
from services.dispatcher.surveys.texts import read_questions, read_texts, write_questions, write_texts
from services.dispatcher.waves import repository as wave_rows
from shared.db import UnitOfWork
from shared.events import SURVEYS, Survey
from shared.events.surveys import MAX_PLACE
from shared.privacy.audit import COMMAND_LINE, AuditActor, record_audit


async def find_survey(uow: UnitOfWork, tenant: str, survey_id: UUID) -> StoredSurvey:
    """One survey.

    :raises SurveyNotFound: when the tenant has none of this id.
    """
    return _stored(await repository.find(uow, tenant, survey_id))


async def lock_survey(
    uow: UnitOfWork, tenant: str, survey_id: UUID, *, with_order: bool = False
) -> StoredSurvey:
    """One survey, locked in order to change it.

    How the tenant sends is locked first, in the one order of all that lock both: a change of mode or a stop
    holds that, and then all surveys.

    :param with_order: nobody else adds or moves a survey meanwhile.
    :raises SurveyNotFound: when the tenant has none of this id.
    """
    await (sending_rows.lock if with_order else sending_rows.share)(uow, tenant)
    return _stored(await repository.lock(uow, tenant, survey_id))


async def list_surveys(uow: UnitOfWork, tenant: str) -> list[StoredSurvey]:
    """All surveys of the tenant in their order."""
    return [_stored(row) for row in await repository.list_of_tenants(uow, [tenant])]


async def list_word_versions(uow: UnitOfWork, tenant: str, survey_id: UUID) -> list[SurveyVersion]:
    """All versions of a survey's words, oldest first."""
    return [
        SurveyVersion(
            number=row.survey_version,
            survey_version=row.survey_version,
            written_at=row.written_at,
            draft=_stored(row).draft,
        )
        for row in await repository.list_versions(uow, tenant, survey_id)
    ]


async def list_survey_versions(uow: UnitOfWork, tenant: str, survey_id: UUID) -> list[SurveyVersion]:
    """All versions of a survey, its rules included, oldest first.

    Of one whose rules were not kept the words are known, and of the last one the rules, too: they are those
    of today.
    """
    rows = await list_kept(uow, tenant, survey_id)
    found: list[SurveyVersion] = []
    for row in rows:
        words = _stored(row).draft
        own = [(each.written_at, each.draft, True) for each in read_drafts(row.drafts)]
        for written_at, draft, has_rules in own or [(row.written_at, words, row is rows[-1])]:
            found.append(
                SurveyVersion(
                    number=len(found) + 1,
                    survey_version=row.survey_version,
                    written_at=written_at,
                    draft=replace(draft, texts=words.texts, questions=words.questions),
                    has_rules=has_rules,
                )
            )
    return found


async def create_survey(
    uow: UnitOfWork,
    tenant: str,
    survey_id: UUID,
    draft: SurveyDraft,
    made_from: str | None = None,
    *,
    who: AuditActor = COMMAND_LINE,
) -> StoredSurvey:
    """Add a survey; one of this id that is there already stays as it is.

    How the tenant sends is locked for this one alone: of two that are made at once each has a place of its
    own.

    :param made_from: The fingerprint of the request.
    :raises KeyReused: when the one that is there was made by another request.
    """
    await sending_rows.lock(uow, tenant)
    draft = replace(draft, draws_by="person")
    if draft.place is None:
        draft = replace(draft, place=await _next_place(uow, tenant))
    if is_new := await repository.insert(uow, tenant, survey_id, draft, made_from):
        await repository.insert_words(uow, tenant, survey_id, 1, draft)
        await repository.note_first_live(uow, tenant, survey_id)
        if draft.state == "rehearsal":
            await rehearsal_rows.begin(uow, tenant, survey_id)
        await publish_surveys(uow, tenant, survey_id)
        record_audit(uow, tenant, who, "survey", str(survey_id), version=1, state=draft.state)
    elif await repository.find_fingerprint(uow, tenant, survey_id) not in {None, made_from}:
        raise KeyReused
    made = await find_survey(uow, tenant, survey_id)
    if is_new:
        await keep_draft(uow, tenant, made)
    return made


async def change_survey(
    uow: UnitOfWork,
    tenant: str,
    survey_id: UUID,
    draft: SurveyDraft,
    *,
    seen: int | None = None,
    who: AuditActor = COMMAND_LINE,
) -> StoredSurvey:
    """Change a survey. New words, questions, layout or edit window become a new version.

    Old invitations keep theirs.

    :raises SurveyNotFound: when the tenant has none of this id.
    :raises SurveyChanged: when ``seen`` is given and is no longer the version.
    :raises DraftRefused: naming the field.
    """
    current = await lock_survey(uow, tenant, survey_id)
    if seen is not None and current.version != seen:
        raise SurveyChanged
    draft = replace(draft, draws_by=current.draft.draws_by)
    if draft.place is None:
        draft = replace(draft, place=current.draft.place)
    if draft == current.draft:
        return current
    await check_change(uow, tenant, current, draft)
    await keep_draft(uow, tenant, current)  # those of before this was kept
    survey_version = current.survey_version
    if has_new_words(current, draft):
        survey_version += 1
        await repository.insert_words(uow, tenant, survey_id, survey_version, draft)
    else:
        await repository.judge_words(uow, tenant, survey_id, survey_version, draft)
    await repository.update(uow, tenant, survey_id, survey_version, draft)
    if current.draft.state != "live":
        await repository.note_first_live(uow, tenant, survey_id)
    if (draft.state == "rehearsal") is not (current.draft.state == "rehearsal"):
        begin_or_end = rehearsal_rows.begin if draft.state == "rehearsal" else rehearsal_rows.end
        await begin_or_end(uow, tenant, survey_id)
    await publish_surveys(uow, tenant, survey_id)
    record_audit(uow, tenant, who, "survey", str(survey_id), version=current.version + 1, state=draft.state)
    changed = await find_survey(uow, tenant, survey_id)
    await keep_draft(uow, tenant, changed)
    return changed


async def place_behind_all(uow: UnitOfWork, tenant: str, survey: StoredSurvey) -> int:
    """The place with which a survey is the last; its own, if it is so already.

    The caller holds it locked with the order (:func:`lock_survey`).
    """
    order = await list_surveys(uow, tenant)
    others = [each.draft.place or 0 for each in order if each.id != survey.id]
    if order[-1].id == survey.id and survey.draft.place not in others:
        return survey.draft.place or 0
    return await _next_place(uow, tenant)


def has_new_words(current: StoredSurvey, draft: SurveyDraft) -> bool:
    """Whether a change makes a new version of the words."""
    return _words(draft) != _words(current.draft)


async def check_change(uow: UnitOfWork, tenant: str, current: StoredSurvey, draft: SurveyDraft) -> None:
    """Refuse what a survey that is as it is cannot become.

    :raises DraftRefused: naming the field.
    """
    if current.draft.state == "live" and draft.state == "rehearsal":
        raise DraftRefused("state", ASKS_NOW)
    refuse_unkept_promise(draft, current.draft)
    measures_other = draft.measurement != current.draft.measurement
    if measures_other and await wave_rows.is_under_way(uow, tenant, current.id):
        raise DraftRefused("measurement", WAVE_UNDER_WAY)


async def publish_surveys(uow: UnitOfWork, tenant: str, survey_id: UUID | None = None) -> None:
    """Publish a survey, or all of the tenant, in every version: old invitations name old words."""
    for survey in await survey_events(uow, tenant, survey_id):
        uow.publish(SURVEYS, tenant, survey)


async def publish_new_versions(uow: UnitOfWork, tenant: str) -> None:
    """Publish all surveys of a tenant whose sending has changed: each of them carries how it sends."""
    await repository.raise_versions(uow, tenant)
    await publish_surveys(uow, tenant)


async def survey_events(uow: UnitOfWork, tenant: str, survey_id: UUID | None) -> list[Survey]:
    """A survey, or all of the tenant, in every version, as it is published."""
    sending = await sending_rows.find(uow, tenant)
    return [
        Survey(
            **published_rules(row),
            **_published(row),
            id=row.id,
            survey_version=row.survey_version,
            version=row.version,
            test=sending is None or sending.mode == "test",
            stopped=sending is not None and sending.stopped,
            texts=read_texts(row.texts),
            questions=read_questions(row.questions),
            changed_at=uow.now,
        )
        for row in await repository.list_versions(uow, tenant, survey_id)
    ]


def typed_event(draft: SurveyDraft, survey_id: UUID, at: datetime) -> Survey:
    """A draft that is not stored as it would be published at first, in a company in test mode."""
    return Survey(
        **published_rules(draft),
        **_published(draft),
        id=survey_id,
        survey_version=1,
        version=1,
        test=True,
        stopped=False,
        texts=draft.texts,
        questions=draft.questions,
        changed_at=at,
    )


def _published(source: Any) -> dict[str, Any]:
    """What the event of a survey has of its row, or of a draft, as it is there."""
    names = ("name", "measurement", "default_language", "layout", "edit_hours")
    return {name: getattr(source, name) for name in names}


async def _next_place(uow: UnitOfWork, tenant: str) -> int:
    """The place behind the last one; where that is the highest, all surveys are numbered anew."""
    last = await repository.find_last_place(uow, tenant)
    if last >= MAX_PLACE:
        await repository.renumber(uow, tenant)
        await publish_surveys(uow, tenant)
        last = await repository.find_last_place(uow, tenant)
    return last + 1


def _stored(row: Row[Any] | None) -> StoredSurvey:
    if row is None:
        raise SurveyNotFound
    draft = SurveyDraft(
        **rules_of(row),
        name=row.name,
        measurement=row.measurement,
        default_language=row.default_language,
        texts=read_texts(row.texts),
        questions=read_questions(row.questions),
        layout=row.layout,
        edit_hours=row.edit_hours,
    )
    return StoredSurvey(
        id=row.id,
        version=row.version,
        survey_version=row.survey_version,
        draft=draft,
        live_version=row.live_version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        first_live_at=row.first_live_at,
        first_day_began_at=row.first_day_began_at,
    )


def _words(draft: SurveyDraft) -> tuple[object, ...]:
    texts, questions = write_texts(draft.texts), write_questions(draft.questions)
    return draft.measurement, draft.default_language, texts, questions, draft.layout, draft.edit_hours
