"""Mail that is due leaves: claimed, handed over, recorded; once for all services that send."""

from shared.outbound.fate import LEASE, Fate
from shared.outbound.queue import PASSED, Claimed, Queue
from shared.outbound.sender import Sender

__all__ = ["LEASE", "PASSED", "Claimed", "Fate", "Queue", "Sender"]
