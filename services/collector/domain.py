"""What an answer may become, and what a followed link tells. Pure: no clock, no database, no web."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events import Answer, FollowUp, Invitation, InvitationState, Survey, SurveyTexts, Tenant
from shared.events.envelope import Instant
from shared.events.nps import group_of
from shared.events.surveys import Measurement
from shared.limits import TOPIC_RETENTION
from shared.values.languages import widening
from shared.values.text import one_form
from shared.values.zones import zone_of

AMENDMENT_PERIOD = timedelta(hours=48)
"""So long after its first score an answer may be changed; then it stands for ever."""
UUID_VERSION_WITH_TIME = 7
"""Such an id begins with the milliseconds of its making."""
MAX_TEXT_LENGTH = 5_000
MACHINE_PACE = timedelta(seconds=10)
MACHINE_SCORES = 3

LinkStatus = Literal["open", "gone", "unknown"]
MachineFlag = Literal["scores", "agent", "honeypot"]
"""Why a visit was a machine's: many scores at once; a scanner's name; a link that no human sees."""
CLOSED_STATES: frozenset[InvitationState] = frozenset({"dropped", "withheld"})


class InvitationReplica(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an invitation: all that an answer carries on, and nobody's name or address."""

    id: UUID
    state: InvitationState
    survey_id: UUID
    survey_version: int
    measurement: Measurement
    language: str
    test: bool
    customer_id: str
    contact_key: str | None = None
    event_id: UUID
    touchpoint: str | None
    segments: dict[str, str]
    organisation: tuple[str, ...]
    invited_at: Instant
    expires_at: Instant
    event_type: str = ""
    """This and the next two are not known of invitations that were kept before they were asked for."""
    occurred_at: Instant | None = None
    time_zone: str | None = None

    @classmethod
    def by(cls, invitation: Invitation) -> "InvitationReplica":
        """The copy of an invitation."""
        return cls(
            id=invitation.id,
            state=invitation.state,
            survey_id=invitation.survey_id,
            survey_version=invitation.survey_version,
            measurement=invitation.measurement,
            language=invitation.language,
            test=invitation.test,
            customer_id=invitation.customer.id,
            contact_key=invitation.contact_key,
            event_id=invitation.event_id,
            touchpoint=invitation.touchpoint,
            segments=invitation.segments,
            organisation=invitation.organisation,
            invited_at=invitation.sent_at or invitation.due_at,
            expires_at=invitation.expires_at,
            event_type=invitation.event_type,
            occurred_at=invitation.occurred_at,
            time_zone=invitation.customer.time_zone,
        )


@dataclass(frozen=True, slots=True)
class PageRevision:
    """Which page wrote an answer last: the id that it was drawn with, and its own count of what it sent."""

    page: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class OpenCase:
    """The case that an answer opened."""

    due_at: datetime
    """Until when somebody is to contact the customer."""
    dealt_with: bool
    """Somebody has, or the case is closed."""


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """All that is known behind a link. Until the survey's words have come the standard ones stand."""

    tenant: Tenant
    asked: InvitationReplica
    survey: Survey | None
    answer: Answer | None
    written: PageRevision | None = None
    case: OpenCase | None = None

    @property
    def scored(self) -> Answer | None:
        """The answer, once it has a score."""
        return self.answer if self.answer is not None and self.answer.score is not None else None

    @property
    def amendable_until(self) -> datetime | None:
        """Until when the answer may be changed; None before there is one."""
        answered_at = self.scored.answered_at if self.scored else None
        return answered_at + AMENDMENT_PERIOD if answered_at else None

    def texts(self, language: str) -> SurveyTexts:
        """The survey's own words in a language; what it lacks the standard wording has."""
        own = self.survey.texts if self.survey else {}
        return next((own[tag] for tag in widening(language) if tag in own), SurveyTexts())

    def follow_up_question(self, language: str, score: int) -> str | None:
        """The second question for an outcome, if the survey has one."""
        questions: FollowUp = self.texts(language).follow_up
        question: str | None = getattr(questions, group_of(score))
        return question


def link_status(invitation_id: UUID, found: LinkTarget | None, now: datetime) -> LinkStatus:
    """Whether a link of ours may be answered: yes, no longer, or its invitation has not come to us yet."""
    if found is None:
        made_at = now
        if invitation_id.version == UUID_VERSION_WITH_TIME:
            made_at = datetime.fromtimestamp((invitation_id.int >> 80) / 1000, UTC)
        return "unknown" if now < made_at + TOPIC_RETENTION else "gone"
    if found.asked.state in CLOSED_STATES:
        return "gone"
    until = found.amendable_until or found.asked.expires_at
    return "open" if now < until else "gone"


