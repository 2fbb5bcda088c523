"""What becomes of a theme that was opened by itself: it is kept, merged into another one, or dropped."""

from typing import Literal, NamedTuple

import msgspec

from services.scorer.themes import found_repository
from services.scorer.themes.domain import Theme, ThemeSet
from services.scorer.themes.found_repository import FoundState
from services.scorer.themes.labels import kept_name
from services.scorer.themes.repository import find_themes
from services.scorer.themes.theme_commands import write_next
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit

FoundAct = Literal["keep", "merge", "drop"]
STATE_AFTER: dict[FoundAct, FoundState] = {"keep": "kept", "merge": "merged", "drop": "dropped"}


class FoundDecision(NamedTuple):
    """What somebody wants done with a theme that was opened by itself."""

    act: FoundAct
    name: str = ""
    """Of one that is kept; empty: as it is."""
    into: str = ""
    """The id of the theme that gets the words of one that is merged."""


class FoundMissing(Exception):
    """No such theme was opened by itself."""


class FoundDecided(Exception):
    """Something else was decided about it already."""


class NoSuchTheme(Exception):
    """There is no other theme into which it could be merged."""


async def decide_found(
    uow: UnitOfWork, tenant: str, who: AuditActor, theme_id: str, decision: FoundDecision
) -> ThemeSet:
    """Decide about a theme that was opened by itself; the same again changes nothing.

    Its words never open a theme again, whatever is decided.

    :raises FoundMissing: when none was opened under this id.
    :raises FoundDecided: when it is no proposal any more.
    :raises NoSuchTheme: when it cannot be merged into the one that is named.
    :raises ThemesFaulty: when the themes could not be kept so: its name is too long, or another's.
    :raises ThemesStale: when somebody else saved the themes meanwhile.
    """
    themes = await find_themes(uow, tenant, lock=True)
    found = await found_repository.lock_found(uow, tenant, theme_id)
    if found is None:
        raise FoundMissing
    state = STATE_AFTER[decision.act]
    if found.state == state:
        return themes
    if found.state != "proposed" or theme_id not in themes.found:
        raise FoundDecided
    wanted = _decided(themes.themes, theme_id, decision)
    if wanted != themes.themes:
        await write_next(uow, tenant, themes, wanted)
    await found_repository.decide(uow, tenant, found, state)
    record_audit(uow, tenant, who, "themes", found=state, themes=len(wanted))
    return await find_themes(uow, tenant)


def _decided(themes: tuple[Theme, ...], theme_id: str, decision: FoundDecision) -> tuple[Theme, ...]:
    if decision.act == "keep":
        name = kept_name(theme_id, decision.name)
        return tuple(
            msgspec.structs.replace(each, name=name) if each.id == theme_id and name else each
            for each in themes
        )
    left = tuple(each for each in themes if each.id != theme_id)
    if decision.act == "drop":
        return left
    if all(each.id != decision.into for each in left):
        raise NoSuchTheme
    (merged,) = (each for each in themes if each.id == theme_id)
    return tuple(_with_stems(each, merged) if each.id == decision.into else each for each in left)


def _with_stems(theme: Theme, other: Theme) -> Theme:
    languages = sorted({*theme.stems, *other.stems})
    stems = {
        language: tuple(dict.fromkeys((*theme.stems.get(language, ()), *other.stems.get(language, ()))))
        for language in languages
    }
    return msgspec.structs.replace(theme, stems=stems)


async def switch_finding(uow: UnitOfWork, tenant: str, who: AuditActor, *, is_on: bool) -> None:
    """Have themes opened by themselves, or not; the same again changes nothing."""
    if await found_repository.is_finding_on(uow, tenant) != is_on:
        await found_repository.switch_finding(uow, tenant, is_on=is_on)
        record_audit(uow, tenant, who, "themes", finding=is_on)
