"""Answers that are kept without a person. Pure, like the domain.

A page of an anonymous survey carries a secret that is stored nowhere. The answer's id and the claim on the
link are two keyed hashes of it: who has the page can go on writing, and nobody else, a reader of the database
included, can tell which answer came by which link.
"""

import hmac
import secrets
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from services.collector.domain import (
    InvitationReplica,
    LinkTarget,
    SubmittedAnswer,
    answer_after,
    clicked_answer,
)
from shared.events import Answer
from shared.privacy.persons import NOBODY
from shared.secrets import derive
from shared.values.zones import zone_of

_SECRET_DIGITS = 32


class AnswerKeys(NamedTuple):
    """What follows from a page's secret, and is of no use without it."""

    answer_id: UUID
    claim: bytes
    """By which the page that answered first is known again."""


class PageSecrets:
    """Makes and reads the secrets of pages of anonymous surveys."""

    def __init__(self, secret: str) -> None:
        self._signing, self._answers, self._claims = (
            derive(secret, f"anonymous {purpose}") for purpose in ("page", "answer", "claim")
        )

    def make(self, invitation_id: UUID) -> str:
        """The secret of a page that is rendered now, signed."""
        random = secrets.token_hex(_SECRET_DIGITS // 2)
        return f"{random}.{_tag(self._signing, invitation_id, random).hex()}"

    def read(self, signed: str, invitation_id: UUID) -> AnswerKeys | None:
        """What follows from a page's secret; None: it is not one of ours, or another link's."""
        random, _, tag = signed.partition(".")
        expected = _tag(self._signing, invitation_id, random).hex()
        if not hmac.compare_digest(tag.encode(), expected.encode()):
            return None
        answer_id = UUID(bytes=_tag(self._answers, invitation_id, random)[:16], version=4)
        return AnswerKeys(answer_id, _tag(self._claims, invitation_id, random))


def _tag(key: bytes, invitation_id: UUID, random: str) -> bytes:
    return hmac.digest(key, invitation_id.bytes + random.encode(), "sha256")


def is_claimed_by(target: LinkTarget, keys: AnswerKeys) -> bool:
    """Whether the link was answered by the page that has these keys."""
    link = target.answered_link
    return link is not None and link.claim is not None and hmac.compare_digest(link.claim, keys.claim)


def day_begin(now: datetime, zone: ZoneInfo) -> datetime:
    """When the day began: the only time that an anonymous answer has."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def target_of_nobody(target: LinkTarget, answer_id: UUID, answer: Answer | None, now: datetime) -> LinkTarget:
    """The target as an anonymous answer sees it: no customer, no event, no invitation.

    :param answer: as it is stored so far.
    """
    invitation = msgspec.structs.replace(target.invitation, contact_key=None, person=NOBODY)
    blank = answer or _blank_answer(invitation, answer_id, day_begin(now, zone_of(target.tenant.time_zone)))
    return replace(target, invitation=invitation, answer=blank, case=None)


def anonymous_answer_after(
    target: LinkTarget, submitted: SubmittedAnswer, now: datetime, *, final: bool
) -> Answer | None:
    """The anonymous answer after a submission, or None when nothing changes.

    ``target`` is one :func:`target_of_nobody`. That the customer may be contacted is never kept here: who
    says so has an answer with a name.
    """
    kept = replace(submitted, sent=final, may_contact=None)
    return answer_after(target, kept, day_begin(now, zone_of(target.tenant.time_zone)))


def _blank_answer(invitation: InvitationReplica, answer_id: UUID, day: datetime) -> Answer:
    return msgspec.structs.replace(
        clicked_answer(invitation, day, version=0),
        id=answer_id,
        anonymous=True,
        customer_id=None,
        event_id=None,
        drawn_percent=None,
        channel=None,
        invited_at=None,
    )
