"""Mail: messages that mailbox providers accept, sent at most once."""

from shared.mail.connection import MailServer, mail_server
from shared.mail.mailer import Mailer
from shared.mail.message import InlinePicture, MailMessage, message_id
from shared.mail.outcomes import Away, Blocked, Deferred, Delivered, Outcome, Rejected, Unknown

__all__ = [
    "Away",
    "Blocked",
    "Deferred",
    "Delivered",
    "InlinePicture",
    "MailMessage",
    "MailServer",
    "Mailer",
    "Outcome",
    "Rejected",
    "Unknown",
    "mail_server",
    "message_id",
]
