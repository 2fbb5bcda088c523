"""Renders the pages of one service."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from shared.clock import Clock, system_clock
from shared.http.context import http_of
from shared.http.problems import Problem
from shared.http.staff_auth import Staff, staff_of
from shared.pages import language
from shared.pages import svg as charts
from shared.pages.assets import SHARED_ASSETS, Assets
from shared.pages.page import ErrorPage, Frame, Page, fields_of
from shared.pages.renderer import Renderer, folder_of

CUSTOMER_PATH_PREFIXES = ("/s/", "/u/", "/q/")


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

        :param speak: the language. Without it the browser chooses on customers' pages; staff pages are in
            English until all of them are translated.
        """
        values = fields_of(frame or Frame()) | fields_of(page)
        return self.response(
            request, page.template, staff=staff, status_code=status_code, speak=speak, **values
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
        """A page with an untyped context, for pages that have no class yet."""
        spoken = speak or (
            language.negotiate(request.headers.get("accept-language"), self.languages)
            if is_for_customers(request)
            else language.SOURCE_LANGUAGE
        )
        token = http_of(request).csrf.token(staff.session_id) if staff is not None else ""
        return HTMLResponse(
            self.text(template, spoken, request=request, staff=staff, csrf=token, **context), status_code
        )

    def text(self, template: str, speak: str, **context: Any) -> str:
        """The text of a page, without a request."""
        return super().text(template, speak, **{**fields_of(Frame()), **context})

    def error(self, request: Request, problem: Problem, request_id: str) -> HTMLResponse:
        """The page of a refusal."""
        page = ErrorPage(
            status=problem.status,
            title=problem.title,
            detail=problem.detail,
            errors=problem.errors,
            request_id=request_id,
        )
        staff = None if is_for_customers(request) else staff_of(request)
        return self.page(request, page, staff=staff, status_code=problem.status)
