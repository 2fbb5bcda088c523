"""Mail that is due leaves: claimed, handed over, recorded; once for all services that send."""

from shared.outbound.outcome_rules import LEASE_DURATION, MailResult
from shared.outbound.queue import PASSED, Claimed, Queue
from shared.outbound.sender import Sender

__all__ = ["LEASE_DURATION", "PASSED", "Claimed", "MailResult", "Queue", "Sender"]
