"""Draws the pages of one service: its own templates first, then the shared ones."""

import importlib.resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.clock import Clock, system_clock
from shared.http.csrf import CsrfGuard
from shared.http.problems import Problem
from shared.http.staff import Staff, staff_of
from shared.pages import charts, language
from shared.pages.assets import SHARED, Assets
from shared.pages.filters import FILTERS

CUSTOMERS = ("/s/", "/u/", "/q/")
HERE = Path(__file__).parent
FRAME: dict[str, Any] = {
    "company": "",  # beside the person's name
    "here": "",  # which of the four words is current: scores, cases, surveys, events
    "open_cases": None,  # the number beside Cases
    "test_mode": False,  # mail goes to test addresses only
    "sending_stopped": False,
    "live": None,  # address of the page's stream of changes
    "time_zone": "UTC",
}


class Pages:
    """The page-maker of a service: ``Pages("services.alerts", local=…, mailbox_url=…)``.

    Looks for ``templates``, ``static`` and ``locales`` in the service's package; each may be absent.
    """

    def __init__(
        self,
        package: str,
        *,
        local: bool = False,
        mailbox_url: str | None = None,
        clock: Clock = system_clock,
    ) -> None:
        own = Path(str(importlib.resources.files(package)))
        self.assets = Assets({package.rpartition(".")[2]: own / "static", SHARED.name: SHARED.folder})
        self._words = language.catalogues([own / "locales", HERE / "locales"])
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader([own / "templates", HERE / "templates"]),
            autoescape=True,
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
            asset=self.assets.url,
            charts=charts,
            local=local,
            mailbox_url=mailbox_url,
            reading=language.reading,
        )

    @property
    def languages(self) -> list[str]:
        """The languages that this service's pages speak."""
        return sorted(self._words)

    def response(
        self,
        request: Request,
        template: str,
        *,
        staff: Staff | None = None,
        status_code: int = 200,
        speak: str | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """A page.

        The context may set what the frame shows (see ``FRAME``); ``speak`` is the language, else the
        browser decides.
        """
        spoken = speak or language.negotiate(request.headers.get("accept-language"), self.languages)
        csrf: CsrfGuard | None = getattr(request.app.state, "csrf", None)
        token = csrf.token(staff.session_id) if csrf is not None and staff is not None else ""
        return HTMLResponse(
            self.text(template, spoken, request=request, staff=staff, csrf=token, **context), status_code
        )

    def text(self, template: str, speak: str, **context: Any) -> str:
        """A template drawn in a language, without a request: for mails and tests."""
        filled = {**FRAME, **context}
        reader = language.Reading(
            speak,
            ZoneInfo(filled["time_zone"]),
            self._clock(),
            self._words.get(speak) or self._words[language.SOURCE],
        )
        with language.read_by(reader):
            return self._environment.get_template(template).render(filled)

    def error(self, request: Request, problem: Problem, request_id: str) -> HTMLResponse:
        """The page of a refusal."""
        known = getattr(request.app.state, "access", None) is not None and not request.url.path.startswith(
            CUSTOMERS
        )
        return self.response(
            request,
            "error.html",
            staff=staff_of(request) if known else None,
            status_code=problem.status,
            problem=problem,
            request_id=request_id,
        )
