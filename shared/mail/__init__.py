"""Mail: built so that it arrives, and sent at most once."""

from shared.mail.connection import MailServer, mail_server
from shared.mail.letter import Letter, message_id
from shared.mail.mailer import Mailer
from shared.mail.outcomes import Away, Blocked, Deferred, Delivered, Outcome, Rejected, Unknown

__all__ = [
    "Away",
    "Blocked",
    "Deferred",
    "Delivered",
    "Letter",
    "MailServer",
    "Mailer",
    "Outcome",
    "Rejected",
    "Unknown",
    "mail_server",
    "message_id",
]
