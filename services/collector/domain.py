"""What becomes of an invitation's link and of its answer. Pure: no clock, no database, no web."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.collector.replies import replies_after
from services.collector.suspicion import is_held
from services.collector.visits import Mails
from shared.events import (
    Answer,
    FollowUp,
    Invitation,
    InvitationState,
    Question,
    QuestionTexts,
    Survey,
    SurveyTexts,
    Tenant,
)
from shared.events.answers import MAX_EARLIER_SCORES, EarlierScore, MachineSign
from shared.events.envelope import Instant
from shared.events.nps import SCALE, group_of
from shared.events.questions import MAX_FURTHER_QUESTIONS, Values
from shared.events.surveys import STANDARD_EDIT_HOURS, Layout, Measurement, has_follow_up
from shared.limits import TOPIC_RETENTION
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import ERASED_CUSTOMER
from shared.values.languages import widening
from shared.values.text import normalized_text
from shared.values.zones import zone_of

UUID_VERSION_WITH_TIME = 7
"""An id of this version begins with the milliseconds of its creation."""
MAX_TEXT_LENGTH = 5_000
"""Characters of a comment, or of the answer to a follow-up question."""

MAIL_CHANNEL, SHARE_CHANNEL = "mail", "share"
"""By which a link comes: in a mail, or for everybody who has it (others are shown by the company itself)."""
SENT_CHANNELS = frozenset({MAIL_CHANNEL, "sms"})
"""By which a message is sent, whose link machines may open before the customer does."""
LinkStatus = Literal["open", "gone", "unknown"]
STATES_BEFORE_MAIL: frozenset[InvitationState] = frozenset({"waiting", "sending"})
"""In such a state the mail server has not taken the mail yet."""
UNANSWERABLE_STATES: frozenset[InvitationState] = frozenset({"dropped", "withheld"})
"""An invitation in such a state was never sent."""
_SCORES = {str(score): score for score in SCALE}


class InvitationReplica(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an invitation: all that its answer repeats, and no name or address."""

    id: UUID
    state: InvitationState
    survey_id: UUID
    survey_version: int
    measurement: Measurement
    language: str
    channel: str = MAIL_CHANNEL
    test: bool
    customer_id: str
    contact_key: str | None = None
    person: str | None = None
    erased: bool = False
    """Whether the customer was erased: nobody answers it any more."""
    event_id: UUID
    touchpoint: str | None
    segments: dict[str, str]
    organisation: tuple[str, ...]
    invited_at: Instant
    expires_at: Instant
    drawn_percent: int | None = None
    beyond_draw: bool = False
    event_type: str = ""
    """This field and the next two are missing where an earlier version of the code kept the invitation."""
    occurred_at: Instant | None = None
    time_zone: str | None = None
    reminding_since: Instant | None = None
    reminded_at: Instant | None = None

    @property
    def mails(self) -> Mails:
        """When its mails were handed over."""
        return Mails(
            self.invited_at,
            self.state in STATES_BEFORE_MAIL,
            self.reminding_since,
            self.reminded_at,
            is_shown=self.channel not in SENT_CHANNELS,
        )

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationReplica":
        """The replica of an invitation."""
        return cls(
            id=invitation.id,
            state=invitation.state,
            survey_id=invitation.survey_id,
            survey_version=invitation.survey_version,
            measurement=invitation.measurement,
            language=invitation.language,
            channel=invitation.channel,
            test=invitation.test,
            customer_id=invitation.customer.id,
            contact_key=invitation.contact_key,
            person=invitation.person,
            erased=invitation.erased,
            event_id=invitation.event_id,
            touchpoint=invitation.touchpoint,
            segments=invitation.segments,
            organisation=invitation.organisation,
            invited_at=invitation.sent_at or invitation.due_at,
            expires_at=invitation.expires_at,
            drawn_percent=invitation.drawn_percent,
            beyond_draw=invitation.beyond_draw,
            event_type=invitation.event_type,
            occurred_at=invitation.occurred_at,
            time_zone=invitation.customer.time_zone,
            reminding_since=invitation.reminding_since,
            reminded_at=invitation.reminded_at,
        )

    def without_customer(self) -> "InvitationReplica":
        """What is left of it when its customer is erased."""
        return msgspec.structs.replace(
            self,
            customer_id=ERASED_CUSTOMER.id,
            contact_key=None,
            person=NOBODY,
            erased=True,
            time_zone=None,
        )


