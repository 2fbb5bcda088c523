"""Draws the pages of one service and answers requests with them."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from shared.clock import Clock, system_clock
from shared.http.context import http_of
from shared.http.problems import Problem
from shared.http.staff_auth import Staff, staff_of
from shared.pages import language
from shared.pages import svg as charts
from shared.pages.assets import SHARED, Assets
from shared.pages.page import Frame, Page, fields_of
from shared.pages.renderer import Renderer, folder_of

CUSTOMERS = ("/s/", "/u/", "/q/")


def for_customers(request: Request) -> bool:
    """Whether a page is for a company's customers, not for its staff."""
    return request.url.path.startswith(CUSTOMERS)


class Pages(Renderer):
    """The page-maker of a service: ``Pages("services.alerts", local=…, mailbox_url=…)``.

    Beside its texts it looks for ``static`` in the service's package.
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
            {package.rpartition(".")[2]: folder_of(package) / "static", SHARED.name: SHARED.folder}
        )
        self._environment.globals.update(
            asset=self.assets.url, charts=charts, local=local, mailbox_url=mailbox_url
        )

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

        The context may set what the frame shows (see ``Frame``); ``speak`` is the language. Without it the
        browser decides on pages for customers; those of staff are English until all of them are translated.
        """
        spoken = speak or (
            language.negotiate(request.headers.get("accept-language"), self.languages)
            if for_customers(request)
            else language.SOURCE
        )
        token = http_of(request).csrf.token(staff.session_id) if staff is not None else ""
        return HTMLResponse(
            self.text(template, spoken, request=request, staff=staff, csrf=token, **context), status_code
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
        """A page and the frame around it; ``speak`` is the language, see ``response``."""
        shown = fields_of(frame or Frame()) | fields_of(page)
        return self.response(
            request, page.template, staff=staff, status_code=status_code, speak=speak, **shown
        )

    def text(self, template: str, speak: str, **context: Any) -> str:
        """A page drawn in a language, without a request."""
        return super().text(template, speak, **{**fields_of(Frame()), **context})

    def error(self, request: Request, problem: Problem, request_id: str) -> HTMLResponse:
        """The page of a refusal."""
        return self.response(
            request,
            "error.html",
            staff=None if for_customers(request) else staff_of(request),
            status_code=problem.status,
            problem=problem,
            request_id=request_id,
        )
