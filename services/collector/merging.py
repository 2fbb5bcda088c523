"""Merges a posted form with an answer that has changed since the page was rendered. Pure, like the domain.

A form posts all of its fields, including those that the customer did not touch, with the values of the
time when it was rendered. Two forms, in two tabs or on a phone and a computer, must not erase what they
never showed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from msgspec import UNSET, UnsetType

from services.collector.domain import LinkTarget, PageRevision, SubmittedAnswer, parse_score
from shared.events import Answer
from shared.events.nps import Group, group_of
from shared.events.questions import Values
from shared.events.surveys import Layout

GROUPS: tuple[Group, ...] = get_args(Group)
_CONSENT = {None: "", True: "yes", False: "no"}
_MAX_BIGINT_DIGITS = 18
_MIN_PARTS, _MAX_PARTS = 6, 7
"""Of the hidden field: the last one is missing where no further question had a reply."""


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """The answer as a page showed it when it was rendered; of its texts the digests."""

    version: int = 0
    score: int | None = None
    may_contact: bool | None = None
    comment: str = ""
    follow_up: str = ""
    follow_up_group: Group | None = None
    """Under the question of which group the reply to the follow-up was shown."""
    replies: Mapping[str, str] = field(default_factory=dict)
    """To the further questions, by their ids."""

    @classmethod
    def of(cls, answer: Answer | None, follow_up_group: Group | None) -> "ShownAnswer":
        """The answer as a page that is rendered now shows it."""
        if answer is None:
            return cls()
        return cls(
            answer.version,
            answer.score,
            answer.may_contact,
            digest(answer.comment),
            digest(answer.follow_up),
            follow_up_group if answer.follow_up else None,
            {reply.question: digest_of(reply.values) for reply in answer.replies},
        )

    def encode(self) -> str:
        """The value of the form's hidden field."""
        score = "" if self.score is None else str(self.score)
        facts = str(self.version), score, _CONSENT[self.may_contact]
        replies = ",".join(f"{question}:{shown}" for question, shown in self.replies.items())
        parts = (*facts, self.comment, self.follow_up, self.follow_up_group or "", replies)
        return ".".join(parts if replies else parts[:-1])

    @classmethod
    def decode(cls, text: str) -> "ShownAnswer":
        """Read the hidden field; anything else counts as a page that showed no answer."""
        parts = text.split(".")
        if not _MIN_PARTS <= len(parts) <= _MAX_PARTS:
            return cls()
        version, score, contact, comment, follow_up, follow_up_group = parts[:_MIN_PARTS]
        replies = (reply.partition(":") for reply in "".join(parts[_MIN_PARTS:]).split(",") if reply)
        if not (version.isascii() and version.isdecimal() and len(version) <= _MAX_BIGINT_DIGITS):
            return cls()
        return cls(
            int(version),
            parse_score(score),
            next((consent for consent, word in _CONSENT.items() if word == contact), None),
            comment,
            follow_up,
            next((group for group in GROUPS if group == follow_up_group), None),
            {question: shown for question, _, shown in replies},
        )


NO_ANSWER_SHOWN = ShownAnswer()
"""Of a page that was rendered before there was an answer."""


def digest(text: str | None) -> str:
    """A text's fingerprint; empty for no text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def digest_of(values: tuple[str, ...]) -> str:
    """The fingerprint of a reply to a further question; empty for none."""
    return digest("\x1f".join(values))


def field_of(question: str) -> str:
    """The name of the field with the reply to a further question."""
    return f"q_{question}"


@dataclass(frozen=True, slots=True)
class PostedForm:
    """What a valid form posts. UNSET: the page had no such field, or it posted a score alone."""

    score: int
    language: str
    sent: bool
    comment: str | UnsetType | None
    follow_ups: Mapping[Group, str]
    """The reply to the follow-up question of each group for which the page had one."""
    may_contact: bool | UnsetType | None
    shown: ShownAnswer
    revision: PageRevision | None
    replies: Values = field(default_factory=dict)
    """To each further question that the page had; empty where it is not asked for this score and replies."""
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a posted form changes. ``conflicts`` are fields whose text two pages changed in two ways."""

    submitted: SubmittedAnswer
    conflicts: tuple[str, ...] = ()
    overtaken: bool = False
    """The same page has posted a later revision already, so this one changes nothing, unless it is Send:
    what the customer has pressed is never ignored."""