@dataclass(frozen=True, slots=True)
class PageRevision:
    """One state of the form of one open page: the page's random id, and its count of what it has sent."""

    page: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """The case to which an answer belongs."""

    due_at: datetime
    """When the customer must have been contacted."""
    is_settled: bool
    """The customer has been contacted, or the case is closed."""
    stage: str = "open"
    """How far the work is; of a case whose event told none its state."""
    has_owner: bool = False
    waits_until: datetime | None = None
    """Until when it waits for the customer."""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AnsweredLink:
    """A link of an anonymous survey that was answered: nothing tells with what."""

    claim: bytes | None
    """What only the browser that answered can make again; None after some days."""


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Everything that is known behind a link. The survey is None until its event has been consumed."""

    tenant: Tenant
    invitation: InvitationReplica
    survey: Survey | None
    answer: Answer | None
    last_write: PageRevision | None = None
    """The page that wrote the whole answer as it is now, if one page did."""
    case: OpenedCase | None = None
    anonymous: bool = False
    """The link says that its answer is kept without a person, as the mail did that had it."""
    answered_link: AnsweredLink | None = None
    """That an anonymous link was answered; None: not yet."""
    page: str | None = None
    """The id of the page that the request comes from, if it says it."""

    @property
    def scored_answer(self) -> Answer | None:
        """The answer that the link shows, once it has a score.

        One that may be a machine's is nobody's: only the page that gave it sees it, and a person who follows
        the link begins anew.
        """
        answer = self.answer
        if answer is None or answer.score is None or (is_held(answer) and not self.is_from_writer):
            return None
        return answer

    @property
    def is_from_writer(self) -> bool:
        """Whether the request comes from the page that wrote the whole answer."""
        return self.last_write is not None and self.page == self.last_write.page

    @property
    def is_shared(self) -> bool:
        """Whether it is a link for everybody: nobody is known by it."""
        return self.invitation.channel == SHARE_CHANNEL

    @property
    def edit_hours(self) -> int:
        """For how long an answer may be changed after its first score; 0: until it is sent."""
        return self.survey.edit_hours if self.survey is not None else STANDARD_EDIT_HOURS

    @property
    def amendable_until(self) -> datetime | None:
        """When the link ends of an answer that has a score; None before that.

        One that is final once it is sent can be sent for as long as others may be changed by default, and is
        shown for so long.
        """
        answer = self.scored_answer
        if answer is None or answer.answered_at is None:
            return None
        until = answer.answered_at + timedelta(hours=self.edit_hours or STANDARD_EDIT_HOURS)
        # A machine that answered first takes no time from the person.
        return max(until, self.invitation.expires_at) if is_held(answer) else until

    @property
    def is_final(self) -> bool:
        """Whether the answer can be seen and not be changed any more: it was sent, and that was to end it.

        What a machine has sent ends nothing.
        """
        answer = self.scored_answer
        return self.edit_hours == 0 and answer is not None and answer.state == "sent" and not is_held(answer)

    @property
    def is_untouched(self) -> bool:
        """Whether no score was ever posted by the link, by a machine neither."""
        return self.answer is None or self.answer.score is None

    def texts(self, language: str) -> SurveyTexts:
        """The survey's own texts in a language; fields that it lacks are None, for the standard wording."""
        own = self.survey.texts if self.survey else {}
        return next((own[tag] for tag in widening(language) if tag in own), SurveyTexts())

    def follow_up_question(self, language: str, score: int) -> str | None:
        """The follow-up question for a score, if the survey has one."""
        questions: FollowUp = self.texts(language).follow_up
        question: str | None = getattr(questions, group_of(score))
        return question

    @property
    def questions(self) -> tuple[Question, ...]:
        """The survey's further questions: with its follow-up at most two, whatever its event says."""
        if self.survey is None:
            return ()
        return self.survey.questions[: MAX_FURTHER_QUESTIONS - has_follow_up(self.survey.texts)]

    def words_of(self, question: Question, language: str) -> QuestionTexts | None:
        """The words of a question; None where this language lacks any: then it is not asked."""
        words = self.texts(language).questions.get(question.id)
        return words if words is not None and words.options.keys() >= set(question.options) else None


