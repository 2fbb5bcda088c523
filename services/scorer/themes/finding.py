"""Opens themes by themselves: of words that ten customers share whose comments name no theme."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from services.scorer.access import segment_value
from services.scorer.themes import found_repository
from services.scorer.themes.common_words import COMMON_WORDS
from services.scorer.themes.domain import MAX_NAME_CHARS, MAX_THEMES, Theme, ThemeSet, free_id
from services.scorer.themes.found_repository import FoundTheme
from services.scorer.themes.proposals import MIN_WORD_CHARS, Proposal, Room, WordEvidence, find_proposals
from services.scorer.themes.repository import find_themes
from services.scorer.themes.stems import folded
from services.scorer.themes.theme_commands import ThemesStale, write_next
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import People, is_person

LOOKED_DAYS = 90
"""Comments of so many days, up to today."""
RECENT_DAYS = 30
"""What is frequent in the last so many of these, and was not before, rises."""
MAX_PROPOSED, MAX_STEADY = 20, 10
"""Themes about which nobody has decided: while there are so many no further one opens, or none that does not
rise.
"""
_WORD = re.compile(r"[^\W_]+")


async def look(uow: UnitOfWork, tenant: str, people: People, today: date) -> list[Theme]:
    """Look at a company's comments, and open the themes that are there; which these are.

    :raises ThemesStale: when somebody saved the themes meanwhile.
    """
    themes = await find_themes(uow, tenant)
    known = await found_repository.list_found(uow, tenant)
    most = min(MAX_PROPOSED - len(themes.found), MAX_THEMES - len(themes.themes))
    opened: list[Theme] = []
    if most > 0:
        window = Window.ending(today, LOOKED_DAYS)
        uncovered = await found_repository.list_uncovered(
            uow, tenant, window, themes.version, Window.ending(today, RECENT_DAYS).first
        )
        around = WordEvidence(
            covered=await found_repository.list_covered(uow, tenant, window),
            known_stems=_stems_of(known),
            people=people_words(people, await found_repository.list_segment_names(uow, tenant)),
        )
        # Beside the loop, since it takes a while.
        room = Room(most, MAX_STEADY - len(themes.found))
        proposals = await asyncio.to_thread(find_proposals, uncovered, around, room)
        opened = await _open(uow, tenant, themes, known, proposals)
    await found_repository.note_look(uow, tenant)
    return opened


async def _open(
    uow: UnitOfWork, tenant: str, read: ThemeSet, known: Iterable[FoundTheme], proposals: Iterable[Proposal]
) -> list[Theme]:
    opened: list[Theme] = []
    ids = {*(theme.id for theme in read.themes), *(each.theme for each in known)}
    names = {theme.name.casefold() for theme in read.themes}
    for proposal in proposals:
        theme = _theme_of(proposal, ids, names)
        ids.add(theme.id)
        names.add(theme.name.casefold())
        await found_repository.keep_found(
            uow, tenant, theme.id, proposal.language, proposal.words.stem, proposal.customers
        )
        opened.append(theme)
    if opened:
        locked = await find_themes(uow, tenant, lock=True)
        if locked.version != read.version:
            raise ThemesStale
        await write_next(uow, tenant, locked, (*locked.themes, *opened))
        notify_changes(uow, [tenant])
    return opened


def _theme_of(proposal: Proposal, ids: Collection[str], names: Collection[str]) -> Theme:
    text = proposal.words.text
    name = (text[0].upper() + text[1:])[:MAX_NAME_CHARS]
    if name.casefold() in names:
        name = f"{name[: MAX_NAME_CHARS - 10]} ({proposal.language})"
    key = free_id(name, ids)
    if name.casefold() in names:
        name = key
    return Theme(id=key, name=name, stems={proposal.language: (proposal.words.stem,)})


def _stems_of(known: Iterable[FoundTheme]) -> dict[str, list[str]]:
    stems: defaultdict[str, list[str]] = defaultdict(list)
    for each in known:
        stems[each.language].append(each.stem)
    return stems


def people_words(people: People, segments: Iterable[str]) -> frozenset[str]:
    """The words of the names of employees that stand as segments; without words of grammar among them."""
    common = frozenset().union(*COMMON_WORDS.values())
    return frozenset(
        word
        for segment in segments
        if is_person(people, segment)
        for word in _WORD.findall(folded(segment_value(segment).rpartition(" / ")[2]))
        if len(word) >= MIN_WORD_CHARS and word not in common
    )
