"""The gauges of mails (due, being sent, since when, whether any leaves), of where they go and of senders."""

from services.dispatcher.invitations import repository
from services.dispatcher.repository import destinations
from services.dispatcher.senders import repository as sender_rows
from services.dispatcher.sms import reply_repository
from shared.db.database import UnitOfWork
from shared.outbound import mail_stream
from shared.outbound.gauges import set_gauges
from shared.telemetry import metrics


async def measure_mails(uow: UnitOfWork) -> None:
    """Measure the deliveries of all tenants but those that have stopped all sending."""
    await set_gauges(uow, "dispatcher", repository.NOT_STOPPED)


async def measure_destinations(uow: UnitOfWork) -> None:
    """Measure where the pace of mails waits for a destination to accept one."""
    metrics.MAIL_DESTINATIONS_REFUSING.set(await destinations.count_refusing(uow))
    metrics.MAIL_DESTINATIONS_HELD.set(await destinations.count_held(uow))


async def measure_texts(uow: UnitOfWork) -> None:
    """Measure for how long no text has left, and no reply was answered."""
    stream = await mail_stream.read(uow, channel="sms")
    stopped = (uow.now - stream.stopped_at).total_seconds() if stream.stopped_at is not None else 0.0
    metrics.TEXTS_STOPPED.set(stopped)
    oldest = await reply_repository.oldest_waiting(uow)
    metrics.TEXT_REPLIES_WAITING.set((uow.now - oldest).total_seconds() if oldest is not None else 0.0)


async def measure_senders(uow: UnitOfWork) -> None:
    """Measure the companies' own senders."""
    counted = await sender_rows.count_states(uow)
    for state in ("usable", "waiting", "lost"):
        metrics.COMPANY_SENDERS.labels(state).set(getattr(counted, state))
