"""Gauges of a service's mails: those due, those being sent, and whether sending is stopped."""

from shared.db import UnitOfWork
from shared.outbound import deliveries, mail_stream
from shared.telemetry import metrics


async def set_gauges(uow: UnitOfWork, service: str, counted: str = "true") -> None:
    """Measure the deliveries of all tenants with one query, and set the gauges.

    :param counted: as for :func:`shared.outbound.deliveries.count_due_and_sending`.
    """
    on_their_way = await deliveries.count_due_and_sending(uow, counted)
    stream = await mail_stream.read(uow)
    stopped = (uow.now - stream.stopped_at).total_seconds() if stream.stopped_at is not None else 0.0
    oldest = on_their_way.oldest
    age = (uow.now - oldest).total_seconds() if oldest is not None else 0.0
    metrics.set_mail_gauges(
        service,
        due=on_their_way.due,
        sending=on_their_way.sending,
        # A mail that was refused for our fault is due again only at its next attempt, yet late for longer.
        age_seconds=max(age, stopped),
        stopped_seconds=stopped,
    )
