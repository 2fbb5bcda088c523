"""The outbound queue: claim a mail that is due, send it, record the outcome; the same for all services."""

from shared.outbound.outcome_rules import LEASE_DURATION, MailResult
from shared.outbound.queue import PASSED, ClaimedMail, Queue
from shared.outbound.sender import Sender

__all__ = ["LEASE_DURATION", "PASSED", "ClaimedMail", "MailResult", "Queue", "Sender"]
