"""Replies that are neither STOP nor START: a number from 0 to 10 is an answer, HELP is answered by a text.

A number is an answer where the text that was sent names the scale; it is given to the collector over HTTP, as
rows of files are. What is texted back is texted at most once about an invitation, of each kind: it is claimed
in a transaction, and then sent.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import msgspec
from sqlalchemy import Row
from structlog import get_logger

from services.dispatcher.bounces.bounce_commands import TOKENS_KEPT
from services.dispatcher.bounces.repository import take_token
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.sms import repository
from services.dispatcher.sms.channel import SmsChannel
from services.dispatcher.sms.inbound import Kept, keep, number_keys
from services.dispatcher.sms.messages import TextMessage, TextReply
from services.dispatcher.sms.reply_words import ReadReply, names_scale, read_reply
from services.dispatcher.sms.repository import TextBackKind
from services.dispatcher.sms.sender_ids import sender_for
from services.dispatcher.sms.survey_text import SurveyTextRenderer
from services.dispatcher.suppressions.repository import find_matching
from services.dispatcher.surveys.texts import read_texts
from shared.db import Database
from shared.events import SurveyTexts
from shared.outbound import mail_stream
from shared.privacy.service_client import ServiceClient
from shared.tenancy import read_tenant

log = get_logger()
ANSWERS_PATH = "text-answers"
TEXT_BACK_TIMEOUT_S = 10.0
"""For so long the provider that has brought a reply waits for ours to be handed over, not longer."""


class TextAnswer(msgspec.Struct):
    """A reply that is an answer, as the collector gets it."""

    invitation_id: str
    score: int


class TextAnswerResult(msgspec.Struct):
    """What the collector has done with it."""

    state: Literal["kept", "gone"]


@dataclass(frozen=True, kw_only=True)
class TextReplies:
    """Takes what customers reply to texts."""

    database: Database
    secret: str
    services: ServiceClient
    renderer: SurveyTextRenderer
    transport: httpx.AsyncBaseTransport | None = None
    """Set by tests: the way to the provider without a socket."""

    async def take(self, reply: TextReply, token: str) -> Kept:
        """Do what a reply says.

        :param token: the hash of what only its request has: the same request again does nothing.
        :raises ServiceUnavailable: when it is an answer and the collector does not take it now.
        """
        read = read_reply(reply.text)
        if read.kind in {"stop", "start", "other"}:
            async with self.database.transaction() as uow:
                return await keep(uow, self.secret, reply)
        async with self.database.reading() as uow:
            keys = await number_keys(uow, self.secret, reply.number)
            texted = await repository.find_last_texted(uow, list(keys.items()))
            if texted is None:
                return "unknown"
            repeated = await repository.is_taken(uow, "text", token)
        if read.kind == "help":
            await self._text_back(texted, "help", read, token)
            return "help"
        if self.database.clock() >= read_invitation(texted).expires_at:
            return "late"
        return await self._take_number(texted, read, token, repeated=repeated)

    async def _take_number(self, texted: Row[Any], read: ReadReply, token: str, *, repeated: bool) -> Kept:
        if read.kind == "unclear" or not _takes_numbers(texted):
            await self._text_back(texted, "again", read, token)
            return "unclear"
        if not repeated and await self._answer(texted, read) == "gone":
            return "late"
        await self._text_back(texted, "reason", read, token)
        return "answer"

    async def _answer(self, texted: Row[Any], read: ReadReply) -> Literal["kept", "gone"]:
        body = msgspec.json.encode(TextAnswer(invitation_id=str(texted.id), score=read.score or 0))
        answered = await self.services.post(
            "collector", ANSWERS_PATH, body, purpose="text", tenant=texted.tenant
        )
        return msgspec.json.decode(answered, type=TextAnswerResult).state

    async def _text_back(self, texted: Row[Any], kind: TextBackKind, read: ReadReply, token: str) -> None:
        """Text back, unless that was done before, or the number gets no text any more.

        HELP is answered after STOP, too, since it asks how that works.
        """
        async with self.database.transaction() as uow:
            await take_token(uow, "text", token, TOKENS_KEPT)
            entry = (texted.tenant, "address", texted.number_key, False)
            is_silent = kind != "help" and await find_matching(uow, [entry])
            stream = await mail_stream.read(uow, channel="sms")
            if is_silent or texted.stopped or stream.stopped_at is not None:
                return
            if not await repository.claim_text_back(uow, texted.tenant, texted.id, kind):
                return
        await self._send(texted, kind, read)

    async def _send(self, texted: Row[Any], kind: TextBackKind, read: ReadReply) -> None:
        invitation, installation = read_invitation(texted), self.renderer.installation
        to = invitation.customer.phone or ""
        text = self.renderer.text_back(
            invitation,
            read_tenant(texted.tenant_body),
            kind,
            by_number=_takes_numbers(texted),
            score=read.score,
        )
        sender = sender_for(to, name=None, own_number=installation.number)
        channel = SmsChannel(installation.provider, "dispatcher", self.transport)
        try:
            async with asyncio.timeout(TEXT_BACK_TIMEOUT_S):
                outcome = await channel.send(
                    TextMessage(to=to, sender=sender, text=text, reference=f"{invitation.id}/{kind}")
                )
            said = type(outcome).__name__.lower()
        except TimeoutError:
            said = "unknown"
        finally:
            await channel.close()
        log.info("text_back", tenant=texted.tenant, invitation=str(invitation.id), kind=kind, outcome=said)


def _takes_numbers(texted: Row[Any]) -> bool:
    """Whether a number is an answer: the sentence that was texted asks for one from 0 to 10, and the answer
    is not to be kept without a person, whom a reply always names.
    """
    invitation = read_invitation(texted)
    if invitation.anonymous:
        return False
    words = read_texts(texted.words) if texted.words is not None else {}
    return names_scale(words.get(invitation.language, SurveyTexts()).sms or "")
