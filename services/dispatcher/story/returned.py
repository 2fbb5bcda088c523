"""The steps of a story in which a mail came back, or its customer complained about it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from services.dispatcher.invitations.states import FIRST_MAIL
from services.dispatcher.story.labels import COMPLAINED, DROPPED_FOR, RETURNED, RETURNED_WHY
from services.dispatcher.story.steps import StoryStep
from shared.pages.language import spoken


def returned_steps(bounces: Sequence[Row[Any]]) -> list[StoryStep]:
    """One for each report that is kept, the oldest first."""
    return [_step(row) for row in bounces]


def came_back(bounces: Sequence[Row[Any]]) -> bool:
    """Whether it is kept that the first mail came back, and why."""
    return any(row.n == FIRST_MAIL and row.kind != "complaint" for row in bounces)


def _step(row: Row[Any]) -> StoryStep:
    first, again = COMPLAINED if row.kind == "complaint" else RETURNED
    what = spoken(first) if row.n == FIRST_MAIL else spoken(again) % {"number": row.n - 1}
    why = RETURNED_WHY.get(row.kind)
    dropped = DROPPED_FOR.get(row.kind) if row.dropped else None
    words = " ".join([what, *(spoken(each) for each in (why, dropped) if each is not None)])
    return StoryStep("returned", row.at, words, row, what=what)
