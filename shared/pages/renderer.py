"""Renders a service's templates to text: its mails, and the pages that ``Pages`` responds with."""

import importlib.resources
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from shared.clock import Clock, system_clock
from shared.pages import language
from shared.pages.filters import FILTERS
from shared.values.zones import zone_of

PAGES_FOLDER = Path(__file__).parent


class _CompiledTemplates(BytecodeCache):
    """Each template compiled once in a process, by its path and content: renderers share templates."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED_TEMPLATES = _CompiledTemplates()
"""Of all renderers, whose environments compile alike."""


class Renderer:
    """The templates of a service, its own before the shared ones: ``Renderer("services.dispatcher")``.

    Its package may have ``templates`` and ``locales``.
    """

    def __init__(self, package: str, *, clock: Clock = system_clock) -> None:
        own = folder_of(package)
        folders = [own / "locales", PAGES_FOLDER / "locales"]
        self._all_texts = language.catalogues(folders)
        self._translations = language.catalogues(folders, language.CUSTOMER_CATALOGUE) | self._all_texts
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader([own / "templates", PAGES_FOLDER / "templates"]),
            autoescape=True,
            auto_reload=False,
            bytecode_cache=COMPILED_TEMPLATES,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            language.translated,
            language.counted,
            newstyle=True,
            pgettext=language.translated_in_context,
            npgettext=language.counted_in_context,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals.update(
            # For texts in variables: a template's own gettext would mark them as safe HTML.
            say=language.spoken,
            reader_locale=language.reader_locale,
            direction=language.direction,
        )

    @property
    def languages(self) -> list[str]:
        """The languages in which all is translated."""
        return sorted(self._all_texts)

    @property
    def customer_languages(self) -> list[str]:
        """The languages in which that is translated which customers read."""
        return sorted(self._translations)

    def text(self, template: str, speak: str, **context: Any) -> str:
        """The rendered template, in English when there are no translations in the language."""
        with language.rendering_for(self.reader(speak, context.get("time_zone"))):
            return self._environment.get_template(template).render(context)

    def reader(self, speak: str, time_zone: str | None) -> language.ReaderLocale:
        """A reader of this language, or of English when there are no translations in it."""
        spoken = language.first_available([speak], self._translations)
        return language.ReaderLocale(
            spoken, zone_of(time_zone), self._clock(), self._translations[spoken], speak
        )


def folder_of(package: str) -> Path:
    """The folder of a package."""
    return Path(str(importlib.resources.files(package)))