def link_status(invitation_id: UUID, target: LinkTarget | None, now: datetime) -> LinkStatus:
    """Whether a valid link may be answered: yes, no longer, or not until its invitation has been consumed.

    An invitation is waited for as long as its topic would keep it.
    """
    if target is None:
        made_at = now
        if invitation_id.version == UUID_VERSION_WITH_TIME:
            made_at = datetime.fromtimestamp((invitation_id.int >> 80) / 1000, UTC)
        return "unknown" if now < made_at + TOPIC_RETENTION else "gone"
    if target.tenant.is_closed or target.invitation.erased or target.invitation.state in UNANSWERABLE_STATES:
        return "gone"
    until = target.amendable_until or target.invitation.expires_at
    return "open" if now < until else "gone"


def parse_score(text: object) -> int | None:
    """The score that a form or a link writes; None for anything else."""
    return _SCORES.get(text) if isinstance(text, str) else None


@dataclass(frozen=True, slots=True)
class SubmittedAnswer:
    """What a customer submits. UNSET leaves the field of the answer as it is."""

    score: int
    language: str
    sent: bool = False
    comment: str | UnsetType | None = UNSET
    follow_up: str | UnsetType | None = UNSET
    may_contact: bool | UnsetType | None = UNSET
    replies: Values = field(default_factory=dict)
    """By question; one that is not here stays as it is, an empty one is removed."""
    layout: Layout | None = None
    """Of the page; None: it did not say."""
    staff_network: bool | None = None
    """Whether it came from one of the company's own networks; None: not known, or not to be kept."""


def answer_after(
    target: LinkTarget,
    submitted: SubmittedAnswer,
    now: datetime,
    opened_at: datetime | None = None,
    signs: tuple[MachineSign, ...] = (),
) -> Answer | None:
    """The answer after a submission, or None when nothing changes.

    ``answered_at`` and ``day`` are those of the first score and never change; ``sent`` stays ``sent``. The
    link was first followed at ``opened_at``, if that is known. A submission without ``signs`` of a machine
    makes a suspect answer a person's, first given now; one with signs changes no answer of a person. What is
    held of an answer that the posting page did not see is replaced as a whole.
    """
    kept = target.answer
    if kept is None:
        kept = clicked_answer(target.invitation, now, version=0)
    was_held = is_held(kept)
    is_first = kept.score is None or (was_held and not signs)
    if signs and not is_first and not was_held:
        return None
    old = kept if target.scored_answer is not None else _unanswered(kept)
    first = now if is_first else kept.answered_at or now
    new = msgspec.structs.replace(
        old,
        contact_key=target.invitation.contact_key,
        person=target.invitation.person,
        state="sent" if submitted.sent or old.state == "sent" else "saved",
        score=submitted.score,
        language=submitted.language,
        layout=submitted.layout or old.layout,
        seconds_to_score=_seconds_to_score(opened_at, now)
        if is_first and not signs
        else old.seconds_to_score,
        staff_network=submitted.staff_network if is_first and not signs else old.staff_network,
        signs=signs,
        judgement=kept.judgement if signs else None,
        answered_at=first,
        day=first.astimezone(zone_of(target.tenant.time_zone)).date() if is_first else kept.day,
        comment=old.comment if submitted.comment is UNSET else submitted.comment,
        may_contact=old.may_contact if submitted.may_contact is UNSET else submitted.may_contact,
        replies=replies_after(
            old.replies,
            submitted.replies,
            submitted.score,
            [(question, target.words_of(question, submitted.language)) for question in target.questions],
        )
        if target.survey is not None
        else old.replies,
        **_follow_up(target, submitted),
    )
    return None if new == kept else amended(kept, new, now)


