"""A look at the newest records of a source, for the API and the page."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from services.trigger.context import TriggerContext
from services.trigger.sources.domain import Reading, SourceRefused
from services.trigger.sources.labels import NO_SOURCE
from services.trigger.sources.preview import PreviewedRecord, preview
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.source_commands import check_reading
from shared.http.problems import Problem
from shared.privacy.audit import AuditActor, record_audit
from shared.tenancy.tenants import find_tenant
from shared.values.messages import message


async def previewed(
    context: TriggerContext, tenant: str, source_id: UUID, reading: Reading | None, *, who: AuditActor
) -> Sequence[PreviewedRecord]:
    """The newest records and what would become of them; that somebody looked is logged.

    :param reading: in place of the source's own. Of another registry it gets no password.
    :raises SourceRefused: when the reading cannot be so.
    :raises SourceProblem: when its records cannot be read now.
    :raises Problem: 404 where there is no such source, 503 when too many look at once.
    """
    async with context.preview_lane.turn():
        async with context.database.transaction() as uow:
            source = await source_rows.find(uow, tenant, source_id)
            if source is None:
                raise Problem(404, detail=NO_SOURCE)
            company = await find_tenant(uow, tenant)
            if reading is not None:
                check_reading(reading)
                if _registry_of(reading) != _registry_of(source.reading):
                    raise SourceRefused(
                        "/registry", message("Save another registry first: its password belongs to it.")
                    )
                source = replace(source, reading=reading)
            record_audit(uow, tenant, who, "source_previewed", str(source_id))
        return await preview(context, source, company.country if company else None)


def _registry_of(reading: Reading) -> tuple[str, str] | None:
    return (reading.registry.url, reading.registry.username) if reading.registry is not None else None
