"""Refusals: RFC 9457 problem documents for programs, error pages for browsers."""

import http.client
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypedDict

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from shared.http.context import http_of
from shared.http.readers import VARY, reading
from shared.http.validation_errors import FieldFault, faults_of
from shared.values.messages import Message, message


class FaultDocument(TypedDict):
    """One of the ``errors`` of a document."""

    field: str
    detail: str


class ProblemDocument(TypedDict, total=False):
    """The members of an ``application/problem+json`` document."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FaultDocument]


class Problem(HTTPException):
    """A refusal: what is wrong, and what to do about it. It never quotes the value that was sent."""

    def __init__(
        self,
        status: int,
        title: Message | str = "",
        detail: Message | str = "",
        *,
        errors: Sequence[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        """:param members: further members of the document, for programs (RFC 9457, 3.2)."""
        default_title, default_detail = problem_texts(status)
        self.title = title or default_title
        self.remedy = detail or ("" if title else default_detail)
        self.errors = list(errors)
        self.members = dict(members or {})
        super().__init__(status, str(self.remedy), dict(headers or {}))

    @property
    def status(self) -> int:
        return self.status_code


class RedirectToPage(Exception):
    """Redirects to another address of ours, with 303 (as a GET) or 307 (the same request again)."""

    def __init__(self, location: str, status: int) -> None:
        super().__init__(status)
        self.location = location
        self.status = status


class ErrorPages(Protocol):
    """Renders error pages."""

    def error(self, request: Request, problem: Problem, request_id: str) -> Response:
        """The page of a refusal."""
        ...


PROBLEM_TEXTS: dict[int, tuple[Message, Message]] = {
    400: (message("This could not be read."), message("Check the form of what you sent.")),
    401: (
        message("Please sign in."),
        message("Send a valid API key as “Authorization: Bearer …”, or sign in."),
    ),
    403: (message("This is not yours to do."), message("Ask an administrator for the right to do it.")),
    404: (message("There is no such page, or it is not yours to see."), message("Check the address.")),
    405: (
        message("This address does not take that method."),
        message("The Allow header names those it takes."),
    ),
    408: (message("This came too slowly."), message("Send it again, at once.")),
    409: (
        message("Somebody was faster."),
        message("Nothing was overwritten. Load it again and decide anew."),
    ),
    413: (message("This is too large."), message("One request may carry 1 MiB. Send it in parts.")),
    414: (
        message("This address is too long."),
        message("An address has at most 8 kB, and 16 kB behind its question mark."),
    ),
    415: (
        message("This form of data is not taken here."),
        message("Send JSON, as “Content-Type: application/json”."),
    ),
    422: (
        message("Something in it cannot be right."),
        message("Each fault is named with its field and its remedy."),
    ),
    429: (message("Too many attempts."), message("Wait as long as Retry-After says, then try again.")),
    431: (message("The headers are too large."), message("Send at most 100 of them, and 32 kB together.")),
    500: (
        message("Something went wrong on our side."),
        message("Nothing is half done. If this lasts, tell operations the request id."),
    ),
    503: (message("This cannot be done just now."), message("Try again in a moment; Retry-After says when.")),
}


def problem_texts(status: int) -> tuple[Message | str, Message | str]:
    """The default title and remedy of a status."""
    if status in PROBLEM_TEXTS:
        return PROBLEM_TEXTS[status]
    return http.client.responses.get(status, "Refused"), ""


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page; `/v1` has none."""
    return "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith("/v1/")


def problem_response(request: Request, problem: Problem) -> Response:
    """The problem as a page or as a document, by what the client accepts."""
    request_id: str = request.scope.get("request_id", "")
    pages = http_of(request).pages
    if pages is not None and wants_page(request):
        response = pages.error(request, problem, request_id)
    else:
        with reading(request) as reader:
            response = JSONResponse(
                _document(problem, request_id, reader.spoken),
                problem.status,
                {"Content-Language": reader.language, "Vary": VARY},
                media_type="application/problem+json",
            )
    response.headers.update(problem.headers or {})
    return response


def _document(problem: Problem, request_id: str, spoken: Callable[[Message | str], str]) -> dict[str, Any]:
    document = ProblemDocument(type="about:blank", title=spoken(problem.title), status=problem.status)
    if problem.remedy:
        document["detail"] = spoken(problem.remedy)
    if request_id:
        document["request_id"] = request_id
    if problem.errors:
        document["errors"] = [
            FaultDocument(field=fault["field"], detail=spoken(fault["detail"])) for fault in problem.errors
        ]
    return {**problem.members, **document}


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if isinstance(error, Problem):
        return problem_response(request, error)
    if not isinstance(error, HTTPException):
        raise error
    return problem_response(request, Problem(error.status_code, headers=error.headers))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    errors: Sequence[Any] = error.errors()
    unreadable = any(one.get("type") == "json_invalid" for one in errors)
    return problem_response(request, Problem(400 if unreadable else 422, errors=faults_of(errors)))


async def _on_redirect(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RedirectToPage):
        raise error
    return RedirectResponse(error.location, error.status)


def install_error_handlers(app: FastAPI) -> None:
    """Replace the framework's responses to errors by ours."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(RedirectToPage, _on_redirect)
