"""The figures of themes, and what a draft would find, as the API answers them."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, Field

from services.scorer.domain import CONFIDENCE, MIN_ANSWERS_SHOWN, Groups
from services.scorer.schemas import MarginBody, WindowBody
from services.scorer.themes.domain import Theme, ThemeSet
from services.scorer.themes.impact import ThemeFigure, ThemeFigures
from services.scorer.themes.labels import theme_name
from services.scorer.themes.reading import CommentQuery, SuggestedWord, ThemeReader
from services.scorer.themes.repository import ThemeComment
from services.scorer.themes.trials import Trial, TriedTheme
from shared.events.surveys import NpsMeasurement


class ThemeCommentOut(BaseModel):
    """A comment, without whose it is."""

    score: int
    comment: str
    language: str | None

    @classmethod
    def of(cls, comment: ThemeComment) -> Self:
        """As it is answered."""
        return cls(score=comment.score, comment=comment.comment, language=comment.language)


class TriedThemeOut(BaseModel):
    """What one theme of the draft finds."""

    id: str
    name: str
    n: int = Field(description="Comments that name it.")
    detractors: int
    examples: list[ThemeCommentOut] | None = Field(
        description="The latest; null: this key may not read answers."
    )

    @classmethod
    def of(cls, tried: TriedTheme, reader: ThemeReader) -> Self:
        """As it is answered."""
        return cls(
            id=tried.theme.id,
            name=theme_name(tried.theme),
            n=tried.n,
            detractors=tried.detractors,
            examples=_comments(tried.examples, reader),
        )


class TrialOut(BaseModel):
    """What a draft finds. Nothing was stored."""

    comments: int
    detractors: int = Field(description="Of the comments, those of answers from 0 to 6.")
    complete: bool = Field(description="False: there were more comments; it was tried on the latest.")
    uncovered: int = Field(description="Comments that name no theme.")
    uncovered_detractors: int
    themes: list[TriedThemeOut]
    uncovered_examples: list[ThemeCommentOut] | None = Field(description="Of answers from 0 to 6.")

    @classmethod
    def of(cls, trial: Trial, reader: ThemeReader) -> Self:
        """As it is answered."""
        return cls(
            comments=trial.comments,
            detractors=trial.detractors,
            complete=trial.is_all,
            uncovered=trial.uncovered,
            uncovered_detractors=trial.uncovered_detractors,
            themes=[TriedThemeOut.of(tried, reader) for tried in trial.themes],
            uncovered_examples=_comments(trial.uncovered_examples, reader),
        )


class ShareOut(BaseModel):
    """A share, from 0 to 1, with Wilson's interval."""

    share: float
    level: float
    low: float
    high: float


class ThemeFigureOut(BaseModel):
    """One theme."""

    id: str
    name: str
    cause: str | None
    n: int = Field(description="Answers whose comment names it.")
    detractors: int
    passives: int
    promoters: int
    share: ShareOut | None = Field(
        description="Of the detractors who wrote a comment, those who name it; null where fewer than ten did."
    )
    impact: float | None = Field(
        description="The score of all answers less that of those that do not name it, in points: what the "
        "theme is linked with, not what it causes. Null where fewer than ten name it, or do not."
    )
    impact_margin: MarginBody | None = Field(description="By the delta method; null without an impact.")

    @classmethod
    def of(cls, figure: ThemeFigure, theme: Theme) -> Self:
        """As it is answered."""
        share, groups = figure.share, figure.groups
        interval, margin = share.interval, None
        if figure.impact is not None and figure.reach is not None:
            impact = float(figure.impact)
            margin = MarginBody(level=CONFIDENCE, low=impact - figure.reach, high=impact + figure.reach)
        return cls(
            id=theme.id,
            name=theme_name(theme),
            cause=theme.cause,
            n=groups.n,
            detractors=groups.detractors,
            passives=groups.passives,
            promoters=groups.promoters,
            share=None
            if interval is None
            else ShareOut(
                share=share.part / share.whole, level=CONFIDENCE, low=interval.low, high=interval.high
            ),
            impact=None if figure.impact is None else float(figure.impact),
            impact_margin=margin,
        )


class CommentCountsOut(BaseModel):
    """Answers with a comment."""

    n: int
    detractors: int

    @classmethod
    def of(cls, groups: Groups) -> Self:
        """As it is answered."""
        return cls(n=groups.n, detractors=groups.detractors)


class SuggestionOut(BaseModel):
    """A word that detractors use whose comments name no theme."""

    word: str
    language: str
    uncovered: int = Field(description="Comments of detractors that have it and name no theme.")
    others: int = Field(description="Comments of passives and promoters that have it.")
    z: float = Field(description="By how many standard errors it is more frequent (log-odds).")

    @classmethod
    def of(cls, suggested: SuggestedWord) -> Self:
        """As it is answered."""
        word = suggested.word
        return cls(
            word=word.word, language=suggested.language, uncovered=word.here, others=word.there, z=word.z
        )


class ThemeFiguresOut(BaseModel):
    """The themes in the comments of a window."""

    version: int
    segment: str | None
    measurement: NpsMeasurement
    window: WindowBody
    n: int = Field(description="Answers, with and without a comment.")
    nps: float | None = Field(description="Of all of them; null below ten answers.")
    comments: CommentCountsOut
    covered: CommentCountsOut = Field(description="Those that name a theme.")
    covered_share: float | None = Field(description="From 0 to 1; null below ten comments.")
    waiting: int = Field(description="Comments that were not matched by this version of the themes yet.")
    themes: list[ThemeFigureOut] = Field(description="By `order`.")
    suggestions: list[SuggestionOut] | None = Field(
        description="From 200 comments on each side and language; null: this key may not read answers."
    )

    @classmethod
    def of(
        cls,
        themes: ThemeSet,
        figures: ThemeFigures,
        query: CommentQuery,
        time_zone: str,
        suggestions: Sequence[SuggestedWord] | None,
    ) -> Self:
        """As it is answered."""
        by_id = {theme.id: theme for theme in themes.themes}
        window, answers = query.window, figures.answers
        has_share = figures.wrote.n >= MIN_ANSWERS_SHOWN
        return cls(
            version=themes.version,
            segment=next(iter(query.selection.segments), None),
            measurement=query.measurement,
            window=WindowBody(days=window.days, from_=window.first, until=window.last, time_zone=time_zone),
            n=answers.n,
            nps=answers.points if answers.n >= MIN_ANSWERS_SHOWN else None,
            comments=CommentCountsOut.of(figures.wrote),
            covered=CommentCountsOut.of(figures.covered),
            covered_share=figures.covered.n / figures.wrote.n if has_share else None,
            waiting=figures.waiting,
            themes=[ThemeFigureOut.of(figure, by_id[figure.theme]) for figure in figures.themes],
            suggestions=None if suggestions is None else [SuggestionOut.of(each) for each in suggestions],
        )


def _comments(comments: Sequence[ThemeComment], reader: ThemeReader) -> list[ThemeCommentOut] | None:
    return [ThemeCommentOut.of(each) for each in comments] if reader.reads_comments else None
