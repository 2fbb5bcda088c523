"""Answers the replies that are kept: a number is given to the collector, and what is texted back is sent.

What is texted back is texted at most once about an invitation, of each kind: it is claimed in a transaction,
and then sent. A process that dies leaves a lease that expires, and the reply is taken up again.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
import msgspec
from sqlalchemy import Row
from structlog import get_logger

from services.dispatcher.imports.schedule import service_client
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.one_by_one import OneByOne
from services.dispatcher.sms import reply_repository, repository
from services.dispatcher.sms.channel import SmsChannel
from services.dispatcher.sms.installation import SmsInstallation
from services.dispatcher.sms.messages import TextMessage
from services.dispatcher.sms.reply_repository import WaitingReply
from services.dispatcher.sms.repository import TextBackKind
from services.dispatcher.sms.sender_ids import sender_for
from services.dispatcher.sms.survey_text import SurveyTextRenderer
from services.dispatcher.suppressions.repository import find_matching
from shared.db import Database
from shared.events import Invitation
from shared.outbound import mail_stream
from shared.privacy.service_client import ServiceClient, ServiceUnavailable, read_answer
from shared.runtime import Loop, Periodic
from shared.secrets import customer_hash
from shared.service import Context
from shared.telemetry import metrics
from shared.tenancy import read_tenant

log = get_logger()
REPLIES_LOOP = "text replies"
CHECK_INTERVAL_S = 1.0
ANSWERS_PATH = "text-answers"
TEXT_BACK_TIMEOUT_S = 30.0
LEASE = timedelta(minutes=2)
"""Longer than the collector and the provider may take together."""
TEXTED_BACK_WITHIN = timedelta(minutes=30)
"""Who wrote longer ago expects no text any more, and perhaps sleeps."""
RETRY_AFTER_S = (5, 15, 60, 300)
"""While the collector does not take an answer; the last for all later tries."""


class TextAnswer(msgspec.Struct):
    """A reply that is an answer, as the collector gets it."""

    invitation_id: str
    score: int
    said_at: datetime


class TextAnswerResult(msgspec.Struct):
    """What the collector has done with it."""

    state: Literal["kept", "gone"]


@dataclass(frozen=True, kw_only=True)
class ReplyWork:
    """Answers replies, one after the other."""

    database: Database
    secret: str
    services: ServiceClient
    renderer: SurveyTextRenderer
    one_by_one: OneByOne
    transport: httpx.AsyncBaseTransport | None = None
    """Set by tests: the way to the provider without a socket."""

    async def advance(self) -> bool:
        """Answer the reply that has waited longest; False: none is due."""
        async with self.database.transaction() as uow:
            row = await reply_repository.claim(uow, LEASE)
        if row is None:
            return False
        await self.one_by_one.advance([row], self._answer)
        return True

    async def _answer(self, row: Row[Any]) -> bool:
        reply = WaitingReply(**row._asdict())
        async with self.database.reading() as uow:
            about = await reply_repository.find_about(uow, reply)
            now = uow.now
        invitation = read_invitation(about) if about is not None else None
        if about is None or invitation is None or invitation.erased or not invitation.customer.phone:
            async with self.database.transaction() as uow:
                await reply_repository.remove(uow, reply)
            return True
        next_at = None
        try:
            kept = await self._do(reply, about, invitation)
        except ServiceUnavailable:
            kept = "late"
            if now < invitation.expires_at:
                next_at = now + timedelta(seconds=RETRY_AFTER_S[min(reply.attempts, len(RETRY_AFTER_S)) - 1])
        async with self.database.transaction() as uow:
            await reply_repository.settle(uow, reply, next_at)
        if next_at is None:
            metrics.TEXT_REPORTS.labels(kept).inc()
        return True

    async def _do(
        self, reply: WaitingReply, about: Row[Any], invitation: Invitation
    ) -> Literal["help", "unclear", "answer", "late"]:
        """What a reply is counted as.

        :raises ServiceUnavailable: when it is an answer and the collector does not take it now.
        """
        if reply.kind == "help":
            await self._text_back(reply, about, invitation, "help")
            return "help"
        if reply.kind == "unclear" or reply.score is None:
            await self._text_back(reply, about, invitation, "again")
            return "unclear"
        body = msgspec.json.encode(TextAnswer(str(invitation.id), reply.score, reply.said_at))
        answered = await self.services.post(
            "collector", ANSWERS_PATH, body, purpose="text", tenant=reply.tenant
        )
        if read_answer("collector", answered, TextAnswerResult).state == "gone":
            return "late"
        await self._text_back(reply, about, invitation, "reason")
        return "answer"

    async def _text_back(
        self, reply: WaitingReply, about: Row[Any], invitation: Invitation, kind: TextBackKind
    ) -> None:
        """Text back, unless that was done before, the customer wrote long ago, or the number gets no text any
        more.

        HELP is answered after STOP and by a company that is paused, too: it asks who that was and how it
        ends.
        """
        company, phone = read_tenant(about.tenant_body), invitation.customer.phone or ""
        if about.stopped or (company.is_closed if kind == "help" else company.state != "running"):
            return
        async with self.database.transaction() as uow:
            if uow.now - reply.said_at > TEXTED_BACK_WITHIN:
                return
            number_key = customer_hash(self.secret, reply.tenant, phone)
            entry = (reply.tenant, "address", number_key, False)
            is_silent = kind != "help" and await find_matching(uow, [entry])
            stream = await mail_stream.read(uow, channel="sms")
            if is_silent or stream.stopped_at is not None:
                return
            if not await repository.claim_text_back(uow, reply.tenant, invitation.id, kind):
                return
        text = self.renderer.text_back(
            invitation, company, kind, by_number=reply.by_number, score=reply.score
        )
        await self._send(reply, TextBack(phone, text, f"{invitation.id}/{kind}", kind))

    async def _send(self, reply: WaitingReply, back: "TextBack") -> None:
        installation = self.renderer.installation
        sender = sender_for(back.to, name=None, own_number=installation.number)
        channel = SmsChannel(installation.provider, "dispatcher", self.transport)
        message = TextMessage(to=back.to, sender=sender, text=back.text, reference=back.reference)
        try:
            async with asyncio.timeout(TEXT_BACK_TIMEOUT_S):
                said = type(await channel.send(message)).__name__.lower()
        except TimeoutError:
            said = "unknown"
        finally:
            await channel.close()
        log.info("text_back", tenant=reply.tenant, invitation=str(reply.id), kind=back.kind, outcome=said)


@dataclass(frozen=True)
class TextBack:
    """A text that answers a reply."""

    to: str
    text: str
    reference: str
    kind: TextBackKind


def replies_loop(context: Context, installation: SmsInstallation) -> Loop:
    """The loop of a process that sends: it reaches the provider. Any number of them may run it."""
    services = service_client(context)
    work = ReplyWork(
        database=context.database,
        secret=context.secret,
        services=services,
        renderer=SurveyTextRenderer(context.afterword, installation, context.database.clock),
        one_by_one=OneByOne(REPLIES_LOOP, context.database),
    )

    async def step() -> float | None:
        return 0 if await work.advance() else None

    periodic = Periodic(REPLIES_LOOP, step, CHECK_INTERVAL_S, context.health)

    async def run(stopping: asyncio.Event) -> None:
        try:
            await periodic.run(stopping)
        finally:
            await services.close()

    return run
