"""In whose words a page speaks: gettext by context variable, catalogues read from their ``.po`` files."""

import gettext
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from shared.clock import system_clock
from shared.values.languages import widening
from shared.values.zones import zone_of

SOURCE = "en"


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads: the language, the place whose clock is meant, the moment, and the words."""

    language: str = SOURCE
    zone: ZoneInfo = field(default_factory=zone_of)
    now: datetime = field(default_factory=system_clock)
    words: gettext.NullTranslations = field(default_factory=gettext.NullTranslations)
    page: str = ""
    """The page's language where it is another: a client's own words stand in it, and ours in ``language``."""

    @property
    def locale(self) -> Locale:
        try:
            return Locale.parse(self.language.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            return Locale(SOURCE)


_reading: ContextVar[Reading] = ContextVar("reading")


def reading() -> Reading:
    """Who reads what is being rendered."""
    return _reading.get(None) or Reading()


@contextmanager
def read_by(reader: Reading) -> Iterator[None]:
    """Render for this reader."""
    token = _reading.set(reader)
    try:
        yield
    finally:
        _reading.reset(token)


# The environment's translations are shared between readers, so each call looks up who reads now.
def translated(message: str) -> str:
    return reading().words.gettext(message)


def counted(one: str, many: str, n: int) -> str:
    return reading().words.ngettext(one, many, n)


def in_context(context: str, message: str) -> str:
    return reading().words.pgettext(context, message)


def counted_in_context(context: str, one: str, many: str, n: int) -> str:
    return reading().words.npgettext(context, one, many, n)


def catalogues(folders: Sequence[Path]) -> dict[str, gettext.NullTranslations]:
    """The translations of all languages found; an earlier folder's words go before a later one's."""
    found: dict[str, gettext.NullTranslations] = {SOURCE: gettext.NullTranslations()}
    for folder in folders:
        for path in sorted(folder.glob("*/LC_MESSAGES/messages.po")):
            language = path.parts[-3]
            words = _compiled(path)
            if language in found:
                found[language].add_fallback(words)
            else:
                found[language] = words
    return found


def _compiled(path: Path) -> gettext.GNUTranslations:
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def spoken(wished: str, available: Collection[str]) -> str:
    """The language itself when it is there, else without its region (da-DK, then da), else English."""
    return next((tag for tag in widening(wished) if tag in available), SOURCE)


def direction(tag: str) -> str:
    """``rtl`` for a language that is written from right to left, else ``ltr``."""
    return Reading(tag).locale.text_direction


def own_name(tag: str) -> str:
    """A language in its own words, such as Dansk; the tag itself when nobody has told us its name."""
    try:
        name = Locale.parse(tag.replace("-", "_")).get_display_name()
    except (UnknownLocaleError, ValueError):
        name = None
    return name[:1].upper() + name[1:] if name else tag


def negotiate(accept_language: str | None, available: Sequence[str]) -> str:
    """The reader's best language among those we have (RFC 9110 12.5.4), English when none fits."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "").split(",")[:20]):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.partition("=")[2] or 1)
        except ValueError:
            quality = 0.0
        if quality > 0 and tag.strip():
            wanted.append((-quality, place, tag.strip().lower()))
    by_tag = {language.lower().replace("_", "-"): language for language in available}
    for _, _, tag in sorted(wanted):
        for each in widening(tag):
            if each in by_tag:
                return by_tag[each]
    return SOURCE