@dataclass(frozen=True, slots=True)
class SubmittedAnswer:
    """What the customer said now. What is UNSET stays as it was."""

    score: int
    language: str
    sent: bool = False
    comment: str | UnsetType | None = UNSET
    follow_up: str | UnsetType | None = UNSET
    may_contact: bool | UnsetType | None = UNSET


def answer_after(found: LinkTarget, said: SubmittedAnswer, now: datetime) -> Answer | None:
    """The answer after this, or None when it says nothing new.

    ``answered_at`` and ``day`` are those of the first score, for ever; what was sent stays sent.
    """
    old = found.answer
    if old is None:
        old = clicked_answer(found.asked, now, version=0)
    first = old.answered_at or now
    new = msgspec.structs.replace(
        old,
        contact_key=found.asked.contact_key,
        state="sent" if said.sent or old.state == "sent" else "saved",
        score=said.score,
        language=said.language,
        answered_at=first,
        day=old.day or first.astimezone(zone_of(found.tenant.time_zone)).date(),
        comment=old.comment if said.comment is UNSET else said.comment,
        may_contact=old.may_contact if said.may_contact is UNSET else said.may_contact,
        **_follow_up(found, said),
    )
    if new == old:
        return None
    # Two posts at once: the later one may have begun first.
    return msgspec.structs.replace(new, version=old.version + 1, changed_at=max(now, old.changed_at))


def _follow_up(found: LinkTarget, said: SubmittedAnswer) -> dict[str, str | None]:
    """The second question as it was asked, and what was said to it."""
    if said.follow_up is UNSET:
        return {}
    question = found.follow_up_question(said.language, said.score)
    if said.follow_up is None or question is None:
        return {"follow_up": None, "follow_up_question": None}
    return {"follow_up": said.follow_up, "follow_up_question": question}


def clicked_answer(asked: InvitationReplica, now: datetime, *, version: int = 1) -> Answer:
    """A link was followed; nothing was answered."""
    return Answer(
        id=asked.id,
        version=version,
        state="clicked",
        origin="survey",
        test=asked.test,
        customer_id=asked.customer_id,
        contact_key=asked.contact_key,
        survey_id=asked.survey_id,
        survey_version=asked.survey_version,
        event_id=asked.event_id,
        measurement=asked.measurement,
        touchpoint=one_form(asked.touchpoint or "") or None,
        segments=asked.segments,
        organisation=asked.organisation,
        language=asked.language,
        invited_at=asked.invited_at,
        changed_at=now,
    )


@dataclass(frozen=True, slots=True)
class Visit:
    """A link was followed: by whom, as far as a request tells, and which score stood in it."""

    score: int | None
    agent: str
    trapped: bool


@dataclass(frozen=True, slots=True)
class Intent:
    """What the visits of one invitation's link came to."""

    first_at: datetime
    last_at: datetime
    visits: int
    score: int | None
    seen: Mapping[str, float]
    """When each score was last followed."""
    flag: MachineFlag | None


def intent_after(intent: Intent | None, visit: Visit, now: datetime) -> Intent:
    """The intent after one more visit. A flag, once raised, stays: the first reason is the reason."""
    seen = dict(intent.seen) if intent else {}
    if visit.score is not None:
        seen[str(visit.score)] = now.timestamp()
    return Intent(
        first_at=intent.first_at if intent else now,
        last_at=now,
        visits=(intent.visits if intent else 0) + 1,
        score=visit.score if visit.score is not None else intent.score if intent else None,
        seen=seen,
        flag=(intent.flag if intent else None) or _machine(visit, list(seen.values()), now),
    )


def _machine(visit: Visit, followed: Sequence[float], now: datetime) -> MachineFlag | None:
    if visit.trapped:
        return "honeypot"
    if any(name in visit.agent.lower() for name in SCANNERS):
        return "agent"
    lately = now.timestamp() - MACHINE_PACE.total_seconds()
    return "scores" if sum(at > lately for at in followed) >= MACHINE_SCORES else None


SCANNERS = (
    "barracuda",
    "bingpreview",
    "bitdefender",
    "bot/",
    "bot;",
    "facebookexternalhit",
    "fortinet",
    "microsoft office",
    "mimecast",
    "ms-office",
    "proofpoint",
    "safelinks",
    "slackbot",
    "symantec",
    "trendmicro",
    "trend micro",
    "urldefense",
    "whatsapp",
    "zscaler",
)
"""What link scanners and previews call themselves, as far as they say so. A flag never stops a person."""
