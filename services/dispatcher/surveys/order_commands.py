"""Move a survey in the order of all, and copy one: each within the caller's transaction."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.surveys import repository
from services.dispatcher.surveys.domain import (
    MAX_NAME_LENGTH,
    StoredSurvey,
    SurveyChanged,
    SurveyNotFound,
)
from services.dispatcher.surveys.survey_commands import (
    create_survey,
    find_survey,
    list_surveys,
    publish_surveys,
)
from shared.db import UnitOfWork
from shared.pages.language import translated
from shared.privacy.audit import AuditActor, record_audit

Direction = Literal["up", "down"]


def places_after_move(surveys: Sequence[StoredSurvey], moved: UUID, direction: Direction) -> dict[UUID, int]:
    """The place of each survey when one has changed places with its neighbour; the first cannot go up.

    The places that are taken stay so, unless several surveys have one: then all are numbered from 1 on.

    :param surveys: all of the tenant, in their order.
    """
    order = [survey.id for survey in surveys]
    places = sorted(survey.draft.place or 0 for survey in surveys)
    if len(set(places)) < len(places):
        places = list(range(1, len(places) + 1))
    at = order.index(moved)
    other = at - 1 if direction == "up" else at + 1
    if 0 <= other < len(order):
        order[at], order[other] = order[other], order[at]
    return dict(zip(order, places, strict=True))


async def move_survey(
    uow: UnitOfWork, tenant: str, survey_id: UUID, direction: Direction, *, seen: int | None, who: AuditActor
) -> None:
    """Let a survey change places with the one before or behind it.

    :raises SurveyNotFound: when the tenant has none of this id.
    :raises SurveyChanged: when ``seen`` is no longer its version.
    """
    await sending_rows.share(uow, tenant)
    await repository.lock_all(uow, tenant)
    surveys = {survey.id: survey for survey in await list_surveys(uow, tenant)}
    if survey_id not in surveys:
        raise SurveyNotFound
    if surveys[survey_id].version != seen:
        raise SurveyChanged
    places = places_after_move(list(surveys.values()), survey_id, direction)
    for changed in await repository.set_places(uow, tenant, places):
        await publish_surveys(uow, tenant, changed)
        survey = surveys[changed]
        record_audit(
            uow, tenant, who, "survey", str(changed), version=survey.version + 1, state=survey.draft.state
        )


async def copy_survey(
    uow: UnitOfWork,
    tenant: str,
    survey_id: UUID,
    copy_id: UUID,
    made_from: str | None = None,
    *,
    who: AuditActor,
) -> StoredSurvey:
    """Add a survey with the rules and words of another one, behind all others. It is a draft.

    :param made_from: the fingerprint of the request.
    :raises SurveyNotFound: when the tenant has none of this id.
    :raises KeyReused: when there is a survey of the copy's id that another request made.
    """
    draft = (await find_survey(uow, tenant, survey_id)).draft
    name = translated("Copy of %(name)s") % {"name": draft.name}
    draft = replace(draft, name=name[:MAX_NAME_LENGTH], state="draft", place=None)
    return await create_survey(uow, tenant, copy_id, draft, made_from, who=who)
