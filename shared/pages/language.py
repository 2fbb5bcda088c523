"""The language of a page: translations, and the reader's locale as a context variable.

The ``.po`` files are compiled in the process that needs them, so that there is no compiled file that could be
stale.
"""

import copy
import functools
import gettext
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from shared.clock import system_clock
from shared.values.languages import widening
from shared.values.messages import Count, Message
from shared.values.zones import zone_of

SOURCE_LANGUAGE = "en"
"""The language of the texts in the code and the templates."""
STAFF_CATALOGUE, CUSTOMER_CATALOGUE = "messages.po", "customers.po"
"""All texts, in the languages of staff; only those that customers read, in the others."""
MAX_ACCEPTED_LANGUAGES = 20


@dataclass(frozen=True, slots=True)
class ReaderLocale:
    """The reader of what is being rendered: language and translations, time zone, and the current time."""

    language: str = SOURCE_LANGUAGE
    zone: ZoneInfo = field(default_factory=zone_of)
    now: datetime = field(default_factory=system_clock)
    translations: gettext.NullTranslations = field(default_factory=gettext.NullTranslations)
    page_language: str = ""
    """The language of a survey's own texts on the page, where ours have no translation in it."""

    def spoken(self, words: Message | str) -> str:
        """The words in this language; a text without facts is looked up as it is."""
        if isinstance(words, str):
            return self.translations.gettext(words) if words else ""
        facts = {name: self._fact(fact) for name, fact in words.facts.items()}
        if words.many is None:
            text = self.translations.gettext(words.text)
        else:
            text = self.translations.ngettext(words.text, words.many, words.facts["n"])
        return text % facts if facts else text

    def _fact(self, fact: Any) -> Any:
        if isinstance(fact, Message):
            return self.spoken(fact)
        return format_decimal(int(fact), locale=self.locale) if isinstance(fact, Count) else fact

    @property
    def locale(self) -> Locale:
        try:
            return Locale.parse(self.language.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            return Locale(SOURCE_LANGUAGE)


_reading: ContextVar[ReaderLocale] = ContextVar("reading")


def reader_locale() -> ReaderLocale:
    """The current reader."""
    return _reading.get(None) or ReaderLocale()


@contextmanager
def rendering_for(reader: ReaderLocale) -> Iterator[None]:
    """Render for this reader."""
    token = _reading.set(reader)
    try:
        yield
    finally:
        _reading.reset(token)


# All readers share one environment, so each call looks up the current reader.
def translated(message: str) -> str:
    return reader_locale().translations.gettext(message)


def counted(one: str, many: str, n: int) -> str:
    return reader_locale().translations.ngettext(one, many, n)


def spoken(words: Message | str) -> str:
    """The words in the reader's language; a text without facts is looked up as it is."""
    return reader_locale().spoken(words)


def translated_in_context(context: str, message: str) -> str:
    return reader_locale().translations.pgettext(context, message)


def counted_in_context(context: str, one: str, many: str, n: int) -> str:
    return reader_locale().translations.npgettext(context, one, many, n)


def catalogues(folders: Sequence[Path], name: str = STAFF_CATALOGUE) -> dict[str, gettext.NullTranslations]:
    """The translations by language; those in an earlier folder are preferred.

    :param name: of the files: ``CUSTOMER_CATALOGUE`` has what customers read, in languages without the rest.
    """
    found: dict[str, gettext.NullTranslations] = {SOURCE_LANGUAGE: gettext.NullTranslations()}
    for folder in folders:
        for path in sorted(folder.glob(f"*/LC_MESSAGES/{name}")):
            language = path.parts[-3]
            translations = copy.copy(_compiled(path))  # it gets a fallback of its own
            if language in found:
                found[language].add_fallback(translations)
            else:
                found[language] = translations
    return found


@functools.cache
def _compiled(path: Path) -> gettext.GNUTranslations:
    """Once in a process, which has several renderers: it takes a tenth of a second for those of one."""
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def first_available(wished: Iterable[str], available: Collection[str]) -> str:
    """The first wished language, or its next wider one (da for da-DK), that is available; else English."""
    return next((tag for one in wished for tag in widening(one) if tag in available), SOURCE_LANGUAGE)


def direction(tag: str) -> str:
    """``rtl`` for a language that is written from right to left, else ``ltr``."""
    return ReaderLocale(tag).locale.text_direction


def native_name(tag: str) -> str:
    """The name of a language in that language, such as Dansk; the tag itself when the name is not known."""
    try:
        name = Locale.parse(tag.replace("-", "_")).get_display_name()
    except (UnknownLocaleError, ValueError):
        name = None
    return name[:1].upper() + name[1:] if name else tag


def negotiate(accept_language: str | None, available: Sequence[str]) -> str:
    """The available language that the header prefers (RFC 9110, 12.5.4); English when it accepts none."""
    accepted: list[tuple[float, int, str]] = []
    for rank, part in enumerate((accept_language or "").split(",")[:MAX_ACCEPTED_LANGUAGES]):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.partition("=")[2] or 1)
        except ValueError:
            quality = 0.0
        if quality > 0 and tag.strip():
            accepted.append((-quality, rank, tag.strip().lower()))
    by_tag = {language.lower().replace("_", "-"): language for language in available}
    for _, _, tag in sorted(accepted):
        for each in widening(tag):
            if each in by_tag:
                return by_tag[each]
    return SOURCE_LANGUAGE