def is_first_of_person(kept: Answer | None, signs: tuple[MachineSign, ...]) -> bool:
    """Whether a submission with these signs is the first by which a person answers."""
    return not signs and (kept is None or kept.score is None or is_held(kept))


def _unanswered(answer: Answer) -> Answer:
    """An answer without all that was posted of it."""
    return msgspec.structs.replace(
        answer,
        state="clicked",
        score=None,
        comment=None,
        follow_up=None,
        follow_up_question=None,
        replies=(),
        may_contact=None,
        layout=None,
        seconds_to_score=None,
        staff_network=None,
        device_ordinal=None,
        signs=(),
        judgement=None,
        day=None,
        answered_at=None,
        earlier_scores=(),
    )


def _seconds_to_score(opened_at: datetime | None, now: datetime) -> int | None:
    return None if opened_at is None else max(0, int((now - opened_at).total_seconds()))


def _follow_up(target: LinkTarget, submitted: SubmittedAnswer) -> dict[str, str | None]:
    """The follow-up question as it was asked, and the reply to it."""
    if submitted.follow_up is UNSET:
        return {}
    question = target.follow_up_question(submitted.language, submitted.score)
    if submitted.follow_up is None or question is None:
        return {"follow_up": None, "follow_up_question": None}
    return {"follow_up": submitted.follow_up, "follow_up_question": question}


def amended(old: Answer, new: Answer, now: datetime) -> Answer:
    """The new content as the next version. Of two transactions the one that commits last may be the older."""
    changed_at = max(now, old.changed_at)
    return msgspec.structs.replace(
        new,
        version=old.version + 1,
        changed_at=changed_at,
        earlier_scores=_earlier_scores(old, new, changed_at),
    )


def _earlier_scores(old: Answer, new: Answer, at: datetime) -> tuple[EarlierScore, ...]:
    """Those of the next version: with the old score, where both versions count and have another one.

    An anonymous answer has none: they would say when it was given.
    """
    if new.anonymous:
        return ()
    earlier = new.earlier_scores
    if old.score is None or old.answered_at is None or new.score is None or old.score == new.score:
        return earlier
    if old.anonymous or is_held(old) or is_held(new):
        return earlier
    since = earlier[-1].until if earlier else old.answered_at
    earlier = (*earlier, EarlierScore(score=old.score, at=since, until=at))
    return earlier if len(earlier) <= MAX_EARLIER_SCORES else (earlier[0], *earlier[1 - MAX_EARLIER_SCORES :])


def clicked_answer(invitation: InvitationReplica, now: datetime, *, version: int = 1) -> Answer:
    """The answer of an invitation whose link was followed and that was not answered yet."""
    return Answer(
        id=invitation.id,
        version=version,
        state="clicked",
        origin="survey",
        test=invitation.test,
        customer_id=invitation.customer_id,
        contact_key=invitation.contact_key,
        person=invitation.person,
        survey_id=invitation.survey_id,
        survey_version=invitation.survey_version,
        event_id=invitation.event_id,
        measurement=invitation.measurement,
        touchpoint=normalized_text(invitation.touchpoint or "") or None,
        segments=invitation.segments,
        organisation=invitation.organisation,
        language=invitation.language,
        drawn_percent=invitation.drawn_percent,
        beyond_draw=invitation.beyond_draw,
        channel=invitation.channel,
        invited_at=invitation.invited_at,
        changed_at=now,
    )
