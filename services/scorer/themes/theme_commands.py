"""Saving the themes of a company, by whichever door it is asked for."""

from collections.abc import Sequence

from services.scorer.themes import repository
from services.scorer.themes.domain import Theme, ThemeFault, ThemeSet, faults_of
from services.scorer.themes.labels import SHIPPED_NAMES
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit


class ThemesFaulty(Exception):
    """The themes cannot be kept: the parts of them, and what is wrong with each."""

    def __init__(self, faults: list[ThemeFault]) -> None:
        super().__init__(", ".join(str(fault.path) for fault in faults))
        self.faults = faults


class ThemesStale(Exception):
    """The themes were changed since they were read."""


def check_themes(themes: Sequence[Theme]) -> None:
    """Refuse a draft that could not be kept.

    :raises ThemesFaulty: for what is wrong with it.
    """
    if faults := faults_of(themes, SHIPPED_NAMES):
        raise ThemesFaulty(faults)


async def save_themes(
    uow: UnitOfWork, tenant: str, who: AuditActor, themes: tuple[Theme, ...], version: int
) -> ThemeSet:
    """Keep the themes of a company; the same again changes nothing. Its comments are matched again by and by.

    :param version: of the themes as they were read.
    :raises ThemesFaulty: for what is wrong with them.
    :raises ThemesStale: when there is another version by now.
    """
    known = await repository.find_themes(uow, tenant, lock=True)
    if themes == known.themes:
        return known
    if version != known.version:
        raise ThemesStale
    saved = await write_next(uow, tenant, known, themes)
    record_audit(uow, tenant, who, "themes", version=saved.version, themes=len(themes))
    return saved


async def write_next(uow: UnitOfWork, tenant: str, known: ThemeSet, themes: tuple[Theme, ...]) -> ThemeSet:
    """Keep the next version of a company's themes.

    :param known: the present one, locked.
    :raises ThemesFaulty: for what is wrong with them.
    :raises ThemesStale: when there is another version by now.
    """
    check_themes(themes)
    is_first = not await repository.has_changed_themes(uow, tenant)
    saved = ThemeSet(version=known.version + 1, themes=themes)
    if not await repository.write_themes(uow, tenant, saved, is_first=is_first):
        raise ThemesStale
    return saved
