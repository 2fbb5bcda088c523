"""What a draft of themes would find in the latest comments. Nothing is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.scorer.themes import repository
from services.scorer.themes.domain import Theme
from services.scorer.themes.matching import ThemeMatcher
from services.scorer.themes.reading import CommentQuery
from services.scorer.themes.repository import ThemeComment
from shared.db.database import UnitOfWork
from shared.events.nps import HIGHEST_DETRACTOR, SCALE

MAX_COMMENTS_TRIED = 2_000
MAX_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class TriedTheme:
    """What a theme of a draft finds."""

    theme: Theme
    n: int
    detractors: int
    examples: tuple[ThemeComment, ...]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a draft finds in the latest comments."""

    comments: int
    detractors: int
    """Of the comments, those of detractors."""
    is_all: bool
    """Whether these were all comments of the days."""
    uncovered: int
    uncovered_detractors: int
    themes: tuple[TriedTheme, ...]
    uncovered_examples: tuple[ThemeComment, ...]
    """Of detractors."""


async def read_trial_comments(uow: UnitOfWork, query: CommentQuery) -> list[ThemeComment]:
    """The latest comments, on which a draft is tried; one more than are, where there are more."""
    return await repository.list_comments(
        uow,
        query.selection,
        query.measurement,
        query.window,
        scores=(SCALE[0], SCALE[-1]),
        limit=MAX_COMMENTS_TRIED + 1,
    )


async def try_themes(themes: tuple[Theme, ...], comments: Sequence[ThemeComment]) -> Trial:
    """What a draft finds; nothing is kept. Beside the loop, since it takes a while.

    :param themes: without faults.
    """
    return await asyncio.to_thread(_tried, themes, comments)


def _tried(themes: tuple[Theme, ...], comments: Sequence[ThemeComment]) -> Trial:
    read = comments[:MAX_COMMENTS_TRIED]
    matcher = ThemeMatcher(themes)
    found: dict[str, list[ThemeComment]] = {theme.id: [] for theme in themes}
    uncovered: list[ThemeComment] = []
    for comment in read:
        named = matcher.themes_of(comment.comment, comment.language)
        for theme in named:
            found[theme].append(comment)
        if not named:
            uncovered.append(comment)
    return Trial(
        comments=len(read),
        detractors=len(_unhappy(read)),
        is_all=len(comments) <= MAX_COMMENTS_TRIED,
        uncovered=len(uncovered),
        uncovered_detractors=len(_unhappy(uncovered)),
        themes=tuple(
            TriedTheme(
                theme=theme,
                n=len(found[theme.id]),
                detractors=len(_unhappy(found[theme.id])),
                examples=tuple(found[theme.id][:MAX_EXAMPLES]),
            )
            for theme in themes
        ),
        uncovered_examples=tuple(_unhappy(uncovered)[:MAX_EXAMPLES]),
    )


def _unhappy(comments: Sequence[ThemeComment]) -> list[ThemeComment]:
    return [each for each in comments if each.score <= HIGHEST_DETRACTOR]
