"""``survey_words.drafts``: the rules that a survey had with each version of its words."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.surveys.domain import KeptDraft, StoredSurvey, read_drafts, stored_drafts
from services.dispatcher.surveys.repository import COLUMNS, IN_ALL_VERSIONS
from shared.db import UnitOfWork

MAX_KEPT = 500
"""Of one version of the words: a program that changes a rule all day fills no disk. The oldest go."""
LIST_KEPT = f"SELECT {COLUMNS}, w.drafts {IN_ALL_VERSIONS}"


async def list_kept(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Sequence[Row[Any]]:
    """One survey in every version of its words, each with the rules that it had with them."""
    return (await uow.execute(LIST_KEPT, {"tenant": tenant, "id": survey_id})).all()


_OF_WORDS = "tenant = :tenant AND survey_id = :survey_id AND survey_version = :survey_version"
FIND_DRAFTS = f"SELECT drafts FROM survey_words WHERE {_OF_WORDS}"
STORE_DRAFTS = f"UPDATE survey_words SET drafts = :drafts WHERE {_OF_WORDS}"


async def keep_draft(uow: UnitOfWork, tenant: str, survey: StoredSurvey) -> None:
    """Keep a survey's rules beside its words, unless they are those that were kept last.

    The caller holds it locked.
    """
    where = {"tenant": tenant, "survey_id": survey.id, "survey_version": survey.survey_version}
    kept = read_drafts((await uow.execute(FIND_DRAFTS, where)).scalar_one())
    draft = KeptDraft.of(survey)
    if not kept or kept[-1].differs(draft):
        await uow.execute(STORE_DRAFTS, {**where, "drafts": stored_drafts([*kept, draft][-MAX_KEPT:])})
