"""Mails between cases and customers: written, sent by the dispatcher, and answered, as programs write them."""

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from support.dispatcher_builders import CONTACT_POLICY, Clock
from support.http_clients import SECRET, afterword_settings

from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.replies.queue import ReplyQueue, ReplyWriter
from services.dispatcher.replies.reply_mail import ReplyMailRenderer
from services.dispatcher.updates.update_mail import UpdateMailRenderer
from services.dispatcher.updates.writing import UpdateWriter
from shared.db.database import Database
from shared.events import CaseMail, CaseReply
from shared.health import Health
from shared.ids import uuid7
from shared.mail import Mailer
from shared.mail.references import MailReferences
from shared.outbound import MailChannel, Sender

REPLY_HOST = "replies.shop.example"
REFERENCES = MailReferences(SECRET)


def a_reply(answer_id: UUID, **changes: Any) -> CaseReply:
    """A mail that a colleague has written to the customer of an answer."""
    facts: dict[str, Any] = {
        "id": uuid7(),
        "case_id": uuid7(),
        "number": 482130,
        "answer_id": answer_id,
        "subject": "Your sofa",
        "text": "Dear Karen,\nwe send a new leg.\n\nJonas",
        "language": "en",
        "author": "Jonas Holt",
        "written_at": datetime(2026, 11, 20, 12, tzinfo=UTC),
    }
    return CaseReply(**{**facts, **changes})


def a_case_mail(reply_id: UUID, case_id: UUID, answer_id: UUID, **changes: Any) -> CaseMail:
    """What the dispatcher tells of a mail of a customer."""
    facts: dict[str, Any] = {
        "id": uuid7(),
        "version": 1,
        "direction": "in",
        "reply_id": reply_id,
        "case_id": case_id,
        "answer_id": answer_id,
        "state": "came",
        "at": datetime.now(UTC),
        "subject": "Re: Your sofa",
        "text": "The leg came.",
    }
    return CaseMail(**{**facts, **changes})


def a_reply_sender(database: Database, mailer: Mailer, clock: Clock, **changes: object) -> Sender:
    """The sender of mails from cases, of whatever kind; ``changes`` are of the settings."""
    usual = {"mail_from": "ask@shop.example", "reply_host": REPLY_HOST}
    settings = afterword_settings("127.0.0.1:1", **{**usual, **changes})
    rendering = (settings, SurveyMailRenderer(settings, clock), clock)
    queue = ReplyQueue(
        {
            "reply": ReplyWriter(ReplyMailRenderer(*rendering), SECRET, company_senders=True),
            "update": UpdateWriter(
                UpdateMailRenderer(*rendering), SECRET, CONTACT_POLICY, company_senders=True
            ),
        }
    )
    return Sender("reply sender", database, MailChannel(mailer, "dispatcher"), queue, Health())


def an_answer_mail(to: str, text: str = "The leg came. Thanks!", **fields: str) -> bytes:
    """What a customer's program sends: the words above what it quotes."""
    message = EmailMessage()
    headers = {
        "From": "Karen <karen@example.com>",
        "To": to,
        "Subject": "Re: Your sofa",
        "Message-ID": f"<{uuid7()}@example.com>",
    }
    for name, value in {
        **headers,
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }.items():
        message[name] = value
    quoted = "> Dear Karen,\n> we send a new leg."
    message.set_content(
        f"{text}\n\nOn Mon, 30 Nov 2026 at 12:00, Jonas Holt <ask@shop.example> wrote:\n{quoted}\n"
    )
    return message.as_bytes()
