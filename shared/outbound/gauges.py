"""What an operator asks of a service's mails: due, being sent, for how long, and whether they leave."""

from typing import Any

from shared.db import UnitOfWork
from shared.outbound import mail_stream as streams
from shared.telemetry import metrics


async def show(uow: UnitOfWork, service: str, on_their_way: Any) -> None:
    """Set the gauges. ``on_their_way``: how many are ``due``, since when the ``oldest`` of these is, and how
    many are being sent (``sending``).
    """
    stream = await streams.read(uow)
    stopped = (uow.now - stream.stopped_at).total_seconds() if stream.stopped_at is not None else 0.0
    oldest = on_their_way.oldest
    age = (uow.now - oldest).total_seconds() if oldest is not None else 0.0
    metrics.set_mail_gauges(
        service,
        due=on_their_way.due,
        sending=on_their_way.sending,
        # What was refused for our fault is due only since it is to be tried again, and late for longer.
        age_seconds=max(age, stopped),
        stopped_seconds=stopped,
    )
