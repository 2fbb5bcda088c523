"""``answers``: a customer's answer, with what alerts, scorer and dispatcher need of its invitation."""

from datetime import date
from typing import Literal
from uuid import UUID

from shared.events.envelope import Data, Instant, ScoreValue, Text, Topic
from shared.events.questions import Reply
from shared.events.surveys import Layout, Measurement

AnswerState = Literal["clicked", "saved", "sent"]
"""clicked: the link was followed; saved: a score is chosen, and the customer may still be writing; sent: the
customer pressed Send (imports are sent)."""
Origin = Literal["survey", "import", "link"]
Comment = str | None
MachineSign = Literal["honeypot", "agent", "untouched", "early", "fast"]
"""What speaks for a machine: a field that nobody sees was filled in; it calls itself a scanner; the page's
script ran and saw no hand; the mail server had just taken the mail; the page had just been made."""
Judgement = Literal["human", "machine"]
"""Whose a person says that a suspect answer is."""


class HeldAnswer(Data, frozen=True, kw_only=True):
    """What stands in a suspect answer, which counts nowhere: see the fields of :class:`Answer`."""

    state: Literal["saved", "sent"]
    score: ScoreValue
    comment: Comment = None
    follow_up_question: Text | None = None
    follow_up: Comment = None
    replies: tuple[Reply, ...] = ()
    may_contact: bool | None = None
    day: date
    answered_at: Instant


class EarlierScore(Data, frozen=True, kw_only=True):
    """A score that an answer had, and has no more."""

    score: ScoreValue
    at: Instant
    """When it was accepted."""
    until: Instant
    """When the next one was accepted."""


MAX_EARLIER_SCORES = 20
"""Of more than so many the first and the latest are kept."""


class Objection(Data, frozen=True, kw_only=True):
    """The customer says of a case that was closed that it is not solved; at most once of each closing."""

    closed_at: Instant
    """Of the closing."""
    said_at: Instant
    words: Comment = None


class Answer(Data, frozen=True, kw_only=True):
    """The state of an answer. Only ``saved`` and ``sent`` ones have a score and count."""

    id: UUID
    """A survey answer's id is its invitation's; an import's is derived from tenant and its own id; an
    anonymous answer's is its own, known to the customer's browser alone."""
    version: int
    state: AnswerState
    origin: Origin
    test: bool = False
    score: ScoreValue | None = None
    comment: Comment = None
    follow_up_question: Text | None = None
    follow_up: Comment = None
    replies: tuple[Reply, ...] = ()
    """To the survey's further questions that are shown for this score and these replies; the follow-up is not
    among them."""
    may_contact: bool | None = None
    """True: yes; False: no; None: was not asked or did not say."""
    customer_id: Text | None = None
    contact_key: Text | None = None
    """That of the invitation: several people may share one customer id."""
    person: Text | None = None
    """The pseudonym of the customer; None: of nobody, or published by a version that knew none."""
    number_key: Text | None = None
    """The keyed hash of the phone number that an imported answer names; None: none, and of all others."""
    anonymous: bool = False
    """Whether it is of an anonymous survey and kept without a person: its customer did not ask to be
    contacted. It is published once, when it is final, and its times are only days."""
    drawn_percent: int | None = None
    """That of the invitation, by which a total over segments can be weighted. None: no draw or not known, and
    of an anonymous answer."""
    beyond_draw: bool = False
    """That of the invitation: asked although not drawn, so the answer counts in no score."""
    erased: bool = False
    """Whether everything personal was erased from it, at the customer's request."""
    survey_id: UUID | None = None
    survey_version: int | None = None
    event_id: UUID | None = None
    measurement: Measurement = "transactional"
    touchpoint: Text | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    language: Text | None = None
    layout: Layout | None = None
    """Of the page by which it was given. None: not known, as below; an import has none."""
    channel: Text | None = None
    """By which the question came: ``mail``; ``link``, shown by the company itself; ``share``, an open link;
    ``import``, asked elsewhere. None of an anonymous answer."""
    seconds_to_score: int | None = None
    """From the first visit of the link to the first score. None where a machine has followed it, and of an
    anonymous answer."""
    staff_network: bool | None = None
    """Whether its first score came from one of the company's own networks, as these were declared then. None:
    the company had declared none, the address is not known, or it was not given on the page of a survey by a
    customer who was asked; and of an answer that is anonymous or suspect. The address is kept nowhere."""
    device_ordinal: int | None = None
    """Which one it was of the answers to this company that day from what looked like one device (the network
    of the address with the user agent): 1, 2, or 3 for the third and all later ones. None: as above."""
    signs: tuple[MachineSign, ...] = ()
    """Why it may be a machine's: then it is suspect."""
    judgement: Judgement | None = None
    """Of a suspect answer; None: nobody has judged it yet."""
    held: HeldAnswer | None = None
    """Of a suspect answer that was not judged a person's: its state is ``clicked``, and what stands in it is
    here alone, so that no reader counts it, acts on it or takes the invitation for answered."""
    earlier_scores: tuple[EarlierScore, ...] = ()
    """Oldest first: the first and the latest 19 at most. None of an answer that was never changed to another
    score, of an anonymous one, of a score that never counted since it could be a machine's, and of what a
    version before this field published. The present score stands since ``until`` of the last of them."""
    objections: tuple[Objection, ...] = ()
    """To how the case of this answer ended, oldest first. They change nothing else of it, ``changed_at``
    neither."""
    day: date | None = None
    """The day it counts for, in the tenant's time zone; fixed when the score was first accepted."""
    invited_at: Instant | None = None
    answered_at: Instant | None = None
    """When the score was first accepted."""
    changed_at: Instant


ANSWERS = Topic(
    name="answers.v1",
    event_type="afterword.answer.changed",
    data=Answer,
    source="/afterword/collector",
    identity=lambda answer: str(answer.id),
    version=lambda answer: answer.version,
    erasable=True,
)
