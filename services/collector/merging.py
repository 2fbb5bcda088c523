"""What a page means that was drawn before something else changed the answer. Pure, like the domain.

A form sends all of its fields, also those that nobody touched, and shows the answer as it stood when it was
drawn. Two of them, in two tabs or on a phone and a computer, must not erase what they never showed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from msgspec import UNSET, UnsetType

from services.collector.domain import LinkTarget, PageRevision, SubmittedAnswer
from shared.events import Answer
from shared.events.nps import Group, group_of

TextField = Literal["comment", "follow_up"]
GROUPS: tuple[Group, ...] = ("detractor", "passive", "promoter")
_CONSENT = {None: "", True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """The answer as a page showed it when it was drawn; of its texts the digests."""

    version: int = 0
    score: int | None = None
    may_contact: bool | None = None
    comment: str = ""
    follow_up: str = ""
    placed: Group | None = None
    """To the question of which outcome the follow-up's text was written."""

    @classmethod
    def of(cls, answer: Answer | None, placed: Group | None) -> "ShownAnswer":
        """As a page that is drawn now shows it."""
        if answer is None:
            return cls()
        return cls(
            answer.version,
            answer.score,
            answer.may_contact,
            digest(answer.comment),
            digest(answer.follow_up),
            placed if answer.follow_up else None,
        )

    def encode(self) -> str:
        """As it stands in the form."""
        score = "" if self.score is None else str(self.score)
        facts = str(self.version), score, _CONSENT[self.may_contact]
        return ".".join((*facts, self.comment, self.follow_up, self.placed or ""))

    @classmethod
    def decode(cls, text: str) -> "ShownAnswer":
        """Read what a form carries; from what is no such thing, a page that showed no answer."""
        parts = text.split(".")
        if len(parts) != len(cls.__slots__):
            return cls()
        version, score, contact, comment, follow_up, placed = parts
        if not (version.isascii() and version.isdecimal() and len(version) < 19):  # noqa: PLR2004  (a bigint)
            return cls()
        return cls(
            int(version),
            int(score) if score in {str(n) for n in range(11)} else None,
            next((said for said, word in _CONSENT.items() if word == contact), None),
            comment,
            follow_up,
            next((outcome for outcome in GROUPS if outcome == placed), None),
        )


NO_ANSWER_SHOWN = ShownAnswer()
"""A page that was drawn before there was an answer."""


def digest(text: str | None) -> str:
    """A text's fingerprint; that of none is empty."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


@dataclass(frozen=True, slots=True)
class PostedForm:
    """What a form sent. What it does not have, or a score that stood alone, is UNSET."""

    score: int
    language: str
    sent: bool
    comment: str | UnsetType | None
    follow_up: Mapping[Group, str]
    """By outcome, as far as the page had such a question."""
    may_contact: bool | UnsetType | None
    shown: ShownAnswer
    written: PageRevision | None


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What the customer says with it. ``conflicts`` are texts that two pages changed in two ways."""

    said: SubmittedAnswer
    conflicts: tuple[TextField, ...] = ()
    overtaken: bool = False
    """The same page has sent something later already: this says nothing."""


def merge(found: LinkTarget, posted: PostedForm) -> MergeResult:
    """Merge a form with the answer as it stands by now."""
    answer, shown = found.answer, posted.shown
    said = SubmittedAnswer(
        posted.score,
        posted.language,
        posted.sent,
        comment=posted.comment,
        follow_up=_follow_up(posted),
        may_contact=posted.may_contact,
    )
    if answer is None or answer.score is None:
        return MergeResult(said)
    if found.written is not None and posted.written is not None and found.written.page == posted.written.page:
        return MergeResult(said, overtaken=posted.written.seq < found.written.seq)
    if answer.version == shown.version:
        return MergeResult(said)
    conflicts: list[TextField] = []
    comment = _merged(said.comment, shown.comment, answer.comment)
    follow_up = _merged(said.follow_up, shown.follow_up, answer.follow_up)
    if comment is None:
        conflicts.append("comment")
    if follow_up is None:
        conflicts.append("follow_up")
    merged = replace(
        said,
        score=answer.score if said.score == shown.score else said.score,
        may_contact=UNSET if said.may_contact == shown.may_contact else said.may_contact,
        comment=UNSET if comment is None else comment.text,
        follow_up=UNSET if follow_up is None else follow_up.text,
    )
    return MergeResult(merged, tuple(conflicts))


def shown_after(answer: Answer, posted: PostedForm) -> ShownAnswer:
    """What the page that has just sent this shows of the answer: of each field what both have by now.

    A field in which they differ stays as the page was drawn, so that its next form is merged again; the
    version is the answer's only when they differ in none.
    """
    drawn, outcome = posted.shown, group_of(posted.score)
    stands = ShownAnswer.of(answer, outcome)
    comment = drawn.comment if posted.comment is UNSET else digest(posted.comment)
    contact = drawn.may_contact if posted.may_contact is UNSET else posted.may_contact
    further = drawn.follow_up if outcome not in posted.follow_up else digest(posted.follow_up[outcome])
    differs = (posted.score, contact, comment, further) != (
        stands.score, stands.may_contact, stands.comment, stands.follow_up
    )  # fmt: skip
    return ShownAnswer(
        drawn.version if differs else answer.version,
        posted.score if posted.score == stands.score else drawn.score,
        contact if contact == stands.may_contact else drawn.may_contact,
        comment if comment == stands.comment else drawn.comment,
        further if further == stands.follow_up else drawn.follow_up,
        stands.placed if further == stands.follow_up and outcome in posted.follow_up else drawn.placed,
    )


def sole_writer(answer: Answer, posted: PostedForm) -> PageRevision | None:
    """The page as the one that wrote all of this answer; None when a part of it is another's."""
    return posted.written if shown_after(answer, posted).version == answer.version else None


@dataclass(frozen=True, slots=True)
class _Taken:
    text: str | UnsetType | None


def _merged(posted: str | UnsetType | None, shown: str, stands: str | None) -> _Taken | None:
    """The text to take; None when both have changed it and one would be lost."""
    if posted is UNSET or digest(posted or None) == shown:
        return _Taken(UNSET)
    if stands is None or digest(stands) == shown or stands in (posted or ""):
        return _Taken(posted)
    return None


def _follow_up(posted: PostedForm) -> str | UnsetType | None:
    """What was written to the question that goes with the score; None takes back what the page showed."""
    outcome = group_of(posted.score)
    if text := posted.follow_up.get(outcome):
        return text
    if not posted.follow_up and posted.comment is UNSET:
        return UNSET  # a score alone
    placed, before = posted.shown.placed, posted.shown.score
    if placed is None or placed == outcome:
        return None if outcome in posted.follow_up else UNSET
    chosen_anew = before is not None and group_of(before) != outcome
    return None if chosen_anew else UNSET
