"""A case as one reader may see it: made of the answers of their own segments alone.

A case belongs to the segments of all its answers, so that the leaders of two segments work on one customer's
case together. Each of them reads it as if it had been opened by the first answer of their own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.domain import CaseFile
from services.alerts.repository.cases import case_of
from shared.events import Answer, segments_of

answer_decoder = msgspec.json.Decoder(Answer)


class VisibleCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case, and the answers that this reader may read: first the one that the case is headed by."""

    case: CaseFile
    """Its score, touchpoint, segments and event are those of the first answer here; how it was closed is
    empty when that is about an answer that is not here."""
    answers: Sequence[Answer]
    first_scores: Sequence[int]
    """The first score of each answer, before it was amended."""
    owner_name: str | None
    writing: bool
    """Whether the customer may still be writing one of these."""
    whole: bool
    """Whether these are all its answers."""

    @property
    def answer(self) -> Answer:
        """The answer that it is headed by."""
        return self.answers[0]

    @property
    def first_score(self) -> int:
        """The first score of that answer."""
        return self.first_scores[0]

    @property
    def ids(self) -> list[UUID] | None:
        """The answers whose lines may be read; None: all of them."""
        return None if self.whole else [answer.id for answer in self.answers]


def visible_case(row: Any) -> VisibleCase:
    """A row of a list of cases."""
    case, answers = case_of(row), [answer_decoder.decode(body) for body in row.bodies]
    whole, first = row.answers_in_all == len(answers), answers[0]
    if first.id != case.answer_id:
        case.answer_id, case.event_id, case.score = first.id, first.event_id, first.score or 0
        case.touchpoint, case.segments = first.touchpoint, first.segments
        case.organisation = list(first.organisation)
    if not whole:
        known = {answer.id for answer in answers}
        case.belongs = sorted({segment for answer in answers for segment in segments_of(answer)})
        if row.closing_answers is None or not known.issuperset(row.closing_answers):
            case.cause = case.action = case.outcome = case.told = None
    return VisibleCase(
        case=case,
        answers=answers,
        first_scores=row.first_scores,
        owner_name=row.owner_name,
        writing=row.writing,
        whole=whole,
    )


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer said before it was amended."""

    at: datetime
    score: int
    comment: str | None
    follow_up: str | None


def before_of(answer: Answer, rows: Sequence[Any]) -> list[Before]:
    """What was sent of an answer before it was amended, oldest first, without what only went on growing."""
    said = [
        Before(at=row.changed_at, score=row.score, comment=row.comment, follow_up=row.follow_up)
        for row in rows
    ]
    now = Before(
        at=answer.changed_at, score=answer.score or 0, comment=answer.comment, follow_up=answer.follow_up
    )
    return [one for one, after in zip(said, [*said, now][1:], strict=True) if not _grew(one, after)]


def _grew(before: Before, after: Before) -> bool:
    """Whether nothing of it was taken back."""
    kept = (after.comment or "").startswith(before.comment or "")
    return before.score == after.score and kept and (after.follow_up or "").startswith(before.follow_up or "")
