"""Draws a service's templates into text, without the web: its mails, and what its pages are made of."""

import importlib.resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.clock import Clock, system_clock
from shared.pages import language
from shared.pages.filters import FILTERS
from shared.values.zones import zone_of

PAGES_FOLDER = Path(__file__).parent


class Renderer:
    """The templates of a service, its own first, then the shared ones: ``Texts("services.dispatcher")``.

    Looks for ``templates`` and ``locales`` in the service's package; each may be absent.
    """

    def __init__(self, package: str, *, clock: Clock = system_clock) -> None:
        own = folder_of(package)
        self._words = language.catalogues([own / "locales", PAGES_FOLDER / "locales"])
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader([own / "templates", PAGES_FOLDER / "templates"]),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            language.translated,
            language.counted,
            newstyle=True,
            pgettext=language.in_context,
            npgettext=language.counted_in_context,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals.update(
            # gettext in a template marks its result as safe HTML, so words from a variable take this way.
            say=language.translated,
            reading=language.reading,
            direction=language.direction,
        )

    @property
    def languages(self) -> list[str]:
        """The languages that this service speaks."""
        return sorted(self._words)

    def text(self, template: str, speak: str, **context: Any) -> str:
        """A template drawn in a language, or in English when we have no words in that one."""
        with language.read_by(self.reader(speak, context.get("time_zone"))):
            return self._environment.get_template(template).render(context)

    def reader(self, speak: str, time_zone: str | None) -> language.Reading:
        """Who reads this language, as far as we have its words; else who reads English."""
        spoken = language.spoken(speak, self._words)
        return language.Reading(spoken, zone_of(time_zone), self._clock(), self._words[spoken], speak)


def folder_of(package: str) -> Path:
    """Where a service's templates, words and assets lie."""
    return Path(str(importlib.resources.files(package)))
