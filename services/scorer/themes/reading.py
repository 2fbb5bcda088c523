"""Whose comments are meant, the figures of their themes, and words to add."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.scorer.access import SegmentAccess
from services.scorer.parameters import read_segment
from services.scorer.repository.selection import Selection
from services.scorer.themes import repository
from services.scorer.themes.count_repository import sum_themes
from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.impact import ThemeFigures, figures_of, figures_of_sums, unhappy_only
from services.scorer.themes.repository import ThemeComment
from services.scorer.themes.words import TellingWord, telling_words
from services.scorer.windows import Window, today_in
from shared.api_keys import ApiKey
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant
from shared.events.nps import HIGHEST_DETRACTOR, SCALE
from shared.events.surveys import NpsMeasurement
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.permissions import EVERY_SCOPE
from shared.tenancy import find_tenant

MAX_COMMENTS_READ = 2_000
"""Of each side: the latest ones. Words are found in no more."""
_UNHAPPY = (SCALE[0], HIGHEST_DETRACTOR)
_OTHERS = (HIGHEST_DETRACTOR + 1, SCALE[-1])


@dataclass(frozen=True, kw_only=True)
class ThemeReader:
    """Who asks for the themes of a company, and when."""

    tenant: Tenant
    access: SegmentAccess
    today: date
    reads_comments: bool
    """Whether they may read what customers wrote: whoever is signed in, and keys that may read answers."""


@dataclass(frozen=True, kw_only=True)
class CommentQuery:
    """Which comments are meant."""

    selection: Selection
    measurement: NpsMeasurement
    window: Window


@dataclass(frozen=True, kw_only=True)
class SuggestedWord:
    """A word that unhappy customers use whose comments name no theme."""

    language: str
    word: TellingWord


async def reader_of(
    uow: UnitOfWork, tenant_id: str, staff: Staff | None, key: ApiKey | None = None
) -> ThemeReader:
    """The reader.

    :raises Problem: 404 where the company is not known yet.
    """
    tenant = await find_tenant(uow, tenant_id)
    if tenant is None:
        raise Problem(404)
    return ThemeReader(
        tenant=tenant,
        access=SegmentAccess.of(tenant, staff),
        today=today_in(tenant.time_zone, uow.now),
        reads_comments=may_read_comments(staff, key),
    )


def may_read_comments(staff: Staff | None, key: ApiKey | None) -> bool:
    """Whether somebody may read single answers: whoever is signed in, and keys that may read answers."""
    return staff is not None or (key is not None and bool({"answers:read", EVERY_SCOPE} & key.scopes))


def query_of(
    reader: ThemeReader, segment: str | None, measurement: NpsMeasurement, window: Window
) -> CommentQuery:
    """The comments of a segment, or of the company, that somebody asks for.

    :raises Problem: 404 for a segment that they may not see, 422 for what is none.
    """
    wanted = read_segment(segment)
    if not reader.access.allows(wanted):
        raise Problem(404)
    return _query(reader, wanted, measurement, window)


def own_query_of(reader: ThemeReader, measurement: NpsMeasurement, window: Window) -> CommentQuery | None:
    """The comments that somebody may read who names no segment: of the company, or of the first segment that
    they are limited to; None where they may see none.
    """
    segments = reader.access.limited_to or (WHOLE_COMPANY,)
    own = next(filter(reader.access.allows, segments), None)
    return None if own is None else _query(reader, own, measurement, window)


async def read_figures(uow: UnitOfWork, themes: ThemeSet, query: CommentQuery) -> ThemeFigures:
    """The figures of the themes, as the answers are matched by now."""
    known = [theme.id for theme in themes.themes]
    sums = await sum_themes(uow, query.selection, query.measurement, query.window, themes.version)
    return figures_of_sums(sums, known)


async def read_unhappy(
    uow: UnitOfWork, themes: ThemeSet, selection: Selection, measurement: NpsMeasurement, window: Window
) -> ThemeFigures:
    """The same of the detractors with a comment alone; of several segments at once they are counted now,
    unless these are a declared pair.
    """
    known = [theme.id for theme in themes.themes]
    if selection.kept is None:
        counted = await repository.count_unhappy(uow, selection, measurement, window, themes.version)
        return figures_of(counted, known)
    sums = await sum_themes(uow, selection, measurement, window, themes.version)
    return figures_of_sums(unhappy_only(sums), known)


@dataclass(frozen=True, kw_only=True)
class WordSources:
    """The comments among which words are looked for."""

    uncovered: Sequence[ThemeComment]
    """Of detractors, that name no theme."""
    others: Sequence[ThemeComment]
    """Of everybody else."""


async def read_word_sources(uow: UnitOfWork, query: CommentQuery) -> WordSources:
    """The latest comments on both sides."""
    selected = query.selection, query.measurement, query.window
    return WordSources(
        uncovered=await repository.list_comments(
            uow, *selected, scores=_UNHAPPY, uncovered=True, limit=MAX_COMMENTS_READ
        ),
        others=await repository.list_comments(uow, *selected, scores=_OTHERS, limit=MAX_COMMENTS_READ),
    )


async def suggested_words(sources: WordSources) -> list[SuggestedWord]:
    """The words that tell the two sides apart, by language; beside the loop, since it takes a while."""
    return await asyncio.to_thread(_words_by_language, sources)


def _words_by_language(sources: WordSources) -> list[SuggestedWord]:
    here, there = _by_language(sources.uncovered), _by_language(sources.others)
    return [
        SuggestedWord(language=language, word=word)
        for language in sorted(here)
        for word in telling_words(here[language], there.get(language, []))
    ]


def _by_language(comments: Sequence[ThemeComment]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in comments:
        if each.language:
            found[each.language.partition("-")[0]].append(each.comment)
    return found


def _query(reader: ThemeReader, segment: str, measurement: NpsMeasurement, window: Window) -> CommentQuery:
    selection = Selection(reader.tenant.id, (segment,) if segment else ())
    return CommentQuery(selection=selection, measurement=measurement, window=window)
