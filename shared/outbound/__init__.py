"""The outbound queue of a service that sends: claim a delivery that is due, send it, record the outcome."""

from shared.outbound.channel import Channel, MailChannel
from shared.outbound.deliveries import Delivery, NewDelivery, claim_sql
from shared.outbound.outcome_rules import LEASE_DURATION, MailResult
from shared.outbound.queue import Postponed, Prepared, Queue, Withdrawn
from shared.outbound.sender import Sender

__all__ = [
    "LEASE_DURATION",
    "Channel",
    "Delivery",
    "MailChannel",
    "MailResult",
    "NewDelivery",
    "Postponed",
    "Prepared",
    "Queue",
    "Sender",
    "Withdrawn",
    "claim_sql",
]
