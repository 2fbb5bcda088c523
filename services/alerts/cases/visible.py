"""A case as one reader may see it: made of the answers of their own segments alone.

A case belongs to the segments of all its answers, so that the leaders of two segments work on one customer's
case together. Each of them reads it as if the first answer of their own had opened it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository.cases import case_of_row
from shared.events import Answer, Reply, segments_of

_replies = msgspec.json.Decoder(tuple[Reply, ...])


class VisibleCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case, and the answers that the reader may read: first the one that heads the case."""

    case: CaseFile
    """Its score, touchpoint, segments and event are those of the first answer here. How it was closed is
    empty when that is about an answer that is not here."""
    answers: Sequence[Answer]
    first_scores: Sequence[int]
    """The first score of each answer, before it was amended."""
    owner_name: str | None
    writing: bool
    """Whether the customer may still be writing one of these."""
    complete: bool
    """Whether these are all its answers."""

    @property
    def answer(self) -> Answer:
        """The answer that heads the case."""
        return self.answers[0]

    @property
    def first_score(self) -> int:
        """The first score of that answer."""
        return self.first_scores[0]

    @property
    def answer_ids(self) -> list[UUID]:
        """The answers that the reader may read."""
        return [answer.id for answer in self.answers]

    @property
    def timeline_answers(self) -> list[UUID] | None:
        """The answers whose entries of the timeline may be read; None: all."""
        return None if self.complete else self.answer_ids


def visible_case(row: Any) -> VisibleCase:
    """A case from a row of ``repository.lists.SELECT_CASES``."""
    case, answers = case_of_row(row), [_answers.decode(body) for body in row.bodies]
    complete, first = row.answers_in_all == len(answers), answers[0]
    if first.id != case.answer_id:
        case.answer_id, case.event_id, case.score = first.id, first.event_id, first.score or 0
        case.touchpoint, case.segments = first.touchpoint, first.segments
        case.organisation = list(first.organisation)
        case.rule_name = case.rules_version = None
    if not complete:
        readable = {answer.id for answer in answers}
        case.belongs = sorted({segment for answer in answers for segment in segments_of(answer)})
        if row.closing_answers is None or not readable.issuperset(row.closing_answers):
            case.cause = case.action = case.outcome = case.told = None
    return VisibleCase(
        case=case,
        answers=answers,
        first_scores=row.first_scores,
        owner_name=row.owner_name,
        writing=row.writing,
        complete=complete,
    )


class EarlierVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer said before it was amended."""

    at: datetime
    score: int
    comment: str | None
    follow_up: str | None
    replies: tuple[Reply, ...] = ()

    def is_continued_by(self, later: "EarlierVersion") -> bool:
        """Whether the later version only adds text."""
        return (
            self.score == later.score
            and (later.comment or "").startswith(self.comment or "")
            and (later.follow_up or "").startswith(self.follow_up or "")
            and self.replies_before(later.replies) == []
        )

    def replies_before(self, later: Sequence[Reply]) -> list[Reply]:
        """The replies of which the later ones lack something: what was written, or one of what was chosen."""
        by_question = {reply.question: reply for reply in later}
        return [reply for reply in self.replies if not _goes_on(reply, by_question.get(reply.question))]


def _goes_on(reply: Reply, later: Reply | None) -> bool:
    if later is None:
        return False
    if reply.text is not None:
        return (later.text or "").startswith(reply.text)
    return set(reply.values) <= set(later.values)


def earlier_versions(answer: Answer, rows: Sequence[Any]) -> list[EarlierVersion]:
    """What was sent of an answer and then changed, not only continued, oldest first."""
    sent = [
        EarlierVersion(
            at=row.changed_at,
            score=row.score,
            comment=row.comment,
            follow_up=row.follow_up,
            replies=_replies.decode(row.replies),
        )
        for row in rows
        if row.id == answer.id
    ]
    newest = EarlierVersion(
        at=answer.changed_at,
        score=answer.score or 0,
        comment=answer.comment,
        follow_up=answer.follow_up,
        replies=answer.replies,
    )
    followers = [*sent, newest][1:]
    return [one for one, later in zip(sent, followers, strict=True) if not one.is_continued_by(later)]


_answers = msgspec.json.Decoder(Answer)
