"""Simulated customers answer mails from cases: half of them, some seconds later, to the Reply-To address."""

import asyncio
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import urlsplit

import aiosmtplib
import structlog

from deploy.demo import case_words, personas
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient
from deploy.demo.model import Model
from shared.clock import Clock
from shared.runtime import pause

ANSWER_SHARE = 0.5
FASTEST_ANSWER_S, MEAN_THOUGHT_S, MOST_THOUGHT_S = 5.0, 20.0, 90.0
"""From a mail's arrival to its answer: the first, and an exponential time as long as the others say."""
SEND_TRIES, RETRY_INTERVAL_S = 20, 3.0

log = structlog.get_logger()


class Correspondence:
    """What customers do with the mails that colleagues write to them."""

    def __init__(
        self, model: Model, checkpoint: Checkpoint, *, mailbox: DemoClient, smtp_url: str, clock: Clock
    ) -> None:
        """:param smtp_url: of the server to which the customers' mail programs hand their mails."""
        self._model = model
        self._checkpoint = checkpoint
        self._mailbox = mailbox
        self._smtp = urlsplit(smtp_url)
        self._clock = clock

    async def read(self, summary: dict[str, Any], stopping: asyncio.Event) -> None:
        """Answer a mail of the mailbox's list, if it is one from a case and its customer wants to."""
        number = personas.number_of(summary["to"])
        if number is None or personas.is_left_to_the_visitor(number):
            return
        delay_s = answer_delay_s(self._model, number, summary["subject"])
        if delay_s is None:
            return
        mail = await self._mailbox.get(f"/api/mails/{summary['id']}")
        if not mail["headers"].get("Reply-To", "").startswith("reply+"):
            return
        age = (self._clock() - datetime.fromisoformat(summary["at"])).total_seconds()
        await pause(stopping, max(0.0, delay_s - age))
        answer = answer_to(self._model, personas.customer(self._model, number), mail, self._clock())
        if await self._send(answer, stopping):
            self._checkpoint.progress.mails_answered += 1

    async def _send(self, mail: EmailMessage, stopping: asyncio.Event) -> bool:
        """Whether it was taken; a server that is away is tried again for a minute."""
        for _ in range(SEND_TRIES):
            if stopping.is_set():
                return False
            try:
                await aiosmtplib.send(
                    mail, hostname=self._smtp.hostname, port=self._smtp.port, start_tls=False
                )
            except (aiosmtplib.SMTPException, OSError) as error:
                log.info("demo_answer_not_sent", why=str(error))
                await pause(stopping, RETRY_INTERVAL_S)
            else:
                return True
        return False


def answer_delay_s(model: Model, number: str, subject: str) -> float | None:
    """After how many seconds a customer answers the mail of this subject, which names a case; None: never."""
    random = model.random("answers a mail", number, subject)
    if random.random() >= ANSWER_SHARE:
        return None
    return FASTEST_ANSWER_S + min(random.expovariate(1 / MEAN_THOUGHT_S), MOST_THOUGHT_S)


def answer_to(model: Model, customer: personas.Customer, mail: dict[str, Any], now: datetime) -> EmailMessage:
    """What the customer answers, as a mail program writes it.

    :param mail: as the mailbox shows it. Answered twice, after a restart, the answer is the same one.
    """
    headers = mail["headers"]
    random = model.random("answer to a mail", customer.number, headers["Subject"])
    quoted = "\n".join(f"> {line}" for line in (mail["text"] or "").splitlines())
    answer = EmailMessage()
    answer["From"] = formataddr((customer.name, customer.address))
    answer["To"] = headers["Reply-To"]
    answer["Subject"] = f"Re: {headers['Subject']}"
    answer["Date"] = format_datetime(now.astimezone(UTC))
    answer["Message-ID"] = f"<answer.{headers['Message-ID'].strip('<>')}>"
    answer["In-Reply-To"] = headers["Message-ID"]
    answer["References"] = headers["Message-ID"]
    answer.set_content(f"{random.choice(case_words.ANSWERS[customer.locale])}\n\n{quoted}\n")
    return answer