def merge(target: LinkTarget, posted: PostedForm) -> MergeResult:
    """Merge a form with the answer as it is now."""
    answer, shown, revision = target.scored_answer, posted.shown, posted.revision
    submitted = SubmittedAnswer(
        posted.score,
        posted.language,
        posted.sent,
        comment=posted.comment,
        follow_up=_follow_up(posted),
        may_contact=posted.may_contact,
        replies=posted.replies,
        layout=posted.layout,
    )
    # What a machine may have written is no other page of the customer.
    if answer is None or answer.score is None:
        return MergeResult(submitted)
    if target.last_write is not None and revision is not None and target.last_write.page == revision.page:
        return MergeResult(submitted, overtaken=revision.seq < target.last_write.seq)
    if answer.version == shown.version:
        return MergeResult(submitted)
    replies, conflicts = _merged_replies(posted, answer)
    comment = _merged(submitted.comment, shown.comment, answer.comment)
    follow_up = _merged(submitted.follow_up, shown.follow_up, answer.follow_up)
    if comment is None:
        conflicts.append("comment")
    if follow_up is None:
        conflicts.append("follow_up")
    merged = replace(
        submitted,
        score=answer.score if submitted.score == shown.score else submitted.score,
        may_contact=UNSET if submitted.may_contact == shown.may_contact else submitted.may_contact,
        comment=UNSET if comment is None else comment.text,
        follow_up=UNSET if follow_up is None else follow_up.text,
        replies=replies,
    )
    return MergeResult(merged, tuple(conflicts))


def shown_after(answer: Answer, posted: PostedForm) -> ShownAnswer:
    """What the page that has just posted shows of the answer: each field in which the two agree by now.

    A field in which they differ stays as the page was rendered, so that its next form is merged again. The
    version is the answer's only when no field differs.
    """
    rendered, group = posted.shown, group_of(posted.score)
    current = ShownAnswer.of(answer, group)
    comment = rendered.comment if posted.comment is UNSET else digest(posted.comment)
    contact = rendered.may_contact if posted.may_contact is UNSET else posted.may_contact
    has_follow_up = group in posted.follow_ups
    follow_up = digest(posted.follow_ups[group]) if has_follow_up else rendered.follow_up
    views = {**rendered.replies, **{id_: digest_of(values) for id_, values in posted.replies.items()}}
    questions = {*views, *current.replies}
    agreed = {id_ for id_ in questions if views.get(id_, "") == current.replies.get(id_, "")}
    differs = agreed != questions or (posted.score, contact, comment, follow_up) != (
        current.score, current.may_contact, current.comment, current.follow_up
    )  # fmt: skip
    follow_up_agrees = follow_up == current.follow_up
    return ShownAnswer(
        rendered.version if differs else answer.version,
        posted.score if posted.score == current.score else rendered.score,
        contact if contact == current.may_contact else rendered.may_contact,
        comment if comment == current.comment else rendered.comment,
        follow_up if follow_up_agrees else rendered.follow_up,
        current.follow_up_group if follow_up_agrees and has_follow_up else rendered.follow_up_group,
        {
            id_: shown
            for id_ in questions
            if (shown := (current if id_ in agreed else rendered).replies.get(id_, ""))
        },
    )


def sole_writer(answer: Answer, posted: PostedForm) -> PageRevision | None:
    """The posting page, if the whole answer is what it posted; None when another page wrote a part of it.

    Its next form holds all that the answer holds, and replaces it without a merge.
    """
    return posted.revision if shown_after(answer, posted).version == answer.version else None


@dataclass(frozen=True, slots=True)
class _MergedText:
    text: str | UnsetType | None
    """UNSET: the current text stays; None: it is removed."""


def _merged(posted: str | UnsetType | None, shown: str, current: str | None) -> _MergedText | None:
    """The text to write; None is a conflict: both changed it, and one text would be lost."""
    if posted is UNSET or digest(posted or None) == shown:
        return _MergedText(UNSET)
    if current is None or digest(current) == shown or current in (posted or ""):
        return _MergedText(posted)
    return None


def _merged_replies(posted: PostedForm, answer: Answer) -> tuple[Values, list[str]]:
    """The replies to write, and the fields in conflict. Of two choices the one that was made last stands."""
    current = {reply.question: reply for reply in answer.replies}
    replies: dict[str, tuple[str, ...]] = {}
    conflicts: list[str] = []
    for question, values in posted.replies.items():
        shown, now = posted.shown.replies.get(question, ""), current.get(question)
        if now is not None and now.kind == "text":
            merged = _merged("".join(values) or None, shown, now.text)
            if merged is None:
                conflicts.append(field_of(question))
            elif merged.text is not UNSET:
                replies[question] = values
        elif digest_of(values) != shown:
            replies[question] = values
    return replies, conflicts


def _follow_up(posted: PostedForm) -> str | UnsetType | None:
    """The reply to the question that goes with the score; None removes the reply that the page showed."""
    group = group_of(posted.score)
    if text := posted.follow_ups.get(group):
        return text
    if not posted.follow_ups and posted.comment is UNSET:
        return UNSET  # a score alone
    shown = posted.shown
    if shown.follow_up_group is None or shown.follow_up_group == group:
        return None if group in posted.follow_ups else UNSET
    group_has_changed = shown.score is not None and group_of(shown.score) != group
    return None if group_has_changed else UNSET
