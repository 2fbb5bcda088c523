"""A company's themes, their bounds, and what is wrong with a draft of them. Pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Literal, get_args

import msgspec

from services.scorer.themes.stems import BadStem, parse_stem
from shared.values.causes import CAUSE_CODES, CAUSES
from shared.values.messages import Message, message

ThemeLanguage = Literal["da", "de", "en", "es", "fi", "fr", "nb", "nl", "sv"]
"""Those that customers are asked in."""
THEME_LANGUAGES: tuple[ThemeLanguage, ...] = get_args(ThemeLanguage)
MAX_THEMES = 40
MAX_STEMS_PER_THEME = 200
"""In all languages together."""
MAX_NAME_CHARS = 60
MAX_ID_CHARS = 40
THEME_CAUSES = frozenset((*CAUSES, *CAUSE_CODES))
"""A theme may stand for all causes of one kind (delivery), or for one of them (delivery.late)."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)
_NO_ID = re.compile(r"[^a-z0-9]+")


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """One theme."""

    id: str
    """By which answers are marked; it stays when the theme is renamed."""
    name: str = ""
    """As the company calls it; empty: a theme that we ship, which has its name in each language."""
    stems: Mapping[str, tuple[str, ...]] = {}
    """As they are written, by the language of the comments."""
    cause: str | None = None
    """Of the causes with which cases are closed, the one that it stands for."""


class ThemeSet(msgspec.Struct, frozen=True, kw_only=True):
    """The themes of a company as of one version."""

    version: int
    themes: tuple[Theme, ...]
    found: frozenset[str] = frozenset()
    """The ids of those that were opened by themselves, and about which nobody has decided."""
    new: frozenset[str] = frozenset()
    """The ids of those that were opened by themselves in the last 14 days, unless somebody dropped them."""


class ThemeFault(msgspec.Struct, frozen=True):
    """What is wrong with a part of a draft."""

    path: tuple[str | int, ...]
    """Such as (3, "stems", "da", 7): the eighth Danish stem of the fourth theme."""
    remedy: Message


def faults_of(themes: Sequence[Theme], known_names: Mapping[str, object]) -> list[ThemeFault]:
    """What is wrong with a draft; nothing: it can be kept.

    :param known_names: the ids of the themes that have a name without being given one.
    """
    faults: list[ThemeFault] = []
    if len(themes) > MAX_THEMES:
        faults.append(ThemeFault((), message("A company has at most %(most)s themes.", most=MAX_THEMES)))
    seen: set[str] = set()
    names: set[str] = set()
    for number, theme in enumerate(themes):
        if not _ID.fullmatch(theme.id) or len(theme.id) > MAX_ID_CHARS:
            remedy = message(
                "Write small letters from a to z, digits and hyphens: %(example)s.", example="delivery"
            )
            faults.append(ThemeFault((number, "id"), remedy))
        elif theme.id in seen:
            faults.append(ThemeFault((number, "id"), message("Another theme has this id.")))
        seen.add(theme.id)
        if not theme.name and theme.id not in known_names:
            faults.append(ThemeFault((number, "name"), message("Write a name.")))
        elif len(theme.name) > MAX_NAME_CHARS:
            remedy = message("Write at most %(most)s characters.", most=MAX_NAME_CHARS)
            faults.append(ThemeFault((number, "name"), remedy))
        elif (name := theme.name.casefold()) and name in names:
            faults.append(ThemeFault((number, "name"), message("Another theme has this name.")))
        names.add(theme.name.casefold())
        if theme.cause is not None and theme.cause not in THEME_CAUSES:
            remedy = message("Must be one of the causes with which cases are closed, such as delivery.late.")
            faults.append(ThemeFault((number, "cause"), remedy))
        faults += _stem_faults(number, theme)
    return faults


def _stem_faults(number: int, theme: Theme) -> list[ThemeFault]:
    faults: list[ThemeFault] = []
    if sum(map(len, theme.stems.values())) > MAX_STEMS_PER_THEME:
        remedy = message("A theme has at most %(most)s stems in all its languages.", most=MAX_STEMS_PER_THEME)
        faults.append(ThemeFault((number, "stems", next(iter(theme.stems))), remedy))
        return faults
    for language, stems in theme.stems.items():
        for place, stem in enumerate(stems):
            try:
                parse_stem(stem)
            except BadStem as bad:
                faults.append(ThemeFault((number, "stems", language, place), bad.remedy))
    return faults


def free_id(name: str, taken: Collection[str]) -> str:
    """An id for a new theme: its name in small letters, or a number."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    key = _NO_ID.sub("-", plain)[:MAX_ID_CHARS].strip("-")
    numbered = (f"theme-{number}" for number in count(1))
    return key if key and key not in taken else next(each for each in numbered if each not in taken)
