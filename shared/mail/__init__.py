"""Mail: built so that it arrives, and sent at most once."""

from shared.mail.letter import Letter, message_id
from shared.mail.mailer import Deferred, Delivered, Mailer, Outcome, Rejected, Unknown

__all__ = ["Deferred", "Delivered", "Letter", "Mailer", "Outcome", "Rejected", "Unknown", "message_id"]
