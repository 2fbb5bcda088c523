"""Share links: open links for print and web. Pure: no clock, no database, no web.

Whoever has the link may answer, so its answers are no sample of the customers: they have the origin ``link``
and the channel ``share``, and count in no score. Nobody is known by them, so they open no case either.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from services.collector.domain import (
    SHARE_CHANNEL,
    InvitationReplica,
    LinkTarget,
    PageRevision,
    clicked_answer,
)
from shared.events import Answer, Survey, Tenant
from shared.events.nps import SCALE, Group, group_of
from shared.events.segments import TOUCHPOINT
from shared.privacy.persons import NOBODY
from shared.values.messages import Message, message

ShareState = Literal["live", "paused", "ended"]
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for others when they are typed from print."""
CODE_LENGTH = 12
NO_SCORES = (0,) * len(SCALE)
_FAR = timedelta(days=3650)
_NOT_LIVE = message("The survey does not ask now. Start it first.")
_ASKS_AFTER_CASES = message("This survey asks after cases alone, so that it has no open links.")


class ShareLink(msgspec.Struct, frozen=True, kw_only=True):
    """An open link of one survey, at one place."""

    tenant: str
    id: UUID
    code: str
    survey_id: UUID
    name: str
    """Of the place, for staff."""
    segments: dict[str, str]
    """That its answers have."""
    state: ShareState
    per_day: int | None
    """How many answers it takes a day, by the company's clock; None: any number."""
    in_all: int | None
    one_per_device: bool
    scores: tuple[int, ...]
    """How many of its answers have each score from 0 to 10."""
    day: date | None
    """Of its last new answer."""
    answers_of_day: int
    version: int
    created_at: datetime
    changed_at: datetime

    @property
    def answers(self) -> int:
        """How many it has taken."""
        return sum(self.scores)

    def takes_answers(self, today: date) -> bool:
        """Whether somebody who has not answered may do so now."""
        of_today = self.answers_of_day if self.day == today else 0
        has_room = self.per_day is None or of_today < self.per_day
        return self.state == "live" and has_room and (self.in_all is None or self.answers < self.in_all)

    def counted(self, today: date, score: int, before: int | None) -> "ShareLink":
        """The same with an answer of this score. ``before``: its score until now; None: it is new."""
        scores = list(self.scores)
        scores[score] += 1
        if before is not None:
            scores[before] -= 1
            return msgspec.structs.replace(self, scores=tuple(scores))
        of_today = self.answers_of_day if self.day == today else 0
        return msgspec.structs.replace(self, scores=tuple(scores), day=today, answers_of_day=of_today + 1)


def group_sizes(scores: Sequence[int]) -> dict[Group, int]:
    """How many answers each group has."""
    sizes: dict[Group, int] = {"promoter": 0, "passive": 0, "detractor": 0}
    for score, number in zip(SCALE, scores, strict=True):
        sizes[group_of(score)] += number
    return sizes


def new_code() -> str:
    """The last part of a new link's address: 59 bits by chance, so that nobody finds another company's."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def reason_not_to_share(survey: Survey) -> Message | None:
    """Why a survey has no share link that takes answers; None: it has."""
    if survey.measurement == "recovery":
        return _ASKS_AFTER_CASES
    return None if survey.state == "live" else _NOT_LIVE


def shared_target(
    link: ShareLink,
    tenant: Tenant,
    survey: Survey,
    language: str,
    answer: Answer | None = None,
    last_write: PageRevision | None = None,
) -> LinkTarget:
    """What an open link leads to: the survey's newest words, and no customer. An answer is final when sent.

    :param language: of the reader's browser.
    :param answer: the one that this browser gave.
    """
    invitation = InvitationReplica(
        id=link.id,
        state="sent",
        survey_id=survey.id,
        survey_version=survey.survey_version,
        measurement=survey.measurement,
        language=language,
        channel=SHARE_CHANNEL,
        test=False,
        customer_id="",
        person=NOBODY,
        event_id=link.id,
        touchpoint=link.segments.get(TOUCHPOINT) or survey.touchpoint,
        segments=link.segments,
        organisation=(),
        invited_at=link.created_at,
        expires_at=link.created_at + _FAR,
    )
    final = msgspec.structs.replace(survey, edit_hours=0)
    return LinkTarget(tenant, invitation, final, answer, last_write)


def with_blank_answer(target: LinkTarget, answer_id: UUID, now: datetime) -> LinkTarget:
    """The target with an answer of this browser's own, where there is none yet."""
    if target.answer is not None:
        return target
    blank = msgspec.structs.replace(
        clicked_answer(target.invitation, now, version=0),
        id=answer_id,
        origin="link",
        customer_id=None,
        event_id=None,
        invited_at=None,
    )
    return replace(target, answer=blank)
