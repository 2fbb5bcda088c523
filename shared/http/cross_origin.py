"""Routes that scripts of other sites may ask: what a company's own page loads and shows."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from shared.http.problems import Problem
from shared.http.routes import CheckedRoute

CROSS_ORIGIN_HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
"""Every origin, since the only credential is the token in the address. Browsers send no cookie to such a
response, and let no script read one that was asked for with cookies."""


class CrossOriginRoute(CheckedRoute):
    """A route whose responses, refusals included, scripts of every origin may read.

    It must know its caller by the address alone. GET and forms need no preflight request.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The function that answers a request."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await answer(request)
            except Problem as problem:
                problem.headers = {**(problem.headers or {}), **CROSS_ORIGIN_HEADERS}
                raise
            response.headers.update(CROSS_ORIGIN_HEADERS)
            return response

        return handle
