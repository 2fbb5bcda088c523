"""Count what rehearsals have found, within the transaction of the decisions: each event counts once."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.dispatcher.decisions.values import Considered
from services.dispatcher.rehearsals import repository
from services.dispatcher.rehearsals.results import RehearsedEvent
from shared.db import UnitOfWork
from shared.events import Tenant
from shared.values.zones import zone_of


async def count_rehearsed(
    uow: UnitOfWork,
    events: Iterable[tuple[str, UUID, Sequence[Considered]]],
    tenants: Mapping[str, Tenant],
) -> None:
    """Count events by the surveys that rehearsed them, on the company's day.

    :param events: tenant and id of each, oldest first, with what each survey would have done.
    """
    found: dict[repository.SurveyKey, list[RehearsedEvent]] = {}
    for tenant, event_id, rehearsed in events:
        for one in rehearsed:
            event = RehearsedEvent(event_id=event_id, at=uow.now, outcome=one.why)
            found.setdefault((tenant, one.survey_id), []).append(event)
    if not found:
        return
    stored = await repository.lock(uow, sorted(found))
    changed = {}
    for key, known in stored.items():
        company = tenants.get(key[0])
        day = uow.now.astimezone(zone_of(company.time_zone if company is not None else None)).date()
        changed[key] = known.with_events(day, found[key])
    await repository.write(uow, changed)
