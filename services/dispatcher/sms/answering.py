"""Replies are kept with the request that brings them: STOP and START at once, others until they are answered.

The provider gets its answer at once, whoever else is away; ``reply_work.py`` answers the customer. Of a
reply only its number is kept, under the invitation that it is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from services.dispatcher.bounces.bounce_commands import TOKENS_KEPT
from services.dispatcher.bounces.repository import take_token
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.sms import reply_repository, repository
from services.dispatcher.sms.inbound import Kept, keep, number_keys
from services.dispatcher.sms.messages import TextReply
from services.dispatcher.sms.reply_repository import WaitingKind
from services.dispatcher.sms.reply_words import names_scale, read_reply
from services.dispatcher.surveys.texts import read_texts
from shared.db import Database, UnitOfWork
from shared.events import Invitation, SurveyTexts
from shared.tenancy import read_tenant

RECENT_WINDOW = timedelta(days=7)
"""Texts of several companies within this time stand in one thread of the phone: a number may be for each."""
MAX_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class TextReplies:
    """Takes what customers reply to texts."""

    database: Database
    secret: str

    async def take(self, reply: TextReply, token: str) -> Kept:
        """Do what a reply wishes, or keep it until it is answered.

        :param token: the hash of what only its request has: the same request again does nothing.
        """
        read = read_reply(reply.text)
        async with self.database.transaction() as uow:
            if read.kind in {"stop", "start", "other"}:
                return await keep(uow, self.secret, reply)
            keys = await number_keys(uow, self.secret, reply.number)
            said_at = min(reply.said_at or uow.now, uow.now)
            texted, is_last = await _texted_before(uow, list(keys.items()), said_at)
            if not texted:
                return "unknown"
            invitation = read_invitation(texted[0])
            if invitation.erased or not invitation.customer.phone:
                return "unknown"
            if read_tenant(texted[0].tenant_body).is_closed or (
                read.kind != "help" and said_at >= invitation.expires_at
            ):
                return "late"
            if not await take_token(uow, "text", token, TOKENS_KEPT):
                return "stored"
            is_certain = is_last and not _others_are_recent(texted)
            by_number = is_certain and _takes_numbers(invitation, texted[0])
            score = read.score if is_certain else None
            kind: WaitingKind = "help" if read.kind == "help" else "unclear"
            if read.kind == "score" and by_number:
                kind = "score"
            await reply_repository.keep(
                uow, texted[0].tenant, invitation.id, kind, score, said_at, by_number=by_number
            )
        return "stored"


async def _texted_before(
    uow: UnitOfWork, names: Sequence[tuple[str, str]], said_at: datetime
) -> tuple[list[Row[Any]], bool]:
    """What the number had been texted when it replied, and whether that is certain: the provider's clock may
    be a little behind ours, so that a text that seems to have left later may be the one replied to.
    """
    texted = await repository.find_last_texted(uow, names, said_at + MAX_CLOCK_SKEW)
    before = await repository.find_last_texted(uow, names, said_at)
    return texted, not before or before[0].id == texted[0].id


def _others_are_recent(texted: Sequence[Row[Any]]) -> bool:
    """Whether another company than the last one has texted the number not long before it."""
    return any(texted[0].texted_at - other.texted_at <= RECENT_WINDOW for other in texted[1:])


def _takes_numbers(invitation: Invitation, texted: Row[Any]) -> bool:
    """Whether a number is an answer: the sentence that was texted asks for one from 0 to 10, and the answer
    is not to be kept without a person, whom a reply always names.
    """
    if invitation.anonymous:
        return False
    words = read_texts(texted.words) if texted.words is not None else {}
    return names_scale(words.get(invitation.language, SurveyTexts()).sms or "")
