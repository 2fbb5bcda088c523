"""Falls of segments that arrive open alerts, bring them up to date, and close them."""

from collections.abc import Sequence

from services.alerts.segment_alerts import repository
from services.alerts.segment_alerts.domain import alert_id, opened
from services.alerts.segment_alerts.notices import notify_leaders
from shared.db.database import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import Event, SegmentFall
from shared.events.dedupe import newest


async def act_on_falls(uow: UnitOfWork, events: Sequence[Event[SegmentFall]]) -> None:
    """Handle ``falls`` events: the newest of each segment, and whoever leads it is told of a new one once."""
    await keep_falls(uow, events, tells=True)


async def keep_falls(uow: UnitOfWork, events: Sequence[Event[SegmentFall]], *, tells: bool = False) -> None:
    """Open, update and close alerts.

    :param tells: False: after a restore, since whoever is to be told may have been told before.
    """
    latest = newest(events, lambda fall: f"{fall.measurement}/{fall.segment}")
    fresh = await repository.keep_falls(uow, latest)
    over = [(each.tenant, each.data) for each in fresh if each.data.state != "fallen"]
    fallen = [opened(each.tenant, each.data, uow.now) for each in fresh if each.data.state == "fallen"]
    if over:
        await repository.end(uow, [(tenant, alert_id(tenant, fall), fall) for tenant, fall in over])
    if fallen:
        new = await repository.open_or_update(uow, fallen)
        if tells:
            await notify_leaders(uow, new)
    notify_changes(uow, [event.tenant for event in fresh])
