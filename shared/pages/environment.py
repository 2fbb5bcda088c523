"""Renders the pages of one service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from shared.clock import Clock, system_clock
from shared.http.context import http_of
from shared.http.problems import Problem
from shared.http.readers import LANGUAGE_COOKIE, VARY
from shared.http.staff_auth import Staff, cookie_of, staff_of
from shared.pages import language
from shared.pages import svg as charts
from shared.pages.assets import SHARED_ASSETS, Assets
from shared.pages.page import ErrorPage, Frame, Page, fields_of
from shared.pages.renderer import Renderer, folder_of

CUSTOMER_PATH_PREFIXES = ("/s/", "/u/", "/q/", "/x/")
EXPORT_PATH_PREFIX = "/x/"
"""Its page has words that staff read, too: it speaks the languages of staff."""


def is_for_customers(request: Request) -> bool:
    """Whether customers see the page, and not staff."""
    return request.url.path.startswith(CUSTOMER_PATH_PREFIXES)


class Pages(Renderer):
    """The pages of a service: ``Pages("services.alerts", local=…, mailbox_url=…)``.

    Its package may have ``templates``, ``locales`` and ``static``.
    """

    def __init__(
        self,
        package: str,
        *,
        local: bool = False,
        mailbox_url: str | None = None,
        clock: Clock = system_clock,
    ) -> None:
        super().__init__(package, clock=clock)
        self.assets = Assets(
            {
                package.rpartition(".")[2]: folder_of(package) / "static",
                SHARED_ASSETS.name: SHARED_ASSETS.folder,
            }
        )
        self._environment.globals.update(
            asset=self.assets.url, charts=charts, local=local, mailbox_url=mailbox_url
        )

    def page(
        self,
        request: Request,
        page: Page,
        *,
        staff: Staff | None = None,
        frame: Frame | None = None,
        status_code: int = 200,
        speak: str | None = None,
    ) -> HTMLResponse:
        """A page in its frame.

        :param speak: the language; without it, the one that ``language_of`` finds.
        """
        spoken = speak or self.language_of(request)
        headers = {"Content-Language": spoken}
        if speak is None:
            headers["Vary"] = "Accept-Language" if is_for_customers(request) else VARY
        token = http_of(request).csrf.token(staff.session_id) if staff is not None else ""
        values = fields_of(frame or Frame()) | fields_of(page)
        if staff is not None:
            values["company_paused"] = http_of(request).keys.company_state(staff.tenant) == "paused"
        return HTMLResponse(
            self.text(page.template, spoken, request=request, staff=staff, csrf=token, **values),
            status_code,
            headers,
        )

    def language_of(self, request: Request) -> str:
        """The language of a response: staff's own choice, else the best that the browser accepts."""
        if (
            not is_for_customers(request)
            and (chosen := cookie_of(request, LANGUAGE_COOKIE)) in self.languages
        ):
            return chosen
        of_customers = is_for_customers(request) and not request.url.path.startswith(EXPORT_PATH_PREFIX)
        available = self.customer_languages if of_customers else self.languages
        return language.negotiate(request.headers.get("accept-language"), available)

    @contextmanager
    def reading(self, request: Request) -> Iterator[language.ReaderLocale]:
        """The reader of the response to this request: ``translated`` is in their language in this context.

        Each route runs in it (see ``CheckedRoute``), so what builds a page may translate.
        """
        reader = self.reader(self.language_of(request), None)
        with language.rendering_for(reader):
            yield reader

    def text(self, template: str, speak: str, **context: Any) -> str:
        """The text of a page, without a request."""
        return super().text(template, speak, **{**fields_of(Frame()), **context})

    def error(self, request: Request, problem: Problem, request_id: str) -> HTMLResponse:
        """The page of a refusal."""
        page = ErrorPage(
            status=problem.status,
            title=problem.title,
            detail=problem.remedy,
            errors=problem.errors,
            request_id=request_id,
        )
        staff = None if is_for_customers(request) else staff_of(request)
        return self.page(request, page, staff=staff, status_code=problem.status)
