"""A survey whose pages are looked at before anybody is asked."""

from uuid import UUID

import msgspec

from shared.db.database import UnitOfWork
from shared.events import Survey, Tenant
from shared.tenancy.tenants import read_tenant

_survey = msgspec.json.Decoder(Survey)

FIND_SURVEY = """
    SELECT t.body AS tenant, s.body AS survey
    FROM survey s
    JOIN tenant t ON t.id = s.tenant
    WHERE s.tenant = :tenant AND s.id = :id AND s.survey_version = :version
"""


async def find_survey(
    uow: UnitOfWork, tenant: str, survey_id: UUID, version: int
) -> tuple[Tenant, Survey] | None:
    """A version of a survey with its company; None until both have been consumed."""
    values = {"tenant": tenant, "id": survey_id, "version": version}
    row = (await uow.execute(FIND_SURVEY, values)).one_or_none()
    return (read_tenant(row.tenant), _survey.decode(row.survey)) if row is not None else None
